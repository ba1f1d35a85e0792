#pragma once

#include <atomic>
#include <cstdint>
#include <functional>

#include "strata/base/ref.h"
#include "strata/device/device.h"

namespace strata {

/// A block of memory, shared by the tensors that view it.
class Storage final : public RefCounted {
 public:
  /// Fresh memory on `device`. Throws OutOfMemory tagged `where`.
  Storage(int64_t bytes, Device device, const char* where);
  /// Foreign memory; `release`, if there is one, is called when the last view is gone. It must not
  /// throw.
  Storage(void* data, int64_t bytes, Device device, std::function<void()> release);
  ~Storage() override;

  void* data() const { return data_; }
  int64_t bytes() const { return bytes_; }
  Device device() const { return device_; }

  /// Grows with each write in place, so that a value saved for the gradient knows it is stale.
  uint32_t version() const { return version_.load(std::memory_order_relaxed); }
  void bump_version() { version_.fetch_add(1, std::memory_order_relaxed); }
  /// Makes it more than `version`, that of a block whose place this one takes.
  void bump_version_past(uint32_t version) {
    if (this->version() <= version) version_.store(version + 1, std::memory_order_relaxed);
  }

 private:
  void* data_ = nullptr;
  int64_t bytes_ = 0;
  Device device_;
  std::atomic<uint32_t> version_{0};
  bool foreign_ = false;
  std::function<void()> release_;
};

}  // namespace strata
