#include <algorithm>
#include <array>

#include <fmt/format.h>

#include "apps/strata/command.h"
#include "apps/strata/terminal.h"
#include "strata/tensor/default_device.h"

namespace strata::app {

using recipes::Recipe;

namespace {

int64_t parameters_of(const Recipe& recipe) {
  const DeviceScope meta(kMeta);
  return recipe.model(recipe.settings())->parameter_count();
}

nlohmann::ordered_json describe_recipe(const Recipe& r) {
  return {{"name", r.name},        {"title", r.title}, {"family", r.family},
          {"year", r.year},        {"paper", r.paper}, {"parameters", parameters_of(r)},
          {"expected", r.expected}};
}

/// The commands that a system takes.
std::vector<std::string> abilities(const Recipe& r) {
  std::vector<std::string> out;
  const auto add = [&](const char* command, bool able) {
    if (able) out.push_back(command);
  };
  add("train", static_cast<bool>(r.training));
  add("eval", static_cast<bool>(r.training));
  add("predict", static_cast<bool>(r.predict));
  add("generate", static_cast<bool>(r.generate));
  add("sample", static_cast<bool>(r.sample));
  add("fill-mask", static_cast<bool>(r.fill_mask));
  add("embed", static_cast<bool>(r.embed));
  add("summary", true);
  add("forward", true);
  return out;
}

int list(const Common& common) {
  if (common.json) {
    auto all = nlohmann::ordered_json::array();
    for (const Recipe& r : recipes::all_recipes()) all.push_back(describe_recipe(r));
    print_json(all);
    return kDone;
  }
  std::vector<std::array<std::string, 5>> rows = {
      {"system", "family", "year", "parameters", "what"}};
  for (const Recipe& r : recipes::all_recipes()) {
    rows.push_back({r.name, r.family, std::to_string(r.year), grouped(parameters_of(r)), r.title});
  }
  std::array<size_t, 4> widths = {};
  for (const auto& row : rows) {
    for (size_t i = 0; i < widths.size(); ++i) widths[i] = std::max(widths[i], row[i].size());
  }
  for (const auto& [name, family, year, parameters, title] : rows) {
    const std::string before = fmt::format("{:<{}} {:<{}} {:>{}} {:>{}} ", name, widths[0], family,
                                           widths[1], year, widths[2], parameters, widths[3]);
    fmt::print("{}\n", wrapped(before + " " + title, static_cast<int>(before.size()) + 1));
  }
  fmt::print("\nstrata info NAME tells more, strata train NAME trains one.\n");
  return kDone;
}

/// A setting's value in one line; what has spaces or line breaks stands in quotes, and is cut.
std::string shown_value(const std::string& value) {
  if (value.find_first_of(" \n") == std::string::npos) return value;
  constexpr size_t kMost = 24;
  std::string out;
  size_t at = 0;
  for (; at < value.size() && out.size() < kMost; ++at) {
    out += value[at] == '\n' ? "\\n" : std::string(1, value[at]);
  }
  return fmt::format("\"{}\"{}", out, at < value.size() ? "..." : "");
}

/// Command lines that use a system, with what each needs.
std::vector<std::string> examples_of(const Recipe& r) {
  std::vector<std::string> out;
  const auto add = [&](const std::string& command, const std::string& more, bool able) {
    if (able) out.push_back(fmt::format("strata {} {}{}", command, r.name, more));
  };
  const auto weights = [&](const char* otherwise) {
    return " --weights " + (r.training ? "runs/" + r.name : otherwise);
  };
  add("train", "", static_cast<bool>(r.training));
  add("predict", weights("FILE") + " PICTURE.png", static_cast<bool>(r.predict));
  add("generate", weights("FOLDER") + " \"TEXT\"", static_cast<bool>(r.generate));
  add("sample", weights("FOLDER"), static_cast<bool>(r.sample));
  add("fill-mask", weights("FOLDER") + " \"Paris is the [MASK].\"", static_cast<bool>(r.fill_mask));
  add("embed", weights("FOLDER") + " \"TEXT\"", static_cast<bool>(r.embed));
  add("summary", "", out.empty());
  return out;
}

int info(const std::string& name, const Common& common) {
  const Recipe& r = checked_usage([&]() -> const Recipe& { return recipes::find_recipe(name); });
  const recipes::Settings settings = r.settings();
  if (common.json) {
    auto json = describe_recipe(r);
    json["summary"] = r.summary;
    json["data"] = r.data;
    json["epochs"] = r.epochs;
    json["steps"] = r.steps;
    json["abilities"] = abilities(r);
    for (const auto& i : r.inputs(settings)) {
      json["inputs"].push_back({{"name", i.name},
                                {"dtype", name_of(i.dtype)},
                                {"shape", std::vector<int64_t>(i.shape.begin(), i.shape.end())}});
    }
    for (const auto& e : settings.fields().list()) {
      json["settings"].push_back({{"key", e.name}, {"default", e.value}, {"help", e.help}});
    }
    print_json(json);
    return kDone;
  }
  const auto print = [](const std::string& name, const std::string& text) {
    fmt::print("{}\n", wrapped(fmt::format("  {:<11} {}", name, text), 14));
  };
  fmt::print("{} ({})\n\n{}\n\n", r.title, r.year, wrapped(r.summary));
  print("paper", r.paper);
  print("parameters", grouped(parameters_of(r)));
  for (const auto& i : r.inputs(settings)) {
    print("input", fmt::format("{} {}{}", i.name, name_of(i.dtype), to_string(i.shape)));
  }
  if (r.training) {
    print("data", r.data.empty() ? "its own, made by rule" : r.data);
    print("metric", r.metric);
    print("expected", r.expected);
    print(r.steps ? "steps" : "epochs", std::to_string(r.steps ? r.steps : r.epochs));
  }
  print("does", fmt::format("{}", fmt::join(abilities(r), ", ")));
  fmt::print("\nSettings, as key=value behind the name:\n");
  for (const auto& e : settings.fields().list()) {
    fmt::print(
        "{}\n",
        wrapped(fmt::format("  {:<12} {:<10} {}", e.name, shown_value(e.value), e.help), 26));
  }
  const std::vector<std::string> examples = examples_of(r);
  fmt::print("\nExample{}:\n  {}\n", examples.size() == 1 ? "" : "s", fmt::join(examples, "\n  "));
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
  auto* command = app.add_subcommand("info", "what a system is, every setting with its default");
  command->footer("Example: strata info lenet5");
  auto common = std::make_shared<Common>();
  auto name = std::make_shared<std::string>();
  common->add_to(*command);
  command->add_option("system", *name, "a name from strata list")->required();
  command->callback([=, &program] { program.status = info(*name, *common); });
}

}  // namespace strata::app
