#include <array>
#include <fstream>
#include <iterator>

#include "tools/check/check.h"

namespace strata::check {
namespace {

/// An enumerated folder; the same words as in CMakeLists.txt.
struct Table {
  std::string_view folder;
  std::string_view suffix;
  std::string_view generated;
  std::string_view own;  // the folder's file that is no entry
};

constexpr std::array<Table, 2> kTables = {{
    {"strata/opcases/", "_cases", "all_op_cases.cpp", "op_case"},
    {"recipes/", "", "all_recipes.cpp", "recipe"},
}};

}  // namespace

Findings check_tables(const std::vector<Source>& tree, const std::filesystem::path& generated) {
  Findings findings;
  for (const Table& table : kTables) {
    std::ifstream file(generated / table.generated, std::ios::binary);
    const std::string text{std::istreambuf_iterator<char>(file), {}};
    for (const Source& source : tree) {
      const std::filesystem::path path = source.path;
      const bool listed = path.parent_path().string() + "/" == table.folder;  // no folder below it
      if (!listed || path.extension() != ".cpp") continue;
      const std::string name = path.stem().string();
      if (name == table.own) continue;
      const std::string call = "add(" + name + std::string(table.suffix) + "());";
      if (text.find(call) == std::string::npos) {
        findings.push_back({source.path, 1, "table",
                            "not named by the generated " + std::string(table.generated)});
      }
    }
  }
  return findings;
}

}  // namespace strata::check
