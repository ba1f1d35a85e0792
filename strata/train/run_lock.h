#pragma once

#include <string>

namespace strata::train {

/// Holds a run's folder for one training while it lives: no other can have it, in this process or
/// in another one. The system drops it for a process that dies. Where a file system knows no locks,
/// nobody is kept out.
class RunLock {
 public:
  /// Throws IoError where another training holds the folder, or it cannot be opened.
  explicit RunLock(const std::string& run_dir);
  RunLock(const RunLock&) = delete;
  RunLock& operator=(const RunLock&) = delete;
  ~RunLock();

 private:
  int fd_ = -1;
};

}  // namespace strata::train
