#pragma once

#include "strata/tensor/tensor.h"

struct DLManagedTensor;           // of dlpack/dlpack.h, which this header does not need
struct DLManagedTensorVersioned;  // the same since DLPack 1.0

namespace strata {

/// Shares a tensor's memory with another library (https://dmlc.github.io/dlpack). The result keeps
/// the memory alive until its deleter is called, from any thread. Writes on either side are seen on
/// the other; Strata does not notice those that are not its own. Throws DeviceError for tensors of
/// the meta device and GradError for those with a gradient: detach() them.
DLManagedTensor* to_dlpack(const Tensor& t);
DLManagedTensorVersioned* to_dlpack_versioned(const Tensor& t);

/// A tensor in another library's memory, strides kept. Takes over the ownership: the deleter is
/// called once the last view is gone. Throws DeviceError for memory that the processor does not
/// have, DTypeError for element types that Strata lacks (complex, vectors, 8 bits and fewer of
/// floating point), ValueError for null, negative strides, memory not aligned to its elements,
/// read-only memory and unknown major versions; the ownership then stays with the caller.
Tensor from_dlpack(DLManagedTensor* managed);
Tensor from_dlpack(DLManagedTensorVersioned* managed);

}  // namespace strata
