#pragma once

#include <cstddef>
#include <cstdint>

#include "strata/device/cpu_allocator.h"

namespace strata::kernels {

/// Uninitialised working memory of a kernel, 64-byte aligned, from the caching allocator.
template <class T>
class Scratch {
 public:
  Scratch(int64_t count, const char* where)
      : bytes_(count * static_cast<int64_t>(sizeof(T))),
        data_(static_cast<T*>(cpu_allocate(bytes_, where))) {}
  ~Scratch() { cpu_release(data_, bytes_); }
  Scratch(const Scratch&) = delete;
  Scratch& operator=(const Scratch&) = delete;

  T* data() const { return data_; }
  T& operator[](int64_t i) const { return data_[i]; }

 private:
  int64_t bytes_;
  T* data_;
};

}  // namespace strata::kernels
