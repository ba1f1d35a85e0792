#include <algorithm>
#include <array>

#include "tools/check/check.h"

namespace strata::check {
namespace {

/// A folder may include itself and the folders before it.
constexpr std::array<std::string_view, 22> kOrder = {
    "strata/base",    "strata/device", "strata/tensor",   "strata/kernels",
    "strata/tape",    "strata/ops",    "strata/autograd", "strata/distributions",
    "strata/opcases", "strata/io",     "strata/nn",       "strata/optim",
    "strata/text",    "strata/vision", "strata/data",     "strata/train",
    "models",         "recipes",       "bench",           "apps",
    "tools",          "tests"};

/// The header that programs include for everything; the library itself must not.
constexpr std::string_view kUmbrella = "strata/strata.h";

/// The folder of the order that holds `path`, or an empty text.
std::string_view folder_of(std::string_view path) {
  for (const std::string_view folder : kOrder) {
    if (path.starts_with(folder) && path.substr(folder.size()).starts_with("/")) return folder;
  }
  return {};
}

size_t rank_of(std::string_view folder) {
  return static_cast<size_t>(std::find(kOrder.begin(), kOrder.end(), folder) - kOrder.begin());
}

/// A header that other programs may include: it must not need a third-party library to compile.
bool is_public_header(std::string_view path) {
  return path.starts_with("strata/") && !path.starts_with("strata/kernels/") &&
         path.ends_with(".h") && !path.ends_with("-inl.h");
}

void check_include(const Source& source, size_t line, char kind, const std::string& target,
                   Findings& findings) {
  const std::string_view from = folder_of(source.path);
  if (kind == '<') {
    if (is_public_header(source.path) && target.find_first_of("/.") != std::string::npos) {
      findings.push_back({source.path, line, "layer",
                          "a public header includes the third-party header <" + target + ">"});
    }
    return;
  }
  const std::string_view to = folder_of(target);
  if (target == kUmbrella && !from.starts_with("strata/")) return;
  if (to.empty()) {
    findings.push_back({source.path, line, "layer",
                        "\"" + target + "\" is not a full path into a folder of the project"});
  } else if (rank_of(to) > rank_of(from)) {
    findings.push_back({source.path, line, "layer",
                        std::string(from) + " comes before " + std::string(to) +
                            " and so may not include \"" + target + "\""});
  }
}

/// Finds directives in the blanked code, where comments hold none, and their targets in the text.
void check_includes(const Source& source, Findings& findings) {
  constexpr std::string_view kWord = "include";
  for (size_t at = source.code.find(kWord); at != std::string::npos;
       at = source.code.find(kWord, at + 1)) {
    const size_t hash = source.code.find_last_not_of(" \t", at == 0 ? 0 : at - 1);
    const size_t open = source.code.find_first_not_of(" \t", at + kWord.size());
    if (hash == std::string::npos || source.code[hash] != '#' || open == std::string::npos)
      continue;
    const char kind = source.text[open];
    if (kind != '<' && kind != '"') continue;
    const size_t close = source.text.find(kind == '<' ? '>' : '"', open + 1);
    if (close == std::string::npos) continue;
    check_include(source, line_of(source.text, at), kind,
                  source.text.substr(open + 1, close - open - 1), findings);
  }
}

}  // namespace

Findings check_layers(const std::vector<Source>& tree) {
  Findings findings;
  for (const Source& source : tree) {
    if (source.path == kUmbrella) continue;
    if (folder_of(source.path).empty()) {
      findings.push_back({source.path, 1, "layer", "the folder has no place in the order"});
      continue;
    }
    check_includes(source, findings);
  }
  return findings;
}

}  // namespace strata::check
