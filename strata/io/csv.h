#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "strata/tensor/tensor.h"

namespace strata {

struct CsvOptions {
  char delimiter = ',';
  bool header = true;  ///< the first line names the columns; else they are "0", "1" and so on
  /// What stands where a value is missing, besides quotes around nothing.
  std::vector<std::string> missing = {"", "NA", "N/A", "NaN", "nan", "null", "?"};
  int64_t most_bytes = int64_t{1} << 30;
};

/// What a column holds: whole numbers, none missing; numbers; anything.
enum class CsvKind { integer, real, text };

/// Classes by number, and the names that those stand for, in their order.
struct CsvCodes {
  Tensor codes;  ///< i64[rows]; -1 where the value is missing
  std::vector<std::string> names;
};

/// A table of texts that are read as numbers when asked for. Errors name the file, the line and the
/// column, both from 1.
class CsvTable {
 public:
  int64_t rows() const { return static_cast<int64_t>(lines_.size()); }
  const std::vector<std::string>& names() const { return names_; }

  /// Throw IndexError, which lists the columns, for one that does not exist, and FormatError at the
  /// first value that is no number, or not the whole number of 64 bits that was asked for.
  CsvKind kind(const std::string& column) const;
  Tensor integers(const std::string& column) const;  ///< i64[rows]
  Tensor reals(const std::string& column) const;     ///< f64[rows]; NaN where missing
  /// Some columns beside each other: f32[rows, columns].
  Tensor matrix(const std::vector<std::string>& columns) const;
  const std::vector<std::string>& texts(const std::string& column) const;
  CsvCodes codes(const std::string& column) const;

 private:
  friend class CsvParser;

  size_t place(const std::string& column) const;
  bool is_missing(const std::string& text) const;
  [[noreturn]] void bad_number(size_t column, size_t row, const char* wanted) const;

  std::string path_;
  std::vector<std::string> names_, missing_;
  std::vector<std::vector<std::string>> columns_;
  std::vector<int64_t> lines_;  // on which each row begins
};

/// Reads a CSV file (RFC 4180): values in quotes may hold delimiters, line ends and doubled quotes;
/// lines end by \n, \r\n or \r; empty lines are passed over, as is a byte order mark. Throws
/// FormatError that says where for a row of another number of values than the first, a quote that
/// is not closed or stands inside of a value, a column name that comes twice and bytes of 0;
/// IoError.
CsvTable read_csv(const std::string& path, const CsvOptions& options = {});

}  // namespace strata
