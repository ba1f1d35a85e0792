#include "strata/io/csv.h"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <limits>
#include <string_view>
#include <utility>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "strata/base/error.h"
#include "strata/io/file.h"
#include "strata/ops/creation.h"

namespace strata {
namespace {

constexpr size_t kMostColumns = 1 << 16;

std::string_view trimmed(std::string_view text) {
  const auto space = [](char c) { return c == ' ' || c == '\t'; };
  while (!text.empty() && space(text.front())) text.remove_prefix(1);
  while (!text.empty() && space(text.back())) text.remove_suffix(1);
  return text;
}

/// Whether a number beyond the range of a double is so because it is too small: where its first
/// digit that is not 0 stands decides.
bool is_tiny(std::string_view number) {
  const size_t e = std::min(number.find_first_of("eE"), number.size());
  const std::string_view digits = number.substr(0, e);
  const auto point = static_cast<int64_t>(std::min(digits.find('.'), digits.size()));
  const auto first = static_cast<int64_t>(digits.find_first_of("123456789"));
  std::string_view power = number.substr(std::min(e + 1, number.size()));
  if (power.starts_with('+')) power.remove_prefix(1);
  int32_t exponent = 0;
  const auto error = std::from_chars(power.data(), power.data() + power.size(), exponent).ec;
  if (error == std::errc::result_out_of_range) return power[0] == '-';
  return point - first + exponent < 0;
}

/// Whether all of `text` is a number of that type.
template <class T>
bool parse_number(std::string_view text, T& value) {
  text = trimmed(text);
  if (text.size() > 1 && text[0] == '+' && text[1] != '-') text.remove_prefix(1);
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if constexpr (std::is_same_v<T, double>) {
    // Too large or too small for a double: as strtod, infinity or 0.
    if (error == std::errc::result_out_of_range && end == text.data() + text.size()) {
      value = std::copysign(is_tiny(text) ? 0 : std::numeric_limits<double>::infinity(),
                            text[0] == '-' ? -1 : 1);
      return true;
    }
  }
  return error == std::errc() && end == text.data() + text.size();
}

}  // namespace

/// Walks the text once.
class CsvParser {
 public:
  CsvParser(const std::string& path, const std::string& text, const CsvOptions& options)
      : text_(text), options_(options) {
    table_.path_ = path;
    table_.missing_ = options.missing;
    if (text_.starts_with("\xEF\xBB\xBF")) at_ = 3;
  }

  CsvTable parse() {
    std::vector<std::string> row;
    while (read_row(row)) {
      if (table_.names_.empty()) {
        name_columns(row);
        if (options_.header) continue;
      }
      if (row.size() != table_.names_.size()) {
        fail(row_line_, static_cast<int64_t>(std::min(row.size(), table_.names_.size())) + 1,
             fmt::format("the row has {} values, the table {} columns", row.size(),
                         table_.names_.size()));
      }
      for (size_t i = 0; i < row.size(); ++i) table_.columns_[i].push_back(std::move(row[i]));
      table_.lines_.push_back(row_line_);
    }
    if (table_.names_.empty()) throw FormatError(table_.path_, "no CSV file: it is empty");
    return std::move(table_);
  }

 private:
  [[noreturn]] void fail(int64_t line, int64_t column, const std::string& fault) const {
    throw FormatError(table_.path_, fmt::format("line {}, column {}: {}", line, column, fault));
  }

  bool at_end() const { return at_ == text_.size(); }

  bool ends_line() const { return text_[at_] == '\n' || text_[at_] == '\r'; }

  /// Passes a line end; true if there was one.
  bool line_end() {
    if (at_end() || !ends_line()) return false;
    at_ += text_.compare(at_, 2, "\r\n") == 0 ? 2 : 1;
    ++line_;
    return true;
  }

  /// False at the end of the file.
  bool read_row(std::vector<std::string>& row) {
    row.clear();
    while (line_end()) {
    }
    if (at_end()) return false;
    row_line_ = line_;
    for (;;) {
      const auto column = static_cast<int64_t>(row.size()) + 1;
      if (row.size() == kMostColumns) fail(line_, column, "too many columns");
      row.push_back(text_[at_] == '"' ? quoted(column) : plain(column));
      if (at_end() || line_end()) return true;
      if (text_[at_] != options_.delimiter) {
        fail(line_, column, "something follows the closing quote");
      }
      ++at_;
      if (at_end()) {
        row.emplace_back();
        return true;
      }
    }
  }

  std::string plain(int64_t column) {
    const size_t begin = at_;
    for (; !at_end() && text_[at_] != options_.delimiter; ++at_) {
      const char c = text_[at_];
      if (ends_line()) break;
      if (c == '"') fail(line_, column, "a quote stands inside of a value without quotes");
      if (c == '\0') fail(line_, column, "a byte of 0: is this a text file?");
    }
    return text_.substr(begin, at_ - begin);
  }

