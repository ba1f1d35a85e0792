#include <fmt/format.h>

#include "apps/strata/command.h"
#include "apps/strata/terminal.h"

namespace strata::app {
namespace {

std::vector<int64_t> list_of(const Dims& dims) { return {dims.begin(), dims.end()}; }

/// One input as the list of its sizes; several as an object of such lists.
nlohmann::ordered_json sizes_of(const std::vector<recipes::Input>& inputs) {
  if (inputs.size() == 1) return list_of(inputs[0].shape);
  nlohmann::ordered_json all;
  for (const auto& input : inputs) all[input.name] = list_of(input.shape);
  return all;
}

std::string described(const std::vector<recipes::Input>& inputs) {
  std::string text;
  for (const auto& i : inputs) {
    text += fmt::format("{}{} {}{}", text.empty() ? "" : ", ", i.name, name_of(i.dtype),
                        to_string(i.shape));
  }
  return text;
}

/// The system by its settings alone, with those that were typed.
recipes::System sketch_of(const std::string& name, const std::vector<std::string>& typed) {
  recipe_of(name);
  recipes::System system = recipes::sketch_system(name);
  if (typed.empty()) return system;
  assign_typed(system.settings, typed);
  system.model = system.recipe->model(system.settings);
  system.model->eval();
  return system;
}

int summary(const std::string& name, const std::vector<std::string>& typed, const Common& common) {
  const DeviceScope meta(kMeta);
  auto system = checked_usage([&] { return sketch_of(name, typed); });
  const auto inputs = system.recipe->inputs(system.settings);
  const nn::Summary s = summarize_system(system);
  if (common.json) {
    auto layers = nlohmann::ordered_json::array();
    for (const auto& l : s.layers) {
      layers.push_back({{"name", l.name},
                        {"type", l.type},
                        {"output", list_of(l.output)},
                        {"parameters", l.parameters},
                        {"macs", l.macs}});
    }
    print_json({{"system", name},
                {"parameters", s.parameters},
                {"trainable", s.trainable},
                {"buffers", s.buffers},
                {"macs", s.macs},
                {"input", sizes_of(inputs)},
                {"layers", layers}});
    return kDone;
  }
  fmt::print("{:<21} {:<14} {:<18} {:>10} {:>13}\n", "layer", "type", "output", "parameters",
             "MACs");
  for (const auto& l : s.layers) {
    const std::string label = std::string(static_cast<size_t>(2 * l.depth), ' ') +
                              (l.name.empty() ? name : l.name.substr(l.name.rfind('.') + 1));
    fmt::print("{:<21} {:<14} {:<18} {:>10} {:>13}\n", label, l.type, to_string(l.output),
               l.parameters ? grouped(l.parameters) : "", l.macs ? grouped(l.macs) : "");
  }
  const std::string sums =
      fmt::format("{} parameters, {} trainable, {} in buffers; {} multiply-accumulates for {}",
                  grouped(s.parameters), grouped(s.trainable), grouped(s.buffers), grouped(s.macs),
                  described(inputs));
  fmt::print("\n{}\n", wrapped(sums));
  return kDone;
}

}  // namespace

nn::Summary summarize_system(recipes::System& system) {
  return nn::summarize(*system.model, [&] {
    TensorMap arrays;
    for (const auto& i : system.recipe->inputs(system.settings)) {
      arrays[i.name] = empty(i.shape, i.dtype, default_device());
    }
    run_arrays(system, arrays);
  });
}

void add_summary(CLI::App& app, Program& program) {
  auto* command = app.add_subcommand("summary", "layers, output shapes, parameters and work");
  command->footer("Example: strata summary gpt2 n_layer=6");
  auto common = std::make_shared<Common>();
  auto system = std::make_shared<std::string>();
  auto typed = std::make_shared<std::vector<std::string>>();
  common->add_to(*command);
  command->add_option("system", *system, "a name from strata list, or a model's folder")
      ->check(not_empty())
      ->required();
  command->add_option("key=value", *typed, "settings of the system")->type_name("");
  command->callback([=, &program] { program.status = summary(*system, *typed, *common); });
}

}  // namespace strata::app
