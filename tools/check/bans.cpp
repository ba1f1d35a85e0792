#include <regex>

#include "tools/check/check.h"

namespace strata::check {
namespace {

/// A pattern that must not occur in the code of the files that `applies` picks.
struct Ban {
  const char* rule;
  std::regex pattern;
  bool (*applies)(std::string_view path);
  const char* message;
};

bool in_library(std::string_view path) {
  return path.starts_with("strata/") || path.starts_with("models/");
}

bool outside_parallel(std::string_view path) { return path != "strata/base/parallel.cpp"; }

const std::vector<Ban>& bans() {
  static const std::vector<Ban> all = {
      {"abort",
       std::regex(
           R"((^|[^\w.>])(abort|_?exit|_Exit|quick_exit|terminate|assert|HWY_ABORT|HWY_ASSERT|)"
           R"(__builtin_trap|raise|kill)\s*\()"),
       in_library, "library code throws; it neither aborts nor exits"},
      {"print",
       std::regex(R"((^|[^\w.>])(v?f?printf|f?puts|putchar|f?putc|perror|fmt::print)\s*\(|)"
                  R"(\bstd::(cout|cerr|clog)\b|\bfmt::print\b|#\s*include\s*<iostream>)"),
       in_library, "library code does not print; it throws or calls the log callback"},
      {"omp", std::regex(R"(#\s*pragma\s+omp\b|\bomp_\w+\s*\(|#\s*include\s*<omp\.h>)"),
       outside_parallel, "OpenMP stands in strata/base/parallel.cpp alone; use parallel_for"},
  };
  return all;
}

void check_ban(const Source& source, const Ban& ban, Findings& findings) {
  for (std::sregex_iterator i(source.code.begin(), source.code.end(), ban.pattern), end; i != end;
       ++i) {
    // The match may begin with the line end before the word.
    const auto at = static_cast<size_t>(i->position() + i->length() - 1);
    findings.push_back({source.path, line_of(source.code, at), ban.rule, ban.message});
  }
}

void check_unfinished(const Source& source, Findings& findings) {
  // In pieces, so that this file passes.
  static const std::regex unfinished(
      "\\b(TO"
      "DO|FIX"
      "ME|X"
      "XX)\\b");
  std::smatch match;
  if (std::regex_search(source.text, match, unfinished)) {
    findings.push_back({source.path, line_of(source.text, static_cast<size_t>(match.position())),
                        "unfinished", "do it or open an issue"});
  }
}

void check_pragma_once(const Source& source, Findings& findings) {
  const bool repeated = source.path.ends_with("-inl.h");  // Highway includes these once per target
  if (!source.path.ends_with(".h") || repeated) return;
  if (source.code.find("#pragma once") == std::string::npos) {
    findings.push_back({source.path, 1, "once", "the header lacks #pragma once"});
  }
}

}  // namespace

Findings check_bans(const std::vector<Source>& tree) {
  Findings findings;
  for (const Source& source : tree) {
    for (const Ban& ban : bans()) {
      if (ban.applies(source.path)) check_ban(source, ban, findings);
    }
    check_unfinished(source, findings);
    check_pragma_once(source, findings);
  }
  return findings;
}

}  // namespace strata::check
