#include "strata/nn/summary.h"

#include <fmt/format.h>

#include "apps/strata/command.h"
#include "apps/strata/terminal.h"

namespace strata::app {
namespace {

std::vector<int64_t> list_of(const Dims& dims) { return {dims.begin(), dims.end()}; }

int summary(const std::string& system, const Common& common) {
  const auto& recipe =
      checked_usage([&]() -> const recipes::Recipe& { return recipes::find_recipe(system); });
  const DeviceScope meta(kMeta);
  const auto model = recipe.model();
  model->eval();
  const nn::Summary s = nn::summarize(*model, recipe.input);
  if (common.json) {
    auto layers = nlohmann::ordered_json::array();
    for (const auto& l : s.layers) {
      layers.push_back({{"name", l.name},
                        {"type", l.type},
                        {"output", list_of(l.output)},
                        {"parameters", l.parameters},
                        {"macs", l.macs}});
    }
    print_json({{"system", system},
                {"parameters", s.parameters},
                {"trainable", s.trainable},
                {"buffers", s.buffers},
                {"macs", s.macs},
                {"input", list_of(recipe.input)},
                {"layers", layers}});
    return kDone;
  }
  fmt::print("{:<24} {:<14} {:<18} {:>10} {:>12}\n", "layer", "type", "output", "parameters",
             "MACs");
  for (const auto& l : s.layers) {
    const std::string name = std::string(static_cast<size_t>(2 * l.depth), ' ') +
                             (l.name.empty() ? system : l.name.substr(l.name.rfind('.') + 1));
    fmt::print("{:<24} {:<14} {:<18} {:>10} {:>12}\n", name, l.type, to_string(l.output),
               l.parameters ? grouped(l.parameters) : "", l.macs ? grouped(l.macs) : "");
  }
  fmt::print("\n{} parameters, {} trainable, {} in buffers; {} multiply-accumulates for f32{}\n",
             grouped(s.parameters), grouped(s.trainable), grouped(s.buffers), grouped(s.macs),
             to_string(recipe.input));
  return kDone;
}

}  // namespace

void add_summary(CLI::App& app, Program& program) {
  auto* command = app.add_subcommand("summary", "layers, output shapes, parameters and work");
  command->footer("Example: strata summary lenet5");
  auto common = std::make_shared<Common>();
  auto system = std::make_shared<std::string>();
  common->add_to(*command);
  command->add_option("system", *system, "a name from strata list")->required();
  command->callback([=, &program] { program.status = summary(*system, *common); });
}

}  // namespace strata::app
