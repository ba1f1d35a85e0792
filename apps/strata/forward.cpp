#include <filesystem>
#include <system_error>

#include <fmt/format.h>

#include "apps/strata/command.h"
#include "apps/strata/profiling.h"
#include "apps/strata/terminal.h"
#include "strata/io/safetensors.h"
#include "strata/ops/copy.h"
#include "strata/ops/views.h"
#include "strata/tape/grad_mode.h"

namespace strata::app {
namespace {

struct ForwardArguments : Use {
  Common common;
  ProfileOptions profile;
  std::string input, output, layout = "nchw";
};

/// Rank-4 arrays turned from one layout to the other.
TensorMap turned(TensorMap arrays, const Dims& axes) {
  for (auto& [name, array] : arrays) {
    if (array.rank() == 4) array = permute(array, axes);
  }
  return arrays;
}

/// What can be said of the command line before weights are read.
void check_places(const ForwardArguments& a) {
  std::error_code ignored;
  if (std::filesystem::equivalent(a.input, a.output, ignored)) {
    throw UsageError("--output", "is the --input too, which it would replace");
  }
  check_output(a.output, ".safetensors");
  a.profile.check();
}

int forward(const ForwardArguments& a) {
  a.common.apply();
  check_places(a);
  recipes::System system = a.open();
  TensorMap inputs = load_safetensors(a.input);
  for (const auto& input : system.recipe->inputs(system.settings)) {
    const auto array = inputs.find(input.name);
    if (array == inputs.end() || array->second.dtype() == input.dtype) continue;
    say(fmt::format("{}: {} is taken as {}", input.name, name_of(array->second.dtype()),
                    name_of(input.dtype)));
    array->second = cast(array->second, input.dtype);
  }
  const bool nchw = a.layout == "nchw";
  const NoGrad no_grad;
  if (nchw) inputs = turned(std::move(inputs), {0, 2, 3, 1});
  ProfileRun profile(a.profile, system.model.get());
  TensorMap outputs = run_arrays(system, inputs);
  profile.finish("trace.json");
  if (nchw) outputs = turned(std::move(outputs), {0, 3, 1, 2});
  save_safetensors(a.output, outputs);
  nlohmann::ordered_json json = {{"system", a.system}, {"output", a.output}};
  for (const auto& [name, array] : outputs) {
    json[name] = std::vector<int64_t>(array.shape().begin(), array.shape().end());
    if (!a.common.json) fmt::print("{} {} written to {}\n", name, describe(array), a.output);
  }
  if (a.common.json) print_json(json);
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
  a->profile.add_to(*command, "trace.json");
  a->add_use_to(*command);
  command->add_option("--input", a->input, "safetensors with the inputs (see strata info)")
      ->check(not_empty())
      ->required();
  command->add_option("--output", a->output, "safetensors to write the outputs to")
      ->check(not_empty())
      ->required();
  command->add_option("--layout", a->layout, "of rank-4 inputs and outputs: nchw or nhwc")
      ->check(CLI::IsMember({"nchw", "nhwc"}))
      ->capture_default_str();
  command->callback([=, &program] { program.status = forward(*a); });
}

}  // namespace strata::app
