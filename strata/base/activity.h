#pragma once

#include <cstdint>

namespace strata {

/// What a piece of time goes into.
enum class Activity : uint8_t {
  phase,     ///< a part of a program: "forward", "update"
  backward,  ///< the way back through one recorded op
};

/// Is told what the library does in this thread while it is installed: profilers stand on it. Names
/// live as long as the program.
class ActivityListener {
 public:
  virtual ~ActivityListener() = default;
  /// `node` is the number of the recorded op that a backward is of.
  virtual void begin(Activity kind, const char* name, uint64_t node) = 0;
  virtual void end() = 0;
  /// An op was recorded under that number.
  virtual void recorded(uint64_t node) = 0;
  /// Memory was asked for by the op of that name: ops do so just before they compute.
  virtual void allocated(int64_t bytes, const char* where) = 0;
};

namespace internal {

inline constinit thread_local ActivityListener* t_activity_listener = nullptr;

}  // namespace internal

/// The listener of this thread, or null.
inline ActivityListener* activity_listener() { return internal::t_activity_listener; }

/// Installs a listener in this thread for its life.
class ActivityListenerScope {
 public:
  explicit ActivityListenerScope(ActivityListener& listener) : before_(activity_listener()) {
    internal::t_activity_listener = &listener;
  }
  ~ActivityListenerScope() { internal::t_activity_listener = before_; }
  ActivityListenerScope(const ActivityListenerScope&) = delete;
  ActivityListenerScope& operator=(const ActivityListenerScope&) = delete;

 private:
  ActivityListener* before_;
};

/// Tells the listener, if there is one, what goes on while it lives. One branch otherwise.
class ActivityScope {
 public:
  explicit ActivityScope(Activity kind, const char* name, uint64_t node = 0)
      : listener_(activity_listener()) {
    if (listener_) [[unlikely]]
      listener_->begin(kind, name, node);
  }
  ~ActivityScope() {
    if (listener_) [[unlikely]]
      listener_->end();
  }
  ActivityScope(const ActivityScope&) = delete;
  ActivityScope& operator=(const ActivityScope&) = delete;

 private:
  ActivityListener* listener_;
};

}  // namespace strata
