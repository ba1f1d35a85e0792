#pragma once

#include <string>

namespace strata::app {

/// The run of a system, among runs/SYSTEM, runs/SYSTEM-2, ..., whose checkpoint was written last;
/// empty if none has one.
std::string newest_run(const std::string& system);

/// A folder under the first of those names that was free, made so that no other training can get it
/// too. It goes again at the end if nothing was put into it.
class FreshRun {
 public:
  /// Throws IoError.
  explicit FreshRun(const std::string& system);
  FreshRun(const FreshRun&) = delete;
  FreshRun& operator=(const FreshRun&) = delete;
  ~FreshRun();

  const std::string& path() const { return path_; }

 private:
  std::string path_;
};

}  // namespace strata::app
