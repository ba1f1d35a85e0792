#include <fmt/format.h>

#include "apps/strata/command.h"
#include "apps/strata/terminal.h"
#include "strata/tensor/default_device.h"

namespace strata::app {

using recipes::Recipe;

namespace {

int64_t parameters_of(const Recipe& recipe) {
  const DeviceScope meta(kMeta);
  return recipe.model()->parameter_count();
}

nlohmann::ordered_json describe_recipe(const Recipe& r) {
  return {{"name", r.name},        {"title", r.title}, {"family", r.family},
          {"year", r.year},        {"paper", r.paper}, {"parameters", parameters_of(r)},
          {"expected", r.expected}};
}

int list(const Common& common) {
  if (common.json) {
    auto all = nlohmann::ordered_json::array();
    for (const Recipe& r : recipes::all_recipes()) all.push_back(describe_recipe(r));
    print_json(all);
    return kDone;
  }
  fmt::print("{:<12} {:<10} {:>5} {:>12}  {}\n", "system", "family", "year", "parameters", "what");
  for (const Recipe& r : recipes::all_recipes()) {
    fmt::print("{:<12} {:<10} {:>5} {:>12}  {}\n", r.name, r.family, r.year,
               grouped(parameters_of(r)), r.title);
  }
  fmt::print("\nstrata info NAME tells more, strata train NAME trains one.\n");
  return kDone;
}

int info(const std::string& name, const Common& common) {
  const Recipe& r = checked_usage([&]() -> const Recipe& { return recipes::find_recipe(name); });
  const recipes::Settings settings = r.settings();
  if (common.json) {
    auto json = describe_recipe(r);
    json["summary"] = r.summary;
    json["data"] = r.data;
    json["epochs"] = r.epochs;
    json["input"] = std::vector<int64_t>(r.input.begin(), r.input.end());
    for (const auto& e : settings.fields().list()) {
      json["settings"].push_back({{"key", e.name}, {"default", e.value}, {"help", e.help}});
    }
    print_json(json);
    return kDone;
  }
  fmt::print("{} ({})\n\n{}\n\n", r.title, r.year, r.summary);
  fmt::print("  paper       {}\n  parameters  {}\n  input       f32{}\n  data        {}\n", r.paper,
             grouped(parameters_of(r)), to_string(r.input), r.data);
  fmt::print("  metric      {}\n  expected    {}\n  epochs      {}\n\n", r.metric, r.expected,
             r.epochs);
  fmt::print("Settings, as key=value behind the name:\n");
  for (const auto& e : settings.fields().list()) {
    fmt::print("  {:<12} {:<10} {}\n", e.name, e.value, e.help);
  }
  fmt::print("\nExample: strata train {}\n", r.name);
  return kDone;
}

}  // namespace

void add_list(CLI::App& app, Program& program) {
  auto* command = app.add_subcommand("list", "the systems Strata holds");
  command->footer("Example: strata list");
  auto common = std::make_shared<Common>();
  common->add_to(*command);
  command->callback([=, &program] { program.status = list(*common); });
}

void add_info(CLI::App& app, Program& program) {
  auto* command =
      app.add_subcommand("info", "what a system is, and every setting with its default");
  command->footer("Example: strata info lenet5");
  auto common = std::make_shared<Common>();
  auto name = std::make_shared<std::string>();
  common->add_to(*command);
  command->add_option("system", *name, "a name from strata list")->required();
  command->callback([=, &program] { program.status = info(*name, *common); });
}

}  // namespace strata::app
