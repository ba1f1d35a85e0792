#include "strata/tensor/dlpack.h"

#include <array>
#include <memory>

#include <dlpack/dlpack.h>
#include <fmt/format.h>

#include "strata/base/error.h"

namespace strata {
namespace {

struct Element {
  DType dtype;
  DLDataTypeCode code;
};

constexpr std::array<Element, 9> kElements = {{{DType::f32, kDLFloat},
                                               {DType::bf16, kDLBfloat},
                                               {DType::f16, kDLFloat},
                                               {DType::f64, kDLFloat},
                                               {DType::i64, kDLInt},
                                               {DType::i32, kDLInt},
                                               {DType::u8, kDLUInt},
                                               {DType::i8, kDLInt},
                                               {DType::boolean, kDLBool}}};

DLDataType element_of(DType dtype) {
  for (const Element& e : kElements) {
    if (e.dtype == dtype) {
      return {static_cast<uint8_t>(e.code), static_cast<uint8_t>(8 * size_of(dtype)), 1};
    }
  }
  throw DTypeError("to_dlpack", fmt::format("DLPack has no {}", name_of(dtype)));
}

DType dtype_of_element(const DLDataType& type) {
  for (const Element& e : kElements) {
    if (e.code == type.code && 8 * size_of(e.dtype) == type.bits && type.lanes == 1) return e.dtype;
  }
  throw DTypeError("from_dlpack", fmt::format("elements of code {}, {} bits and {} lanes are not "
                                              "known here",
                                              type.code, type.bits, type.lanes));
}

/// What a shared tensor points into, for as long as somebody has it.
template <class Managed>
struct Shared {
  Tensor tensor;
  Shape shape;
  Strides strides;
  Managed managed{};
};

template <class Managed>
Managed* share(const Tensor& t) {
  if (t.is_meta()) throw DeviceError("to_dlpack", describe(t) + " has no memory to share");
  if (t.requires_grad()) {
    throw GradError("to_dlpack", describe(t) + " requires a gradient", "detach() it");
  }
  auto shared = std::make_unique<Shared<Managed>>();
  shared->tensor = t;
  shared->shape = t.shape();
  shared->strides = t.strides();
  DLTensor& out = shared->managed.dl_tensor;
  out.data = t.numel() ? shared->tensor.raw() : nullptr;
  out.device = {kDLCPU, 0};
  out.ndim = t.rank();
  out.dtype = element_of(t.dtype());
  out.shape = shared->shape.begin();
  out.strides = shared->strides.begin();
  shared->managed.manager_ctx = shared.get();
  shared->managed.deleter = [](Managed* self) {
    const std::unique_ptr<Shared<Managed>> last(static_cast<Shared<Managed>*>(self->manager_ctx));
  };
  return &shared.release()->managed;
}

/// Elements from the first to the last of such a view, both counted. Throws ValueError.
int64_t extent(const Shape& shape, const Strides& strides) {
  int64_t last = 0;
  for (int i = 0; i < shape.rank(); ++i) {
    int64_t reach = 0;
    if (shape[i] == 0) return 0;
    if (shape[i] > 1 && strides[i] < 0) {
      throw ValueError("from_dlpack", "negative strides", "copy the array first");
    }
    if (shape[i] > 1 && (__builtin_mul_overflow(shape[i] - 1, strides[i], &reach) ||
                         __builtin_add_overflow(last, reach, &last))) {
      throw ValueError("from_dlpack", "the strides reach beyond all memory");
    }
  }
  return last + 1;
}

template <class Managed>
Tensor take(Managed* managed) {
  const DLTensor& in = managed->dl_tensor;
  const auto device = in.device.device_type;
  if (device != kDLCPU && device != kDLCUDAHost && device != kDLROCMHost) {
    throw DeviceError("from_dlpack", fmt::format("memory of device type {} is not the processor's",
                                                 static_cast<int>(device)));
  }
  const DType dtype = dtype_of_element(in.dtype);
  if (in.ndim < 0 || in.ndim > kMaxRank) {
    throw ValueError("from_dlpack",
                     fmt::format("{} dimensions, at most {} are taken", in.ndim, kMaxRank));
  }
  Shape shape;
  for (int i = 0; i < in.ndim; ++i) shape.push_back(in.shape[i]);
  checked_numel("from_dlpack", shape);
  Strides strides = contiguous_strides(shape);
  if (in.strides) {
    for (int i = 0; i < in.ndim; ++i) strides[i] = in.strides[i];
  }
  const int64_t elements = extent(shape, strides);
  char* data = static_cast<char*>(in.data) + (in.data ? in.byte_offset : 0);
  if (elements > 0 && !data) throw ValueError("from_dlpack", "the memory is null");
  if (reinterpret_cast<uintptr_t>(data) % static_cast<uintptr_t>(size_of(dtype)) != 0) {
    throw ValueError("from_dlpack", "the memory is not aligned to its elements",
                     "copy the array first");
  }
  const auto release = [managed] {
    if (managed->deleter) managed->deleter(managed);
  };
  return from_blob(data, {elements}, dtype, release).as_strided(shape, strides, 0);
}

}  // namespace

DLManagedTensor* to_dlpack(const Tensor& t) { return share<DLManagedTensor>(t); }

DLManagedTensorVersioned* to_dlpack_versioned(const Tensor& t) {
  auto* managed = share<DLManagedTensorVersioned>(t);
  managed->version = {DLPACK_MAJOR_VERSION, DLPACK_MINOR_VERSION};
  managed->flags = 0;
  return managed;
}

Tensor from_dlpack(DLManagedTensor* managed) {
  if (!managed) throw ValueError("from_dlpack", "there is no tensor: the pointer is null");
  return take(managed);
}

Tensor from_dlpack(DLManagedTensorVersioned* managed) {
  if (!managed) throw ValueError("from_dlpack", "there is no tensor: the pointer is null");
  if (managed->version.major != DLPACK_MAJOR_VERSION) {
    throw ValueError("from_dlpack", fmt::format("DLPack {} is not known here, {} is",
                                                managed->version.major, DLPACK_MAJOR_VERSION));
  }
  if (managed->flags & DLPACK_FLAG_BITMASK_READ_ONLY) {
    throw ValueError("from_dlpack", "the memory is read-only", "copy the array first");
  }
  return take(managed);
}

}  // namespace strata
