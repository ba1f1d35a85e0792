#pragma once

#include <cstdint>
#include <initializer_list>
#include <string>
#include <utility>
#include <variant>

namespace strata::train {

/// A run's record in JSON lines, one object a line: {"step":100,"loss":0.21,...}. On resume the
/// lines beyond the checkpoint's step are dropped.
class RunLog {
 public:
  using Value = std::variant<int64_t, double, std::string>;
  using Entry = std::initializer_list<std::pair<const char*, Value>>;

  /// Continues `path` after the lines whose "step" is at most `keep_until`, or starts it anew.
  /// Throws IoError.
  RunLog(std::string path, int64_t keep_until);

  /// Adds a line. Numbers that are not finite are written as null. Throws IoError.
  void add(Entry entry);

 private:
  std::string path_;
};

}  // namespace strata::train
