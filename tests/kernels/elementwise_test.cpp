#include "strata/kernels/cpu/elementwise.h"

#include <bit>
#include <cmath>
#include <cstring>
#include <limits>
#include <vector>

#include <gtest/gtest.h>

#include "strata/base/parallel.h"
#include "strata/kernels/arithmetic.h"
#include "strata/kernels/compare.h"
#include "strata/kernels/copy.h"
#include "strata/kernels/cpu/convert.h"
#include "strata/kernels/unary.h"
#include "strata/ops/copy.h"
#include "strata/ops/creation.h"
#include "strata/ops/views.h"
#include "tests/support/instruction_sets.h"
#include "tests/support/ulps.h"

namespace strata {
namespace {

constexpr DType kAll[] = {DType::f32, DType::bf16, DType::f16, DType::f64,    DType::i64,
                          DType::i32, DType::u8,   DType::i8,  DType::boolean};

/// a + b in f64 by the definition of broadcasting.
std::vector<double> naive_sum(const Tensor& a, const Tensor& b, const Shape& shape) {
  const auto x = expand(a, shape).to_vector<double>(), y = expand(b, shape).to_vector<double>();
  std::vector<double> out(x.size());
  for (size_t i = 0; i < x.size(); ++i) out[i] = x[i] + y[i];
  return out;
}

/// Small whole numbers, which every dtype here can hold.
Tensor numbers(const Shape& shape, DType dtype) {
  Tensor t = empty(shape, DType::i64);
  for (int64_t i = 0; i < t.numel(); ++i) t.data<int64_t>()[i] = i * 7 % 11;
  return cast(t, dtype);
}

TEST(ElementwiseKernels, AnyStridesAndDtypes) {
  struct Pair {
    Shape a, b, out;
  };
  // Sizes around the vectors and blocks, runs shorter and longer than a block.
  const Pair pairs[] = {{{}, {}, {}},
                        {{1}, {0}, {0}},
                        {{7}, {7}, {7}},
                        {{33}, {1}, {33}},
                        {{5, 3}, {3}, {5, 3}},
                        {{700, 3}, {700, 1}, {700, 3}},
                        {{3, 1, 4}, {5, 1}, {3, 5, 4}},
                        {{2, 2100}, {2100}, {2, 2100}},
                        {{1, 2100}, {3, 1}, {3, 2100}},
                        {{2, 3, 2, 3, 2, 3, 2, 1}, {3, 1, 1, 2, 3}, {2, 3, 2, 3, 2, 3, 2, 3}}};
  for (const Pair& p : pairs) {
    for (DType da : kAll) {
      for (DType db : {DType::f32, DType::bf16, DType::i32}) {
        if (da == DType::boolean) continue;
        const Tensor a = numbers(p.a, da), b = numbers(p.b, db);
        Tensor y = empty(p.out, DType::f32);
        kernels::add(Cpu{}, a, b, y);
        ASSERT_EQ(y.to_vector<double>(), naive_sum(a, b, p.out)) << describe(a) << describe(b);
        Tensor wide = empty(p.out, DType::f64);
        kernels::add(Cpu{}, a, b, wide);
        ASSERT_EQ(wide.to_vector<double>(), naive_sum(a, b, p.out)) << describe(a) << describe(b);
      }
    }
  }
}

TEST(ElementwiseKernels, RowsThatRepeat) {
  // Rows that stay in a buffer, just so and just not, under parts that begin within a row.
  const int before = thread_count();
  set_thread_count(3);
  for (int64_t width : {2, 3, 100, 511, 512, 513, 700}) {
    const Shape shape = {100003 / width, width};
    const Tensor a = numbers(shape, DType::f32);
    for (DType dtype : {DType::f32, DType::bf16}) {
      const Tensor row = numbers({width}, dtype);
      Tensor y = empty(shape, DType::f32);
      kernels::add(Cpu{}, a, row, y);
      ASSERT_EQ(y.to_vector<double>(), naive_sum(a, row, shape)) << describe(row);
    }
  }
  set_thread_count(before);
}

TEST(ElementwiseKernels, HalvesOfAnyNumber) {
  const Tensor a = numbers({80}, DType::bf16), b = numbers({3, 80}, DType::bf16);
  for (int64_t n = 1; n < 80; ++n) {
    const Tensor x = slice(a, 0, 0, n), z = slice(select(b, 0, 2), 0, 0, n);
    Tensor base = full({n + 1}, 99, DType::bf16);
    Tensor y = slice(base, 0, 0, n);
    kernels::add(Cpu{}, x, z, y);
    ASSERT_EQ(y.to_vector<double>(), naive_sum(x, z, {n})) << n;
    ASSERT_EQ(base.to_vector<double>().back(), 99) << n;
  }
}

TEST(ElementwiseKernels, StridedInputsAndOutputs) {
  const Tensor a = transpose(numbers({40, 50}, DType::f32), 0, 1);
  const Tensor b = slice(numbers({50, 80}, DType::bf16), 1, 0, 80, 2);
  for (DType dtype : {DType::f32, DType::bf16, DType::f64, DType::i32, DType::u8}) {
    Tensor base = full({80, 100}, 99, dtype);
    Tensor y = transpose(slice(slice(base, 0, 0, 80, 2), 1, 1, 100, 2), 0, 1);
    kernels::add(Cpu{}, a, b, y);
    EXPECT_EQ(y.to_vector<double>(), naive_sum(a, b, {50, 40})) << describe(y);
    EXPECT_EQ(base.to_vector<double>()[0], 99);
    EXPECT_EQ(base.to_vector<double>()[101], 99);
  }
}

TEST(ElementwiseKernels, InPlace) {
  Tensor x = numbers({1001}, DType::f32);
  const auto before = x.to_vector<double>();
  kernels::add(Cpu{}, x, x, x);
  const auto after = x.to_vector<double>();
  for (size_t i = 0; i < before.size(); ++i) ASSERT_EQ(after[i], 2 * before[i]);
}

TEST(ElementwiseKernels, StreamedResultsAreTheSame) {
  const int64_t n = kernels::cpu::kStreamBytes / 4 + 1001;
  const Tensor x = rand({n}, -3, 3);
  Tensor y = empty_like(x), narrow = empty({n}, DType::f64);
  kernels::exp(Cpu{}, x, y);
  kernels::copy(Cpu{}, x, narrow);
  for (int64_t begin : {int64_t{0}, int64_t{999}, n / 2 + 1, n - 3000}) {
    const Tensor part = slice(x, 0, begin, begin + 3000);
    Tensor expected = empty(part.shape(), DType::f32);
    kernels::exp(Cpu{}, part, expected);
    EXPECT_EQ(slice(y, 0, begin, begin + 3000).to_vector<float>(), expected.to_vector<float>());
    EXPECT_EQ(slice(narrow, 0, begin, begin + 3000).to_vector<double>(), part.to_vector<double>());
  }
}

TEST(ElementwiseKernels, StreamedHalvesAndComparisonsAreTheSame) {
  const int64_t n = kernels::cpu::kStreamBytes + 1001;
  const Tensor x = cast(rand({n}, -3, 3), DType::bf16), row = rand({1001}, -1, 1);
  const Tensor square = x.as_strided({n / 1001, 1001}, {1001, 1}, 0);
  Tensor y = empty_like(x), above = empty({n}, DType::boolean), sums = empty(square.shape());
  kernels::add(Cpu{}, x, x, y);
  kernels::gt(Cpu{}, x, y, DType::f32, above);
  kernels::add(Cpu{}, square, row, sums);
  for (int64_t begin : {int64_t{0}, int64_t{999}, n / 2 + 1, n - 3000}) {
    const auto at = [&](const Tensor& t) {
      return slice(t, 0, begin, begin + 3000).to_vector<float>();
    };
    const auto a = at(x), b = at(y), c = at(above);
    for (size_t i = 0; i < a.size(); ++i) {
      ASSERT_EQ(b[i], 2 * a[i]) << begin << " " << i;
      ASSERT_EQ(c[i], a[i] > b[i] ? 1 : 0) << begin << " " << i;
    }
  }
  const int64_t last = sums.shape()[0] - 1;
  const auto exact = naive_sum(select(square, 0, last), row, {1001});
  EXPECT_EQ(select(sums, 0, last).to_vector<float>(),
            std::vector<float>(exact.begin(), exact.end()));
}

TEST(ElementwiseKernels, PowerIsAccurate) {
  // All bit patterns in strides that share nothing, exponents that just reach the ends of f32's
  // range for bases near 1 and far from it, and whole numbers, whose powers are exact.
  std::vector<float> x, y;
  for (uint32_t i = 0; i < 1u << 20; ++i) {
    x.push_back(std::bit_cast<float>(i * 2654435761u));
    y.push_back(std::bit_cast<float>(i * 2246822519u));
    const uint32_t near_one = 0x3f800000 + (i % 4096 - 2048) * (i % 7 == 0 ? 1 : 997);
    x.push_back(i % 2 == 0 ? std::bit_cast<float>(near_one) : std::exp2(4.0f * i / 1048576 - 2));
    y.push_back(static_cast<float>((i % 2351) / 8.0 - 147) / std::log2(x.back()));
  }
  for (int base = 0; base <= 100; ++base) {
    for (int power = -3; power < 12; ++power) x.push_back(base), y.push_back(power);
  }
  const auto n = static_cast<int64_t>(x.size());
  const Tensor base = tensor(x, {n}), power = tensor(y, {n});
  testing::on_each_instruction_set([&] {
    Tensor z = empty({n});
    kernels::pow(Cpu{}, base, power, z);
    const float* got = z.data<float>();
    for (size_t i = 0; i < x.size(); ++i) {
      const double exact = std::pow(double{x[i]}, double{y[i]});
      const double off = testing::ulps(got[i], exact);
      ASSERT_LE(off, 3.0) << x[i] << " ^ " << y[i] << " is " << got[i];
      const bool whole = std::floor(x[i]) == x[i] && y[i] >= 0 && std::floor(y[i]) == y[i];
      if (whole && exact <= 0x1p24) {
        ASSERT_EQ(got[i], exact) << x[i] << " ^ " << y[i];
      }
    }
  });
}

TEST(ElementwiseKernels, SameBitsOnAnyNumberOfThreads) {
  const int before = thread_count();
  const Tensor x = rand({300007}, -3, 3), row = rand({7, 1}, -1, 1), wide = rand({7, 30001}, -1, 1);
  set_thread_count(1);
  Tensor y1 = empty_like(x), z1 = empty_like(wide);
  kernels::sin(Cpu{}, x, y1);
  kernels::pow(Cpu{}, wide, row, z1);
  for (int threads : {2, 3, 4}) {
    set_thread_count(threads);
    Tensor y = empty_like(x), z = empty_like(wide);
    kernels::sin(Cpu{}, x, y);
    kernels::pow(Cpu{}, wide, row, z);
    EXPECT_EQ(std::memcmp(y.raw(), y1.raw(), static_cast<size_t>(x.numel()) * 4), 0);
    EXPECT_EQ(std::memcmp(z.raw(), z1.raw(), static_cast<size_t>(wide.numel()) * 4), 0);
  }
  set_thread_count(before);
}

TEST(Cast, BetweenAllDtypes) {
  for (DType from : kAll) {
    const Tensor x = numbers({37}, from);
    for (DType to : kAll) {
      const Tensor y = cast(x, to);
      const auto a = x.to_vector<double>(), b = y.to_vector<double>();
      for (size_t i = 0; i < a.size(); ++i) {
        const double expected = to == DType::boolean ? a[i] != 0 : a[i];
        ASSERT_EQ(b[i], expected) << name_of(from) << " to " << name_of(to) << " at " << i;
      }
    }
  }
}

TEST(Cast, RoundsTruncatesAndWraps) {
  const float nan = std::nanf(""), infinity = std::numeric_limits<float>::infinity();
  std::vector<float> values = {1.00390625F, 1.01171875F, 3.4e38F, -3.4e38F, 1e-40F,
                               infinity,    -infinity,   nan,     -0.0F,    65504.0F};
  for (int i = 0; i < 3; ++i) values.insert(values.end(), values.begin(), values.begin() + 10);
  const Tensor x = tensor(values, {static_cast<int64_t>(values.size())});
  const auto halves = cast(x, DType::bf16).to_vector<float>();
  for (size_t i = 0; i < values.size(); ++i) {
    const float expected = bfloat16(values[i]);
    if (std::isnan(expected)) {
      EXPECT_TRUE(std::isnan(halves[i]));
    } else {
      EXPECT_EQ(halves[i], expected) << values[i];
    }
  }
  EXPECT_EQ(cast(tensor({-2.7F, 2.7F, 300.5F}), DType::i32).to_vector<int32_t>(),
            (std::vector<int32_t>{-2, 2, 300}));
  EXPECT_EQ(cast(tensor<int64_t>({300, -1}), DType::u8).to_vector<int32_t>(),
            (std::vector<int32_t>{44, 255}));
  EXPECT_EQ(cast(tensor({nan, 0.0F, -0.0F, 0.25F}), DType::boolean).to_vector<int32_t>(),
            (std::vector<int32_t>{1, 0, 0, 1}));
  std::vector<float> mixed(150);
  std::vector<int32_t> set(150);
  for (size_t i = 0; i < mixed.size(); ++i) {
    mixed[i] = i % 3 == 0 ? 0.0F : i % 5 == 0 ? nan : 256.0F * static_cast<float>(i % 7);
    set[i] = mixed[i] != 0;
  }
  EXPECT_EQ(cast(tensor(mixed, {150}), DType::boolean).to_vector<int32_t>(), set);
}

}  // namespace
}  // namespace strata
