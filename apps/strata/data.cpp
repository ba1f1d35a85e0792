#include <filesystem>
#include <system_error>

#include <fmt/format.h>

#include "apps/strata/command.h"
#include "apps/strata/download.h"
#include "apps/strata/terminal.h"
#include "strata/data/catalogue/data_set.h"

namespace strata::app {
namespace {

struct DataArguments {
  Common common;
  std::string name, folder;
  bool get = false;
};

int list_data_sets(const Common& common) {
  auto all = nlohmann::ordered_json::array();
  for (const DataSetInfo& d : catalogue::all_data_sets()) {
    if (common.json) {
      all.push_back({{"name", d.name},
                     {"title", d.title},
                     {"what", d.what},
                     {"generated", d.files.empty()},
                     {"source", d.source},
                     {"licence", d.licence},
                     {"instead", d.instead}});
    } else {
      const std::string line =
          fmt::format("{:<16} {:<9} {}", d.name, d.files.empty() ? "generated" : "files", d.what);
      fmt::print("{}\n", wrapped(line, 27));
    }
  }
  if (common.json) {
    print_json(all);
  } else {
    fmt::print(
        "\nstrata data NAME tells what files it needs, strata data NAME FOLDER checks them,\n"
        "with --get it fetches those that are missing.\n");
  }
  return kDone;
}

int describe_data_set(const DataSetInfo& d, const Common& common) {
  if (common.json) {
    auto files = nlohmann::ordered_json::array();
    for (const DataFile& f : d.files) files.push_back({{"name", f.name}, {"bytes", f.bytes}});
    print_json({{"name", d.name}, {"what", d.what}, {"source", d.source}, {"files", files}});
    return kDone;
  }
  fmt::print("{}\n", wrapped(d.title + ": " + d.what));
  for (const DataFile& f : d.files) {
    fmt::print("  {:<28} {:>12} bytes  {}\n", f.name, grouped(f.bytes), f.what);
  }
  fmt::print("{}\n", wrapped("published at " + d.source, 13));
  if (!d.licence.empty()) fmt::print("licence: {}\n", d.licence);
  if (!d.instead.empty()) {
    const std::string how = fmt::format(
        "strata data {} FOLDER --get fetches them. Without them, generated {} stand in.", d.name,
        d.instead);
    fmt::print("{}\n", wrapped(how));
  }
  return kDone;
}

int verify_data_set(const DataSetInfo& d, const DataArguments& a) {
  bool good = true;
  auto files = nlohmann::ordered_json::array();
  for (const auto& v : checked_usage([&] { return catalogue::verify(d, a.folder); })) {
    good = good && v.good;
    if (a.common.json) {
      files.push_back({{"name", v.name}, {"good", v.good}, {"message", v.message}});
    } else {
      fmt::print("{}  {:<28} {}\n", v.good ? "good" : "BAD ", v.name, v.message);
    }
  }
  if (a.common.json) print_json({{"name", d.name}, {"good", good}, {"files", files}});
  return good ? kDone : kFailed;
}

/// Fetches those files that are missing or damaged.
void get_data_set(const DataSetInfo& d, const std::string& folder) {
  const auto verdicts = checked_usage([&] { return catalogue::verify(d, folder); });
  for (size_t i = 0; i < d.files.size(); ++i) {
    const DataFile& file = d.files[i];
    if (verdicts[i].good) continue;
    std::error_code error;
    std::filesystem::create_directories(folder, error);
    if (error) throw IoError(folder, "cannot make the folder: " + error.message());
    const bool packed = file.url.ends_with(".gz");
    const auto path = std::filesystem::path(folder) / (file.name + (packed ? ".gz" : ""));
    say("getting " + file.url);
    try {
      download(file.url, path.string(),
               [&](const std::string& part) { catalogue::check_file(part, file, true); });
    } catch (const IoError& e) {
      throw IoError(d.name, fmt::format("{}; without --data, training takes generated {}", e.what(),
                                        d.instead));
    }
  }
}

int data(const DataArguments& a) {
  if (a.get && a.folder.empty()) {
    throw UsageError("--get", "needs to know where to", "strata data NAME FOLDER --get");
  }
  if (a.name.empty()) return list_data_sets(a.common);
  const DataSetInfo& info =
      checked_usage([&]() -> const DataSetInfo& { return catalogue::find_data_set(a.name); });
  std::error_code ignored;
  if (std::filesystem::is_regular_file(a.folder, ignored)) {
    throw UsageError(a.folder, "is no folder but a file");
  }
  if (a.get) get_data_set(info, a.folder);
  return a.folder.empty() ? describe_data_set(info, a.common) : verify_data_set(info, a);
}

}  // namespace

void add_data(CLI::App& app, Program& program) {
  auto* command = app.add_subcommand("data", "the data sets: what they are; gets and checks them");
  command->footer(
      "Example: strata data mnist mnist/ --get\n"
      "Files come by curl, over https, and are checked before they take their place.");
  auto a = std::make_shared<DataArguments>();
  a->common.add_to(*command);
  command->add_option("name", a->name, "a data set (default: list them)");
  command->add_option("folder", a->folder, "where its files are, to be checked")
      ->check(not_empty());
  command->add_flag("--get", a->get, "fetch files that are missing or damaged");
  command->callback([=, &program] { program.status = data(*a); });
}

}  // namespace strata::app
