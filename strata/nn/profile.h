#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "strata/base/activity.h"
#include "strata/base/timer.h"
#include "strata/nn/module.h"

namespace strata::nn {

/// What one layer or op cost, all calls together.
struct ProfileRow {
  std::string name;
  int64_t calls = 0;       ///< of ops: results allocated and ways back
  double forward_ms = 0;   ///< of a layer without the layers inside of it
  double backward_ms = 0;  ///< of ops: in the way back
  int64_t bytes = 0;       ///< of memory asked for
};

/// Measures what runs in this thread while it lives, or until stop(): time and memory by layer and
/// by op, and a trace. Work on the way back counts for the layer that recorded it. An op counts
/// from the allocation of its result to whatever the thread does next; time of a phase before its
/// first op is the phase's own. Without a profile an allocation and a recorded op pay one branch
/// each.
class Profile final : private CallObserver, private ActivityListener {
 public:
  /// `root`, if given, has the names of the layers; others are called by their type.
  explicit Profile(Module* root = nullptr);
  ~Profile() override = default;
  Profile(const Profile&) = delete;
  Profile& operator=(const Profile&) = delete;

  /// Ends the measurement; what is read below is of the time until then.
  void stop();

  double seconds() const { return seconds_; }
  /// Seconds inside of ops.
  double op_seconds() const;
  int64_t peak_bytes() const { return peak_bytes_; }
  /// The costliest first.
  std::vector<ProfileRow> layers() const;
  std::vector<ProfileRow> ops() const;

  /// Both as text of at most 80 columns, `most` rows each.
  std::string table(size_t most = 20) const;
  /// Writes the events in the format that Perfetto (ui.perfetto.dev) and chrome://tracing open; the
  /// first kMostEvents of them. Throws IoError.
  void write_trace(const std::string& path) const;

  static constexpr size_t kMostEvents = 200'000;

 private:
  enum class Kind : uint8_t { phase, layer, backward, op };
  /// Something that has begun and not ended.
  struct Frame {
    Kind kind;
    int row;                  // of layers_ or ops_
    const char* name;         // of phases and ways back
    double start, inner = 0;  // seconds; of other frames of its kind inside of it
  };
  struct Event {
    Kind kind;
    int row;
    const char* name;
    double start, seconds;
    int64_t bytes_in_use;
  };

  void enter(Module& module) override;
  void leave(Module& module, const Tensor& output) override;
  void begin(Activity kind, const char* name, uint64_t node) override;
  void end() override;
  void recorded(uint64_t node) override;
  void allocated(int64_t bytes, const char* where) override;

  int layer_row(Module& module);
  int op_row(std::string_view name);
  /// The innermost way back that this thread is on, or null.
  const Frame* way_back() const;
  void open_op(std::string_view name, bool backward);
  void close_op();
  void pop();
  void add_event(Kind kind, int row, const char* name, double start, double seconds);

  Timer timer_;
  double seconds_ = 0;
  int64_t peak_bytes_ = 0;
  size_t dropped_ = 0;
  std::unordered_map<const Module*, int> row_of_module_;
  std::unordered_map<uint64_t, int> layer_of_node_;
  std::map<std::string, int, std::less<>> row_of_op_;
  std::vector<ProfileRow> layers_, ops_;  // layers_[0]: outside of all layers
  std::vector<Frame> frames_;
  std::vector<int> open_layers_ = {0};
  int open_op_ = -1;  // row of the op that is running
  bool op_backward_ = false;
  double op_start_ = 0;
  std::vector<Event> events_;
  std::optional<ActivityListenerScope> listening_;
  std::optional<ObserverScope> observing_;
};

}  // namespace strata::nn
