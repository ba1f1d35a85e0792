#include <algorithm>
#include <array>
#include <regex>

#include "tools/check/check.h"

namespace strata::check {
namespace {

/// A folder may include itself and the folders before it.
constexpr std::array<std::string_view, 25> kOrder = {
    "strata/base", "strata/device", "strata/tensor",   "strata/kernels",
    "strata/tape", "strata/ops",    "strata/autograd", "strata/opcases",
    "strata/io",   "strata/dist",   "strata/nn",       "strata/optim",
    "strata/text", "strata/vision", "strata/audio",    "strata/data",
    "strata/rl",   "strata/train",  "strata/serve",    "models",
    "recipes",     "apps",          "tools",           "tests",
    "bench"};

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
  if (to.empty()) {
    findings.push_back({source.path, line, "layer",
                        "\"" + target + "\" is not a full path into a folder of the project"});
  } else if (rank_of(to) > rank_of(from)) {
    findings.push_back({source.path, line, "layer",
                        std::string(from) + " comes before " + std::string(to) +
                            " and so may not include \"" + target + "\""});
  }
}

}  // namespace

Findings check_layers(const std::vector<Source>& tree) {
  static const std::regex include(R"(^[ \t]*#[ \t]*include[ \t]*([<"])([^>"\n]*))",
                                  std::regex::multiline);
  Findings findings;
  for (const Source& source : tree) {
    if (folder_of(source.path).empty()) {
      findings.push_back({source.path, 1, "layer", "the folder has no place in the order"});
      continue;
    }
    for (std::sregex_iterator i(source.text.begin(), source.text.end(), include), end; i != end;
         ++i) {
      const auto at = static_cast<size_t>(i->position(1));
      if (source.code[at] != i->str(1)[0]) continue;  // inside a comment or a string
      check_include(source, line_of(source.text, at), i->str(1)[0], i->str(2), findings);
    }
  }
  return findings;
}

}  // namespace strata::check
