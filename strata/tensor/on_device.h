#pragma once

#include "strata/base/error.h"
#include "strata/tensor/tensor.h"

namespace strata {

/// Runs `kernel(tag)` with the tag of x's device (Cpu or Cuda); does nothing on the meta device.
template <class F>
void on_device(const Tensor& x, F&& kernel) {
  switch (x.device().type) {
    case DeviceType::cpu: kernel(Cpu{}); break;
    case DeviceType::cuda:
      if constexpr (kHasCuda) kernel(Cuda{});
      break;
    case DeviceType::meta: break;
  }
}

/// As on_device, for an op without a CUDA kernel: throws DeviceError tagged `op` for such tensors.
template <class F>
void on_cpu(const char* op, const Tensor& x, F&& kernel) {
  switch (x.device().type) {
    case DeviceType::cpu: kernel(Cpu{}); break;
    case DeviceType::cuda: throw DeviceError(op, "no CUDA kernel");
    case DeviceType::meta: break;
  }
}

}  // namespace strata
