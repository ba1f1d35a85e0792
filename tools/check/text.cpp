#include <algorithm>
#include <array>
#include <cctype>
#include <filesystem>
#include <fstream>
#include <iterator>

#include "tools/check/check.h"

namespace strata::check {
namespace {

constexpr std::array<std::string_view, 7> kRoots = {"strata", "models", "recipes", "apps",
                                                    "tests",  "bench",  "tools"};

bool is_word(char c) { return std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '_'; }

/// Walks C++ text and copies it with literals and comments blanked.
class Blanker {
 public:
  explicit Blanker(std::string_view text) : text_(text) { out_.reserve(text.size()); }

  std::string run() {
    while (at_ < text_.size()) {
      if (starts("//")) {
        blank_until("\n", 0);
      } else if (starts("/*")) {
        blank_until("*/", 2);
      } else if (starts("R\"") && !word_before()) {
        raw_string();
      } else if (text_[at_] == '"' || (text_[at_] == '\'' && !word_before())) {
        literal(text_[at_]);
      } else {
        keep();
      }
    }
    return std::move(out_);
  }

 private:
  bool starts(std::string_view what) const { return text_.substr(at_).starts_with(what); }
  bool word_before() const { return at_ > 0 && is_word(text_[at_ - 1]); }
  void keep() { out_ += text_[at_++]; }
  void blank() {
    const char c = text_[at_++];
    out_ += c == '\n' ? '\n' : ' ';
  }
  void blank_until(std::string_view end, size_t and_more) {
    const size_t found = text_.find(end, at_ + and_more);
    const size_t stop = found == std::string_view::npos ? text_.size() : found + and_more;
    while (at_ < stop) blank();
  }
  void raw_string() {
    const size_t open = text_.find('(', at_);
    if (open == std::string_view::npos) return keep();
    const std::string end = ")" + std::string(text_.substr(at_ + 2, open - at_ - 2)) + "\"";
    blank_until(end, end.size());
  }
  void literal(char quote) {
    keep();
    while (at_ < text_.size() && text_[at_] != quote && text_[at_] != '\n') {
      if (text_[at_] == '\\' && at_ + 1 < text_.size()) blank();
      blank();
    }
    if (at_ < text_.size()) keep();
  }

  std::string_view text_;
  std::string out_;
  size_t at_ = 0;
};

std::string text_of(const std::filesystem::path& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

void sort_by_path(std::vector<Source>& sources) {
  std::sort(sources.begin(), sources.end(),
            [](const Source& a, const Source& b) { return a.path < b.path; });
}

}  // namespace

std::string blank_text(std::string_view text) { return Blanker(text).run(); }

size_t line_of(std::string_view text, size_t at) {
  return 1 +
         static_cast<size_t>(std::count(text.begin(), text.begin() + static_cast<long>(at), '\n'));
}

std::vector<Source> read_tree(const std::filesystem::path& root) {
  std::vector<Source> tree;
  for (const std::string_view folder : kRoots) {
    if (!std::filesystem::is_directory(root / folder)) continue;
    for (const auto& entry : std::filesystem::recursive_directory_iterator(root / folder)) {
      const std::filesystem::path extension = entry.path().extension();
      if (!entry.is_regular_file() || (extension != ".h" && extension != ".cpp")) continue;
      std::string text = text_of(entry.path());
      std::string code = blank_text(text);
      tree.push_back({entry.path().lexically_relative(root).generic_string(), std::move(text),
                      std::move(code)});
    }
  }
  sort_by_path(tree);
  return tree;
}

std::vector<Source> read_pages(const std::filesystem::path& root) {
  std::vector<Source> pages;
  const auto add = [&](const std::filesystem::directory_entry& entry) {
    if (!entry.is_regular_file() || entry.path().extension() != ".md") return;
    pages.push_back(
        {entry.path().lexically_relative(root).generic_string(), text_of(entry.path()), {}});
  };
  for (const auto& entry : std::filesystem::directory_iterator(root)) add(entry);
  if (std::filesystem::is_directory(root / "docs")) {
    for (const auto& entry : std::filesystem::recursive_directory_iterator(root / "docs")) {
      add(entry);
    }
  }
  sort_by_path(pages);
  return pages;
}

}  // namespace strata::check
