#pragma once

#include <cstddef>
#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

/// The checks of `./dev check` that read text: layers, sizes, banned calls and tables of the
/// sources, the width of the pages.
namespace strata::check {

/// One source file of the tree: its text, and the same text with the contents of comments, strings
/// and character literals blanked out. Both have the same length and the same lines.
struct Source {
  std::string path;  // relative to the root, with '/'
  std::string text;
  std::string code;
};

/// A rule that is broken at a place.
struct Finding {
  std::string path;
  size_t line = 0;  // from 1
  std::string rule;
  std::string message;
};

using Findings = std::vector<Finding>;

/// Reads every .h and .cpp under the source folders of `root`, sorted by path.
std::vector<Source> read_tree(const std::filesystem::path& root);

/// Reads every .md of `root` itself and under its docs, sorted by path. Their code is left empty.
std::vector<Source> read_pages(const std::filesystem::path& root);

/// Blanks comments, strings and character literals of C++ text, keeping its line structure.
std::string blank_text(std::string_view text);

/// The number, from 1, of the line that holds position `at`.
size_t line_of(std::string_view text, size_t at);

/// Folders include only folders before them in the project's order, and by their full path; public
/// headers include no third-party header.
Findings check_layers(const std::vector<Source>& tree);

/// Files have at most 500 lines, functions at most 80.
Findings check_sizes(const std::vector<Source>& tree);

/// Lines of pages have at most 100 columns, but for tables and what stands between code fences.
Findings check_prose(const std::vector<Source>& pages);

/// Library code neither aborts, exits nor prints; no OpenMP; headers
/// begin with #pragma once; nothing is left to do.
Findings check_bans(const std::vector<Source>& tree);

/// Each file of an enumerated folder is named by the table that the build generated.
Findings check_tables(const std::vector<Source>& tree, const std::filesystem::path& generated);

}  // namespace strata::check
