#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <utility>

namespace strata::train {

/// A value by its tag, as TensorBoard plots it.
using ScalarValue = std::pair<std::string, double>;

/// One record of a TFRecord file: length, its masked CRC-32C, the bytes, their masked CRC-32C.
std::string tf_record(std::string_view data);

/// CRC-32C (Castagnoli) of some bytes.
uint32_t crc32c(std::string_view data);

/// Serialised tensorflow.Event messages (tensorflow/core/util/event.proto). The first one of every
/// file names the format's version; the second says that a session goes on with `step`: viewers
/// drop what older files of the folder hold from that step on.
std::string version_event(double wall_time);
std::string session_event(double wall_time, int64_t step);
std::string scalars_event(double wall_time, int64_t step, std::span<const ScalarValue> scalars);

/// A TensorBoard event file of one session of a run: `tensorboard --logdir runs` plots what is in
/// it. A resumed run adds a file to those that the folder holds.
class EventFile {
 public:
  /// Starts events.out.tfevents.SECONDS.N in `folder`, for the steps from `step` on. Throws
  /// IoError.
  EventFile(const std::string& folder, int64_t step);

  const std::string& path() const { return path_; }
  /// Adds the scalars of a step and flushes. Throws IoError.
  void add(int64_t step, std::span<const ScalarValue> scalars);

 private:
  std::string path_;
};

}  // namespace strata::train
