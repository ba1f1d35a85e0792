#include <algorithm>
#include <array>
#include <cctype>
#include <iterator>

#include "tools/check/check.h"

namespace strata::check {
namespace {

bool is_word(char c) { return std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '_'; }

/// A word of the code with what stands around it.
struct Word {
  std::string_view text;
  size_t at = 0;
  bool member = false;   // after a dot or an arrow
  bool called = false;   // before a parenthesis
  bool library = false;  // after fmt:: or std::
};

/// The words of code that has been through blank_text.
std::vector<Word> words_of(std::string_view code) {
  std::vector<Word> words;
  for (size_t i = 0; i < code.size();) {
    if (!is_word(code[i])) {
      ++i;
      continue;
    }
    const size_t begin = i;
    while (i < code.size() && is_word(code[i])) ++i;
    const size_t next = code.find_first_not_of(" \t\n", i);
    words.push_back({.text = code.substr(begin, i - begin),
                     .at = begin,
                     .member = begin > 0 && (code[begin - 1] == '.' || code[begin - 1] == '>'),
                     .called = next != std::string_view::npos && code[next] == '(',
                     .library = code.substr(0, begin).ends_with("fmt::") ||
                                code.substr(0, begin).ends_with("std::")});
  }
  return words;
}

constexpr std::array<std::string_view, 14> kEnds = {
    "abort", "exit", "_exit",     "_Exit",      "quick_exit",     "terminate",   "assert",
    "raise", "kill", "HWY_ABORT", "HWY_ASSERT", "__builtin_trap", "HWY_DASSERT", "atexit"};
constexpr std::array<std::string_view, 10> kPrints = {"printf", "fprintf", "vprintf", "vfprintf",
                                                      "puts",   "fputs",   "putchar", "putc",
                                                      "fputc",  "perror"};
constexpr std::array<std::string_view, 3> kMarks = {"TODO", "FIXME", "XXX"};
constexpr std::array<std::string_view, 4> kStreams = {"cout", "cerr", "clog", "iostream"};

template <size_t n>
bool is_one_of(std::string_view word, const std::array<std::string_view, n>& list) {
  return std::find(list.begin(), list.end(), word) != list.end();
}

void check_library(const Source& source, const std::vector<Word>& words, Findings& findings) {
  for (const Word& word : words) {
    const auto add = [&](const char* rule, const char* message) {
      findings.push_back({source.path, line_of(source.code, word.at), rule, message});
    };
    if (word.called && !word.member && is_one_of(word.text, kEnds)) {
      add("abort", "library code throws; it neither aborts nor exits");
    }
    if ((word.called && !word.member && is_one_of(word.text, kPrints)) ||
        is_one_of(word.text, kStreams) || (word.library && word.text == "print")) {
      add("print", "library code does not print; it throws or calls the log callback");
    }
  }
}

void check_omp(const Source& source, const std::vector<Word>& words, Findings& findings) {
  for (size_t i = 0; i < words.size(); ++i) {
    const Word& word = words[i];
    const bool directive = word.text == "omp" && i > 0 &&
                           (words[i - 1].text == "pragma" || words[i - 1].text == "include");
    if (directive || (word.called && word.text.starts_with("omp_"))) {
      findings.push_back({source.path, line_of(source.code, word.at), "omp",
                          "loops run on threads through parallel_for and parallel_chunks alone"});
    }
  }
}

void check_unfinished(const Source& source, Findings& findings) {
  for (const Word& word : words_of(source.text)) {
    const bool quoted = word.at > 0 && source.text[word.at - 1] == '"';  // named, as in this file
    if (!quoted && is_one_of(word.text, kMarks)) {
      findings.push_back(
          {source.path, line_of(source.text, word.at), "unfinished", "do it or open an issue"});
    }
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
    const std::vector<Word> words = words_of(source.code);
    if (source.path.starts_with("strata/") || source.path.starts_with("models/")) {
      check_library(source, words, findings);
    }
    check_omp(source, words, findings);
    check_unfinished(source, findings);
    check_pragma_once(source, findings);
  }
  return findings;
}

}  // namespace strata::check
