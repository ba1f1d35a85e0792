#pragma once

#include <cstdint>

namespace strata::testing {

/// While it lives, tensors' memory comes from a source that keeps nothing, counts the requests and
/// can refuse some. One at a time, made while no tensor's memory is in use (ValueError).
class RefusingMemory {
 public:
  RefusingMemory();
  RefusingMemory(const RefusingMemory&) = delete;
  RefusingMemory& operator=(const RefusingMemory&) = delete;
  ~RefusingMemory();

  /// Refuses request number `first` (from 1, counted from this call on), and with `onwards` all
  /// later ones too. 0: none.
  void refuse(int64_t first, bool onwards = false);
  /// Requests since refuse().
  int64_t requests() const;
  /// Blocks handed out and not yet returned.
  int64_t blocks() const;
};

/// While it lives, call number `first` (from 1) of operator new in this thread throws
/// std::bad_alloc. Loops run in this thread alone, so that no call of theirs goes unseen.
class FailingNew {
 public:
  explicit FailingNew(int64_t first);
  FailingNew(const FailingNew&) = delete;
  FailingNew& operator=(const FailingNew&) = delete;
  ~FailingNew();

  /// Whether that call has been made.
  bool failed() const;
  /// What operator new gave this thread less what the thread deleted, in blocks.
  static int64_t blocks();

 private:
  int threads_;  // before
};

}  // namespace strata::testing