  std::string quoted(int64_t column) {
    const int64_t begun = line_;
    std::string out;
    for (++at_; !at_end(); ++at_) {
      const char c = text_[at_];
      if (c == '"') {
        ++at_;
        if (at_end() || text_[at_] != '"') return out;
      }
      line_ += ends_line() && text_.compare(at_, 2, "\r\n") != 0;
      if (c == '\0') fail(line_, column, "a byte of 0: is this a text file?");
      out += c;
    }
    fail(begun, column, "a quote is not closed");
  }

  void name_columns(const std::vector<std::string>& row) {
    for (size_t i = 0; i < row.size(); ++i) {
      std::string name = options_.header ? std::string(trimmed(row[i])) : std::to_string(i);
      table_.names_.push_back(std::move(name));
    }
    std::vector<std::string> sorted = table_.names_;
    std::sort(sorted.begin(), sorted.end());
    const auto twice = std::adjacent_find(sorted.begin(), sorted.end());
    if (twice != sorted.end()) {
      const auto second =
          std::find(std::find(table_.names_.begin(), table_.names_.end(), *twice) + 1,
                    table_.names_.end(), *twice);
      fail(row_line_, second - table_.names_.begin() + 1,
           fmt::format("the name '{}' comes twice", *twice));
    }
    table_.columns_.resize(row.size());
  }

  const std::string& text_;
  const CsvOptions& options_;
  CsvTable table_;
  size_t at_ = 0;
  int64_t line_ = 1, row_line_ = 1;
};

size_t CsvTable::place(const std::string& column) const {
  const auto found = std::find(names_.begin(), names_.end(), column);
  if (found == names_.end()) {
    throw IndexError(path_, fmt::format("no column '{}'", column),
                     fmt::format("there are {}", fmt::join(names_, ", ")));
  }
  return static_cast<size_t>(found - names_.begin());
}

bool CsvTable::is_missing(const std::string& text) const {
  const std::string_view plain = trimmed(text);
  return plain.empty() || std::find(missing_.begin(), missing_.end(), plain) != missing_.end();
}

void CsvTable::bad_number(size_t column, size_t row, const char* wanted) const {
  const std::string& text = columns_[column][row];
  throw FormatError(path_, fmt::format("line {}, column {}: '{}' is no {}", lines_[row], column + 1,
                                       text.substr(0, 40), wanted));
}

CsvKind CsvTable::kind(const std::string& column) const {
  CsvKind kind = CsvKind::integer;
  for (const std::string& text : texts(column)) {
    int64_t whole = 0;
    double real = 0;
    if (kind == CsvKind::integer && parse_number(text, whole)) continue;
    if (!is_missing(text) && !parse_number(text, real)) return CsvKind::text;
    kind = CsvKind::real;
  }
  return kind;
}

Tensor CsvTable::integers(const std::string& column) const {
  const size_t at = place(column);
  Tensor out = empty({rows()}, DType::i64);
  for (size_t i = 0; i < lines_.size(); ++i) {
    if (!parse_number(columns_[at][i], out.data<int64_t>()[i])) bad_number(at, i, "whole number");
  }
  return out;
}

Tensor CsvTable::reals(const std::string& column) const {
  const size_t at = place(column);
  Tensor out = empty({rows()}, DType::f64);
  for (size_t i = 0; i < lines_.size(); ++i) {
    double& value = out.data<double>()[i];
    const std::string& text = columns_[at][i];
    if (is_missing(text)) {
      value = NAN;
    } else if (!parse_number(text, value)) {
      bad_number(at, i, "number");
    }
  }
  return out;
}

Tensor CsvTable::matrix(const std::vector<std::string>& columns) const {
  const auto width = static_cast<int64_t>(columns.size());
  Tensor out = empty({rows(), width}, DType::f32);
  for (int64_t c = 0; c < width; ++c) {
    const Tensor column = reals(columns[static_cast<size_t>(c)]);
    for (int64_t i = 0; i < rows(); ++i) {
      out.data<float>()[i * width + c] = static_cast<float>(column.data<double>()[i]);
    }
  }
  return out;
}

const std::vector<std::string>& CsvTable::texts(const std::string& column) const {
  return columns_[place(column)];
}

CsvCodes CsvTable::codes(const std::string& column) const {
  CsvCodes out{empty({rows()}, DType::i64), {}};
  const std::vector<std::string>& values = texts(column);
  for (const std::string& text : values) {
    if (!is_missing(text)) out.names.push_back(text);
  }
  std::sort(out.names.begin(), out.names.end());
  out.names.erase(std::unique(out.names.begin(), out.names.end()), out.names.end());
  for (size_t i = 0; i < values.size(); ++i) {
    const auto found = std::lower_bound(out.names.begin(), out.names.end(), values[i]);
    out.codes.data<int64_t>()[i] = is_missing(values[i]) ? -1 : found - out.names.begin();
  }
  return out;
}

CsvTable read_csv(const std::string& path, const CsvOptions& options) {
  const std::string text = read_text_file(path, options.most_bytes);
  return CsvParser(path, text, options).parse();
}

}  // namespace strata
