#include "strata/tensor/dlpack.h"

#include <limits>
#include <thread>
#include <vector>

#include <dlpack/dlpack.h>
#include <gtest/gtest.h>

#include "strata/base/error.h"
#include "strata/device/cpu_allocator.h"
#include "strata/ops/arithmetic.h"
#include "strata/ops/copy.h"
#include "strata/ops/creation.h"
#include "strata/ops/views.h"

namespace strata {
namespace {

/// Memory of another library, which counts how often it got it back.
template <class Managed>
struct Lender {
  std::vector<float> values = {0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11};
  std::vector<int64_t> shape, strides;
  int returned = 0;
  Managed managed{};

  Lender(std::vector<int64_t> s, std::vector<int64_t> st)
      : shape(std::move(s)), strides(std::move(st)) {
    managed.dl_tensor = {.data = values.data(),
                         .device = {kDLCPU, 0},
                         .ndim = static_cast<int32_t>(shape.size()),
                         .dtype = {kDLFloat, 32, 1},
                         .shape = shape.data(),
                         .strides = strides.empty() ? nullptr : strides.data(),
                         .byte_offset = 0};
    managed.manager_ctx = this;
    managed.deleter = [](Managed* self) { ++static_cast<Lender*>(self->manager_ctx)->returned; };
    if constexpr (requires { managed.version; }) managed.version = {DLPACK_MAJOR_VERSION, 0};
  }
  DLTensor& tensor() { return managed.dl_tensor; }
};

using Legacy = Lender<DLManagedTensor>;
using Versioned = Lender<DLManagedTensorVersioned>;

TEST(DLPack, TakesMemoryWithItsStridesAndGivesItBackOnce) {
  Legacy lender({3, 2}, {1, 6});
  lender.tensor().byte_offset = 4;
  {
    const Tensor t = from_dlpack(&lender.managed);
    EXPECT_EQ(describe(t), "f32[3, 2]");
    EXPECT_EQ(t.to_vector<float>(), (std::vector<float>{1, 7, 2, 8, 3, 9}));
    EXPECT_FALSE(t.is_contiguous());
    const Tensor view = select(t, 1, 1), computed = t + 1.0;
    lender.values[7] = 70;  // shared, not copied
    EXPECT_EQ(view.to_vector<float>()[0], 70);
    EXPECT_EQ(computed.to_vector<float>()[1], 8);
    EXPECT_EQ(lender.returned, 0);
  }
  EXPECT_EQ(lender.returned, 1);
}

TEST(DLPack, TheLastViewGivesBackFromAnyThread) {
  Versioned lender({2, 6}, {});
  Tensor row = select(from_dlpack(&lender.managed), 0, 1);
  EXPECT_EQ(row.to_vector<float>()[0], 6);
  EXPECT_EQ(lender.returned, 0);
  std::thread([last = std::move(row)]() mutable { last = {}; }).join();
  EXPECT_EQ(lender.returned, 1);
}

TEST(DLPack, TakesScalarsAndEmptyArrays) {
  Legacy scalar({}, {}), empty({3, 0}, {0, 1});
  empty.tensor().data = nullptr;
  EXPECT_EQ(from_dlpack(&scalar.managed).item<float>(), 0);
  EXPECT_EQ(describe(from_dlpack(&empty.managed)), "f32[3, 0]");
  EXPECT_EQ(scalar.returned + empty.returned, 2);
}

TEST(DLPack, WhatItCannotTakeStaysTheCallers) {
  const auto refused = [](auto change, auto error) {
    using Error = decltype(error);
    Legacy lender({3, 2}, {2, 1});
    change(lender);
    EXPECT_THROW(from_dlpack(&lender.managed), Error);
    EXPECT_EQ(lender.returned, 0);
  };
  const DeviceError device("", "");
  const DTypeError dtype("", "");
  const ValueError value("", "");
  refused([](Legacy& l) { l.tensor().device = {kDLCUDA, 0}; }, device);
  refused([](Legacy& l) { l.tensor().dtype = {kDLComplex, 64, 1}; }, dtype);
  refused([](Legacy& l) { l.tensor().dtype = {kDLFloat, 32, 4}; }, dtype);
  refused([](Legacy& l) { l.tensor().dtype = {kDLUInt, 64, 1}; }, dtype);
  refused([](Legacy& l) { l.strides[0] = -2; }, value);
  refused([](Legacy& l) { l.strides[0] = std::numeric_limits<int64_t>::max(); }, value);
  refused([](Legacy& l) { l.tensor().data = nullptr; }, value);
  refused([](Legacy& l) { l.tensor().byte_offset = 2; }, value);
  refused([](Legacy& l) { l.tensor().ndim = 99; }, value);
  refused([](Legacy& l) { l.shape[0] = -1; }, ShapeError("", ""));
  Versioned later({2}, {1}), fixed({2}, {1});
  later.managed.version.major = DLPACK_MAJOR_VERSION + 1;
  fixed.managed.flags = DLPACK_FLAG_BITMASK_READ_ONLY;
  EXPECT_THROW(from_dlpack(&later.managed), ValueError);
  EXPECT_THROW(from_dlpack(&fixed.managed), ValueError);
  EXPECT_THROW(from_dlpack(static_cast<DLManagedTensor*>(nullptr)), ValueError);
}

TEST(DLPack, LendsMemoryThatLivesUntilItIsGivenBack) {
  const int64_t before = cpu_memory_stats().in_use;
  DLManagedTensor* lent = nullptr;
  {
    Tensor t = reshape(arange(0, 6), {2, 3});
    lent = to_dlpack(transpose(cast(t, DType::f32), 0, 1));
  }
  const DLTensor& d = lent->dl_tensor;
  ASSERT_EQ(d.ndim, 2);
  EXPECT_EQ(d.shape[0], 3);
  EXPECT_EQ(d.strides[0], 1);
  EXPECT_EQ(d.strides[1], 3);
  EXPECT_EQ(d.dtype.code, kDLFloat);
  EXPECT_EQ(d.dtype.bits, 32);
  EXPECT_EQ(d.device.device_type, kDLCPU);
  EXPECT_EQ(static_cast<const float*>(d.data)[d.strides[0] * 2 + d.strides[1]], 5);
  EXPECT_GT(cpu_memory_stats().in_use, before);
  lent->deleter(lent);
  EXPECT_EQ(cpu_memory_stats().in_use, before);
}

TEST(DLPack, EachDtypeComesBackAsItWent) {
  for (const char* name : {"f32", "bf16", "f16", "f64", "i64", "i32", "u8", "i8", "bool"}) {
    const Tensor t = cast(tensor<float>({0, 1, 1}), dtype_from_name(name));
    const Tensor back = from_dlpack(to_dlpack_versioned(t));
    EXPECT_EQ(describe(back), describe(t));
    EXPECT_EQ(back.to_vector<float>(), t.to_vector<float>());
    EXPECT_EQ(back.raw(), t.raw());
  }
}

TEST(DLPack, RefusesWhatHasNoMemoryOrAGradient) {
  EXPECT_THROW(to_dlpack(empty({2}, DType::f32, kMeta)), DeviceError);
  EXPECT_THROW(to_dlpack(ones({2}).set_requires_grad()), GradError);
}

}  // namespace
}  // namespace strata
