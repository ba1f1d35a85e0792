#pragma once

#include "strata/base/error.h"
#include "strata/tensor/tensor.h"

namespace strata {

/// Runs `kernel(Cpu{})` for a tensor on the processor; does nothing on the meta device. Throws
/// DeviceError tagged `op` for one on CUDA.
template <class F>
void on_cpu(const char* op, const Tensor& x, F&& kernel) {
  switch (x.device().type) {
    case DeviceType::cpu: kernel(Cpu{}); break;
    case DeviceType::cuda: throw DeviceError(op, "no CUDA kernel");
    case DeviceType::meta: break;
  }
}

}  // namespace strata
