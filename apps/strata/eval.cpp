#include <optional>

#include <fmt/format.h>

#include "apps/strata/command.h"
#include "apps/strata/terminal.h"
#include "strata/base/timer.h"
#include "strata/tape/grad_mode.h"

namespace strata::app {
namespace {

struct EvalArguments : Use {
  Common common;
  std::string data;
};

/// The metric, with a word on how far it is; nothing after Ctrl-C.
std::optional<train::Metric> measure(train::Training& training) {
  const NoGrad no_grad;
  const StopsItself clears_its_line;
  StatusLine line;
  training.watch_judging([&](const train::Judging& j) {
    line.show(fmt::format("{} of {} {}", grouped(j.done), grouped(j.all), j.what));
    return !interrupted();
  });
  try {
    return training.evaluate();
  } catch (const Cancelled&) {
    return std::nullopt;
  }
}

int evaluate(const EvalArguments& a) {
  a.common.apply();
  const recipes::Recipe& recipe = a.recipe();
  if (!recipe.training) throw UsageError(a.system, "has no data set that it is measured on");
  if (!a.data.empty() && recipe.data.empty()) {
    throw UsageError("--data", a.system + " makes its own data and takes no other");
  }
  recipes::System system = a.open();
  const auto training = recipe.training(*system.model, system.settings, {.data = a.data});
  system.model->eval();
  const Timer timer;
  const std::optional<train::Metric> measured = measure(*training);
  if (!measured) return kInterrupted;
  const train::Metric& metric = *measured;
  const double seconds = timer.seconds();
  if (a.common.json) {
    print_json({{"system", a.system},
                {"metric", {{"name", metric.name}, {"value", metric.value}}},
                {"details", metric.details},
                {"samples", metric.samples},
                {"seconds", seconds}});
  } else {
    fmt::print("{} {:.4f} on {} samples in {}\n", metric.name, metric.value,
               grouped(metric.samples), duration(seconds));
    for (const auto& [name, value] : metric.details) fmt::print("{} {:.4f}\n", name, value);
  }
  return kDone;
}

}  // namespace

void add_eval(CLI::App& app, Program& program) {
  auto* command = app.add_subcommand("eval", "measure trained weights on data they have not seen");
  command->footer("Example: strata eval lenet5 --weights runs/lenet5 --data mnist/");
  auto a = std::make_shared<EvalArguments>();
  a->common.add_to(*command);
  a->add_use_to(*command);
  command->add_option("--data", a->data, "folder of the data (default: a generated set)")
      ->check(not_empty());
  command->callback([=, &program] { program.status = evaluate(*a); });
}

}  // namespace strata::app
