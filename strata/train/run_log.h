#pragma once

#include <cstdint>
#include <initializer_list>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "strata/train/event_file.h"

namespace strata::train {

/// A run's record in JSON lines, one object a line: {"step":100,"loss":0.21,...}; its numbers go
/// into TensorBoard's event files beside it too. On resume the lines beyond the checkpoint's step
/// are dropped, and one that was kept of that step is not added again: what it tells was found
/// anew.
class RunLog {
 public:
  using Value = std::variant<int64_t, double, std::string>;
  using Entry = std::initializer_list<std::pair<const char*, Value>>;

  /// Continues `path` after the lines whose "step" is at most `keep_until`, or starts it anew.
  /// Throws IoError, and FormatError for more than 4 GB.
  RunLog(std::string path, int64_t keep_until);

  /// Adds a line. Numbers that are not finite are written as null. Throws IoError.
  void add(Entry entry);

 private:
  using Keys = std::set<std::string>;

  std::string path_;
  int64_t kept_until_;
  std::set<Keys> kept_;  // of the lines of that step
  EventFile events_;
};

/// Whether each line, or that of a step, has a number of that name which is no metric.
bool is_log_column(std::string_view name);

/// A quantity over the steps of a run, as its log has it.
struct LoggedCurve {
  std::string name;  ///< "loss", "lr", "accuracy"
  std::vector<int64_t> steps;
  std::vector<double> values;
};

/// The curves in a log, in the order in which they first occur; numbers that are not finite, and
/// lines that are damaged, are left out. Throws IoError, and FormatError for more than 4 GB.
std::vector<LoggedCurve> read_log(const std::string& path);

}  // namespace strata::train
