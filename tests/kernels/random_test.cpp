// Every instruction set that the kernels of random numbers and turned copies are compiled for.
#include "strata/kernels/random.h"

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <numbers>
#include <vector>

#include <gtest/gtest.h>

#include "strata/base/random.h"
#include "strata/kernels/cpu/convert.h"
#include "strata/kernels/cpu/transpose.h"
#include "strata/kernels/dropout.h"
#include "strata/ops/creation.h"
#include "tests/support/instruction_sets.h"

namespace strata {
namespace {

constexpr int64_t kCount = 1003;  // no multiple of any vector's size

uint32_t word(uint64_t seed, uint64_t stream, size_t i) {
  return philox(seed, stream, i / 4)[i % 4];
}

TEST(RandomKernels, UniformsAreWordsOfPhilox) {
  testing::on_each_instruction_set([] {
    // A seed and a stream that use all of their bits.
    constexpr uint64_t kSeed = 0x123456789abcdef0, kStream = 0xfedcba9876543210;
    Tensor y = empty({kCount});
    kernels::uniform(Cpu{}, kSeed, kStream, -2, 2, y);
    const auto got = y.to_vector<float>();
    for (size_t i = 0; i < got.size(); ++i) {
      ASSERT_EQ(got[i], -2 + 4 * unit_float(word(kSeed, kStream, i))) << i;
    }
  });
}

TEST(RandomKernels, NormalsAreThoseOfBoxAndMuller) {
  testing::on_each_instruction_set([] {
    Tensor y = empty({kCount});
    kernels::normal(Cpu{}, 5, 6, 1, 2, y);
    const auto got = y.to_vector<double>();
    for (size_t i = 0; i < got.size(); ++i) {
      const size_t even = i / 2 * 2;
      const double u = ((word(5, 6, even) >> 1) + 0.5) * 0x1p-31;
      const double angle = static_cast<int32_t>(word(5, 6, even + 1)) * std::numbers::pi * 0x1p-31;
      const double radius = 2 * std::sqrt(-2 * std::log(u));
      ASSERT_NEAR(got[i], 1 + radius * (i == even ? std::cos(angle) : std::sin(angle)), 2e-5) << i;
    }
  });
}

TEST(RandomKernels, DropoutComparesWords) {
  testing::on_each_instruction_set([] {
    const Tensor x = ones({kCount});
    Tensor y = empty({kCount});
    kernels::dropout(Cpu{}, x, 7, 8, 0xc0000000u, 4, y);
    const auto got = y.to_vector<float>();
    for (size_t i = 0; i < got.size(); ++i) {
      ASSERT_EQ(got[i], word(7, 8, i) >= 0xc0000000u ? 4.0F : 0.0F) << i;
    }
  });
}

template <class T>
void expect_turned(int64_t rows, int64_t columns, int64_t xs, int64_t ys, bool stream) {
  std::vector<T> x(static_cast<size_t>(columns * xs)), memory(static_cast<size_t>(rows * ys) + 64);
  std::fill(memory.begin(), memory.end(), T{77});
  // Streaming asks for a line's beginning; without it any place will do.
  const size_t off = 64 - reinterpret_cast<uintptr_t>(memory.data()) % 64;
  T* y = memory.data() + off / sizeof(T) - (stream ? 0 : 1);
  for (size_t i = 0; i < x.size(); ++i) x[i] = static_cast<T>(i * 2654435761u >> 7);
  kernels::cpu::transpose(sizeof(T), x.data(), xs, y, ys, rows, columns, stream);
  if (stream) kernels::cpu::finish_streaming();
  for (int64_t i = 0; i < rows; ++i) {
    for (int64_t j = 0; j < ys; ++j) {
      const T wanted = j < columns ? x[static_cast<size_t>(i + j * xs)] : T{77};
      ASSERT_EQ(y[i * ys + j], wanted) << i << " " << j;
    }
  }
}

TEST(TransposeKernel, AnyWidthAndStride) {
  testing::on_each_instruction_set([] {
    for (const int64_t rows : {1, 3, 16, 37, 64}) {
      for (const int64_t columns : {1, 5, 33, 256}) {
        for (const int64_t xs : {rows, rows + 3, int64_t{4096}}) {
          for (const int64_t ys : {columns, columns + 1, int64_t{4096}}) {
            for (const bool stream : {false, true}) {
              expect_turned<uint8_t>(rows, columns, xs, ys, stream);
              expect_turned<uint16_t>(rows, columns, xs, ys, stream);
              expect_turned<uint32_t>(rows, columns, xs, ys, stream);
              expect_turned<uint64_t>(rows, columns, xs, ys, stream);
            }
          }
        }
      }
    }
  });
}

}  // namespace
}  // namespace strata
