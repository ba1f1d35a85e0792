#include <fmt/format.h>

#include "apps/strata/command.h"
#include "apps/strata/terminal.h"
#include "strata/data/catalogue/data_set.h"

namespace strata::app {
namespace {

struct DataArguments {
  Common common;
  std::string name, folder;
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
      fmt::print("{:<14} {:<10} {}\n", d.name, d.files.empty() ? "generated" : "files", d.what);
    }
  }
  if (common.json) {
    print_json(all);
  } else {
    fmt::print(
        "\nstrata data NAME tells what files it needs, strata data NAME FOLDER checks them.\n");
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
  fmt::print("{}: {}\n", d.title, d.what);
  for (const DataFile& f : d.files) {
    fmt::print("  {:<28} {:>12} bytes  {}\n", f.name, grouped(f.bytes), f.what);
  }
  if (!d.source.empty()) fmt::print("published at {}; licence: {}\n", d.source, d.licence);
  if (!d.instead.empty()) {
    fmt::print(
        "Strata downloads nothing yet: put the files into a folder. Without them, {} stands "
        "in.\n",
        d.instead);
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

int data(const DataArguments& a) {
  if (a.name.empty()) return list_data_sets(a.common);
  const DataSetInfo& info =
      checked_usage([&]() -> const DataSetInfo& { return catalogue::find_data_set(a.name); });
  return a.folder.empty() ? describe_data_set(info, a.common) : verify_data_set(info, a);
}

}  // namespace

void add_data(CLI::App& app, Program& program) {
  auto* command =
      app.add_subcommand("data", "the data sets: what they are, whether files are good");
  command->footer("Example: strata data mnist mnist/");
  auto a = std::make_shared<DataArguments>();
  a->common.add_to(*command);
  command->add_option("name", a->name, "a data set (default: list them)");
  command->add_option("folder", a->folder, "where its files are, to be checked");
  command->callback([=, &program] { program.status = data(*a); });
}

}  // namespace strata::app
