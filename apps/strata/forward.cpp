#include <fmt/format.h>

#include "apps/strata/command.h"
#include "apps/strata/terminal.h"
#include "strata/io/safetensors.h"
#include "strata/ops/views.h"
#include "strata/tape/grad_mode.h"
#include "strata/train/checkpoint.h"

namespace strata::app {
namespace {

struct ForwardArguments {
  Common common;
  std::string system, weights, input, output, layout = "nchw";
};

int forward(const ForwardArguments& a) {
  a.common.apply();
  const auto& recipe =
      checked_usage([&]() -> const recipes::Recipe& { return recipes::find_recipe(a.system); });
  const auto model = recipe.model();
  train::load_weights(a.weights, *model);
  model->eval();
  const TensorMap inputs = load_safetensors(a.input);
  const auto x = inputs.find("x");
  if (x == inputs.end()) {
    throw FormatError(a.input, "has no tensor named x",
                      fmt::format("{} takes one input, x", a.system));
  }
  const bool nchw = a.layout == "nchw";
  const NoGrad no_grad;
  Tensor input = x->second;
  if (nchw && input.rank() == 4) input = permute(input, {0, 2, 3, 1});
  Tensor logits = (*model)(input);
  if (nchw && logits.rank() == 4) logits = permute(logits, {0, 3, 1, 2});
  save_safetensors(a.output, {{"logits", logits}});
  const Shape& shape = logits.shape();
  if (a.common.json) {
    print_json({{"system", a.system},
                {"output", a.output},
                {"logits", std::vector<int64_t>(shape.begin(), shape.end())}});
  } else {
    fmt::print("logits {} written to {}\n", describe(logits), a.output);
  }
  return kDone;
}

}  // namespace

void add_forward(CLI::App& app, Program& program) {
  auto* command = app.add_subcommand("forward", "run a network on arrays from a file");
  command->footer(
      "Example: strata forward lenet5 --weights runs/lenet5 \\\n"
      "             --input in.safetensors --output out.safetensors");
  auto a = std::make_shared<ForwardArguments>();
  a->common.add_to(*command);
  command->add_option("system", a->system, "a name from strata list")->required();
  command->add_option("--weights", a->weights, "a run's folder or a safetensors file")->required();
  command->add_option("--input", a->input, "safetensors with the input x")->required();
  command->add_option("--output", a->output, "safetensors to write: logits")->required();
  command->add_option("--layout", a->layout, "of rank-4 inputs and outputs: nchw or nhwc")
      ->check(CLI::IsMember({"nchw", "nhwc"}))
      ->capture_default_str();
  command->callback([=, &program] { program.status = forward(*a); });
}

}  // namespace strata::app
