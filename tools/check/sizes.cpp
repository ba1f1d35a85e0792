#include <algorithm>
#include <sstream>

#include "tools/check/check.h"

namespace strata::check {
namespace {

constexpr size_t kFileLines = 500;
constexpr size_t kFunctionLines = 80;
constexpr size_t kColumns = 100;

/// UTF-8 letters count one.
size_t columns_of(const std::string& line) {
  return static_cast<size_t>(std::count_if(line.begin(), line.end(), [](char c) {
    return (static_cast<unsigned char>(c) & 0xc0u) != 0x80u;
  }));
}

/// Follows the braces of a file. Inside namespaces and classes, a brace after a text with a
/// parenthesis opens a function; everything up to its closing brace belongs to it.
class FunctionScanner {
 public:
  FunctionScanner(const Source& source, Findings& findings)
      : source_(source), findings_(findings) {}

  void run() {
    size_t line = 1;
    bool directive = false;
    for (size_t i = 0; i < source_.code.size(); ++i) {
      const char c = source_.code[i];
      if (c == '#' && blank_line_before(i)) directive = true;
      if (c == '\n') {
        ++line;
        if (i == 0 || source_.code[i - 1] != '\\') directive = false;
      }
      if (!directive) step(c, line);
    }
  }

 private:
  enum class Scope { kContainer, kFunction, kOther };

  bool blank_line_before(size_t at) const {
    const size_t start = source_.code.rfind('\n', at);
    const size_t from = start == std::string::npos ? 0 : start + 1;
    return source_.code.find_first_not_of(" \t", from) == at;
  }

  void step(char c, size_t line) {
    if (c == '{') {
      open(line);
    } else if (c == '}') {
      close(line);
    } else if (c == ';') {
      header_.clear();
    } else {
      const bool space = c == ' ' || c == '\t' || c == '\n';
      if (header_.empty() && space) return;
      if (header_.empty()) header_line_ = line;
      header_ += space ? ' ' : c;
    }
  }

  void open(size_t line) {
    Scope scope = Scope::kOther;
    if (scopes_.empty() || scopes_.back() == Scope::kContainer) {
      scope = classify();
      if (scope == Scope::kFunction) function_line_ = header_.empty() ? line : header_line_;
    }
    scopes_.push_back(scope);
    header_.clear();
  }

  void close(size_t line) {
    header_.clear();
    if (scopes_.empty()) return;
    const Scope scope = scopes_.back();
    scopes_.pop_back();
    const size_t lines = line - function_line_ + 1;
    if (scope == Scope::kFunction && lines > kFunctionLines) {
      findings_.push_back({source_.path, function_line_, "size",
                           "a function of " + std::to_string(lines) + " lines, the limit is " +
                               std::to_string(kFunctionLines)});
    }
  }

  /// What a brace after `header_` opens, seen from a namespace or a class.
  Scope classify() const {
    const size_t last = header_.find_last_not_of(' ');
    if (last == std::string::npos) return Scope::kOther;
    // `struct stat f(int x) {` is a function, `struct alignas(64) Block {` is not.
    if (first_keyword() && header_[last] != ')') return Scope::kContainer;
    if (header_[last] == '=') return Scope::kOther;
    return header_.find('(') == std::string::npos ? Scope::kOther : Scope::kFunction;
  }

  /// Whether the header begins, after `template <...>` and the like, with a word that opens a
  /// namespace or a type.
  bool first_keyword() const {
    size_t begin = 0;
    if (header_.starts_with("template")) {
      int depth = 0;
      for (begin = header_.find('<'); begin < header_.size(); ++begin) {
        depth += header_[begin] == '<' ? 1 : header_[begin] == '>' ? -1 : 0;
        if (depth == 0) break;
      }
      begin = std::min(begin + 1, header_.size());
    }
    std::istringstream words(header_.substr(begin));
    std::string word;
    words >> word;
    if (word == "inline" || word == "typedef") words >> word;
    return word == "namespace" || word == "extern" || word == "class" || word == "struct" ||
           word == "union" || word == "enum";
  }

  const Source& source_;
  Findings& findings_;
  std::vector<Scope> scopes_;
  std::string header_;  // the text since the last brace or semicolon
  size_t header_line_ = 1;
  size_t function_line_ = 1;
};

}  // namespace

Findings check_sizes(const std::vector<Source>& tree) {
  Findings findings;
  for (const Source& source : tree) {
    const auto lines =
        static_cast<size_t>(std::count(source.text.begin(), source.text.end(), '\n'));
    if (lines > kFileLines) {
      findings.push_back({source.path, kFileLines + 1, "size",
                          "a file of " + std::to_string(lines) + " lines, the limit is " +
                              std::to_string(kFileLines)});
    }
    FunctionScanner(source, findings).run();
  }
  return findings;
}

Findings check_prose(const std::vector<Source>& pages) {
  Findings findings;
  for (const Source& page : pages) {
    std::istringstream text(page.text);
    bool code = false;
    size_t number = 0;
    for (std::string line; std::getline(text, line);) {
      ++number;
      const size_t begin = std::min(line.find_first_not_of(' '), line.size());
      const bool fence = line.compare(begin, 3, "```") == 0;
      if (fence) code = !code;
      const size_t columns = columns_of(line);
      if (code || fence || line.starts_with('|') || columns <= kColumns) continue;
      findings.push_back({page.path, number, "prose",
                          "a line of " + std::to_string(columns) + " columns, the limit is " +
                              std::to_string(kColumns)});
    }
  }
  return findings;
}

}  // namespace strata::check
