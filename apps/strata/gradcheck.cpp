#include "strata/autograd/gradcheck.h"

#include <algorithm>
#include <set>

#include <fmt/format.h>

#include "apps/strata/command.h"
#include "apps/strata/terminal.h"
#include "strata/opcases/op_case.h"

namespace strata::app {
namespace {

using opcases::OpCase;

constexpr double kMostError = 1e-6;

/// "sum" of "sum/axis0".
std::string op_of(const OpCase& c) { return c.name.substr(0, c.name.find('/')); }

struct Outcome {
  double error = 0;
  std::string failure;  ///< empty: passed
};

Outcome check(const OpCase& c) {
  std::vector<Tensor> inputs = opcases::make_inputs(c, DType::f64);
  for (size_t i = 0; i < inputs.size(); ++i) {
    if (c.inputs[i].grad && !c.inputs[i].integer) inputs[i].set_requires_grad();
  }
  Outcome out;
  for (int order = 1; order <= 2; ++order) {
    try {
      const GradCheckResult r = gradcheck(c.run, inputs, order);
      if (order == 2 && !c.second_order) out.failure = "second order should be refused";
      out.error = std::max(out.error, r.error);
      if (!(r.error <= kMostError)) out.failure = fmt::format("order {}: {}", order, r.where);
    } catch (const GradError& e) {
      if (order == 1 || c.second_order) out.failure = e.what();
    }
  }
  return out;
}

std::vector<const OpCase*> chosen_cases(const std::vector<std::string>& names) {
  std::vector<const OpCase*> cases;
  std::vector<std::string> known;
  for (const OpCase& c : opcases::all_op_cases()) {
    known.push_back(op_of(c));
    const bool wanted = std::find(names.begin(), names.end(), op_of(c)) != names.end();
    if (c.differentiable && (names.empty() || wanted)) cases.push_back(&c);
  }
  for (const std::string& name : names) {
    if (std::find(known.begin(), known.end(), name) != known.end()) continue;
    const std::string near = nearest_name(name, known);
    throw UsageError(name, "there is no such op", near.empty() ? "" : "did you mean " + near + "?");
  }
  return cases;
}

int gradcheck_ops(const std::vector<std::string>& names, const Common& common) {
  common.apply();
  std::set<std::string> ops;
  auto failed = nlohmann::ordered_json::array();
  std::string worst_op;
  double worst = 0;
  StatusLine status;
  const auto cases = chosen_cases(names);
  for (const OpCase* c : cases) {
    status.show("checking " + c->name);
    ops.insert(op_of(*c));
    const Outcome outcome = check(*c);
    if (outcome.error >= worst) {
      worst = outcome.error;
      worst_op = c->name;
    }
    if (outcome.failure.empty()) continue;
    failed.push_back(c->name);
    status.clear();
    say(fmt::format("{} {}", c->name, outcome.failure));
  }
  status.clear();
  if (common.json) {
    print_json({{"ops", ops.size()},
                {"cases", cases.size()},
                {"failed", failed},
                {"worst", {{"op", worst_op}, {"relative_error", worst}}}});
  } else {
    fmt::print("{}, {}, {} failed; largest difference {:.1e} ({})\n",
               counted(static_cast<int64_t>(ops.size()), "op"),
               counted(static_cast<int64_t>(cases.size()), "case"), failed.size(), worst, worst_op);
  }
  return failed.empty() ? kDone : kFailed;
}

}  // namespace

void add_gradcheck(CLI::App& app, Program& program) {
  auto* command =
      app.add_subcommand("gradcheck", "check ops' gradients, of first and second order");
  command->footer("Example: strata gradcheck conv2d matmul");
  auto common = std::make_shared<Common>();
  auto names = std::make_shared<std::vector<std::string>>();
  common->add_to(*command);
  command->add_option("ops", *names, "ops to check (default: all)");
  command->callback([=, &program] { program.status = gradcheck_ops(*names, *common); });
}

}  // namespace strata::app
