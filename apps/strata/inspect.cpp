#include "strata/io/inspect.h"

#include <fmt/format.h>

#include "apps/strata/command.h"
#include "apps/strata/terminal.h"

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

int inspect(const std::string& path, const Common& common) {
  const FileReport report = inspect_file(path);
  if (common.json) {
    print_json(to_json(report));
    return kDone;
  }
  fmt::print("{}: {}, {} bytes, {} tensors\n", path, report.format, grouped(report.bytes),
             report.tensors.size());
  for (const auto& [key, value] : report.metadata) {
    const bool cut = value.size() > kShownValue;
    fmt::print("  {} = {}{}\n", key, value.substr(0, kShownValue), cut ? "..." : "");
  }
  int64_t values = 0;
  for (const auto& t : report.tensors) {
    values += numel(t.shape);
    fmt::print("  {:<36} {:<5} {:<18} {:>12}\n", t.name, t.dtype, to_string(t.shape),
               grouped(t.bytes));
  }
  fmt::print("{} values; the file is sound\n", grouped(values));
  for (const std::string& remark : report.remarks) fmt::print("note: {}\n", remark);
  return kDone;
}

}  // namespace

void add_inspect(CLI::App& app, Program& program) {
  auto* command = app.add_subcommand("inspect", "what a file holds, and whether it is sound");
  command->footer("Example: strata inspect runs/lenet5/model.safetensors");
  auto common = std::make_shared<Common>();
  auto path = std::make_shared<std::string>();
  common->add_to(*command);
  command->add_option("file", *path, "weights, arrays or a picture; or a model's folder")
      ->required();
  command->callback([=, &program] { program.status = inspect(*path, *common); });
}

}  // namespace strata::app
