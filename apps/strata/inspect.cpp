#include "strata/io/inspect.h"

#include <filesystem>
#include <optional>

#include <fmt/format.h>

#include "apps/strata/command.h"
#include "apps/strata/terminal.h"
#include "recipes/shared/hub_folder.h"
#include "strata/io/weights.h"
#include "strata/text/inspect_tokenizer.h"
#include "strata/text/utf8.h"

namespace strata::app {
namespace {

constexpr size_t kShownValue = 60;  // letters of a metadata entry

nlohmann::ordered_json to_json(const FileReport& report) {
  auto tensors = nlohmann::ordered_json::array();
  for (const auto& t : report.tensors) {
    tensors.push_back({{"name", t.name},
                       {"dtype", t.dtype},
                       {"shape", std::vector<int64_t>(t.shape.begin(), t.shape.end())},
                       {"bytes", t.bytes}});
  }
  nlohmann::ordered_json metadata = nlohmann::ordered_json::object();
  for (const auto& [key, value] : report.metadata) metadata[key] = value;
  return {{"path", report.path}, {"format", report.format}, {"bytes", report.bytes},
          {"tensors", tensors},  {"metadata", metadata},    {"remarks", report.remarks}};
}

nlohmann::ordered_json to_json(const TokenizerReport& report) {
  nlohmann::ordered_json special = nlohmann::ordered_json::object();
  for (const auto& [token, id] : report.special) special[token] = id;
  nlohmann::ordered_json json = {{"path", report.path},      {"format", report.kind},
                                 {"tokens", report.tokens},  {"size", report.size},
                                 {"merges", report.merges},  {"special", special},
                                 {"remarks", report.remarks}};
  if (!report.fault.empty()) json["fault"] = report.fault;
  return json;
}

/// The first letters of a metadata entry.
std::string beginning(std::string_view value) {
  std::string_view rest = value;
  for (size_t n = 0; n < kShownValue && !rest.empty(); ++n) {
    rest.remove_prefix(first_character(rest).length);
  }
  value.remove_suffix(rest.size());
  return printable(value) + (rest.empty() ? "" : "...");
}

void show(const FileReport& report) {
  fmt::print("{}: {}, {} bytes, {} tensors\n", printable(report.path), report.format,
             grouped(report.bytes), report.tensors.size());
  for (const auto& [key, value] : report.metadata) {
    fmt::print("  {} = {}\n", printable(key), beginning(value));
  }
  int64_t values = 0;
  for (const auto& t : report.tensors) {
    values += numel(t.shape);
    fmt::print("  {:<36} {:<5} {:<18} {:>12}\n", printable(t.name), printable(t.dtype),
               to_string(t.shape), grouped(t.bytes));
  }
  fmt::print("{} values; the file is sound\n", grouped(values));
  for (const std::string& remark : report.remarks) fmt::print("note: {}\n", printable(remark));
}

void show(const TokenizerReport& report) {
  fmt::print("{}: {}, {} tokens, numbers below {}", printable(report.path), report.kind,
             grouped(report.tokens), grouped(report.size));
  if (report.merges > 0) fmt::print(", {} merges", grouped(report.merges));
  fmt::print("\n");
  for (const auto& [token, id] : report.special) {
    fmt::print("  {:<20} {:>8}\n", printable(token), id);
  }
  for (const std::string& remark : report.remarks) fmt::print("note: {}\n", printable(remark));
  if (report.fault.empty()) fmt::print("the tokenizer can be used\n");
}

/// What is found of one path; a model's folder may hold all of it.
struct Findings {
  std::optional<FileReport> weights;
  std::optional<TokenizerReport> tokenizer;
  std::string family;                   // of the network that config.json describes
  std::vector<std::string> mismatches;  // between it and the weights
};

/// Compares the weights' names and shapes with the network that config.json describes.
void judge_network(const std::string& folder, Findings& found) {
  TensorMap shapes;
  for (const auto& t : found.weights->tensors) shapes[t.name] = empty(t.shape, DType::f32, kMeta);
  try {
    found.family = recipes::find_hub_family(folder, recipes::read_hub_config(folder)).title;
    found.mismatches = nn::lines_of(recipes::compare_system(folder, std::move(shapes)));
  } catch (const ValueError& e) {
    found.mismatches = {e.what()};
  }
}

Findings find(const std::string& path) {
  Findings found;
  if (!std::filesystem::is_directory(path)) {
    if (is_tokenizer_file(path)) {
      found.tokenizer = inspect_tokenizer(path);
    } else {
      found.weights = inspect_file(path);
    }
    return found;
  }
  if (has_tokenizer(path)) found.tokenizer = inspect_tokenizer(path);
  const std::string weights = find_weights(recipes::network_folder(path));
  // Without either the error of a folder without weights is the right one.
  if (weights.empty() && found.tokenizer) return found;
  found.weights = inspect_file(weights.empty() ? path : weights);
  if (recipes::is_hub_folder(path)) judge_network(path, found);
  return found;
}

nlohmann::ordered_json to_json(const Findings& found) {
  if (!found.weights) return to_json(*found.tokenizer);
  nlohmann::ordered_json json = to_json(*found.weights);
  if (!found.family.empty()) json["network"] = found.family;
  if (!found.family.empty() || !found.mismatches.empty()) json["mismatches"] = found.mismatches;
  if (found.tokenizer) json["tokenizer"] = to_json(*found.tokenizer);
  return json;
}

int inspect(const std::string& path, const Common& common) {
  const Findings found = find(path);
  if (common.json) {
    print_json(to_json(found));
  } else {
    if (found.weights) show(*found.weights);
    if (found.tokenizer) show(*found.tokenizer);
    if (!found.family.empty() && found.mismatches.empty()) {
      fmt::print("the weights fit config.json: {}\n", found.family);
    }
  }
  for (const std::string& line : found.mismatches) {
    say("strata: the weights do not fit: " + printable(line));
  }
  const bool usable = !found.tokenizer || found.tokenizer->fault.empty();
  if (!usable) {
    say("strata: the tokenizer cannot be used: " + printable(found.tokenizer->fault));
  }
  return usable && found.mismatches.empty() ? kDone : kFailed;
}

}  // namespace

void add_inspect(CLI::App& app, Program& program) {
  auto* command = app.add_subcommand("inspect", "what a file holds, and whether it is sound");
  command->footer("Example: strata inspect runs/lenet5/model.safetensors");
  auto common = std::make_shared<Common>();
  auto path = std::make_shared<std::string>();
  common->add_to(*command);
  command->add_option("file", *path, "weights, arrays, a picture, a tokenizer, a folder")
      ->check(not_empty())
      ->required();
  command->callback([=, &program] { program.status = inspect(*path, *common); });
}

}  // namespace strata::app
