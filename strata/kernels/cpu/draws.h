#pragma once

#include <array>
#include <cstdint>
#include <type_traits>

#include "strata/base/parallel.h"
#include "strata/base/random.h"
#include "strata/tensor/tensor.h"

// What kernels of draws by rejection share.
namespace strata::kernels::cpu {

/// The random numbers of one element: attempt k has a Philox counter of its own.
struct Source {
  uint64_t seed, stream, element;

  std::array<uint32_t, 4> words(uint64_t attempt) const {
    return philox(seed, stream, element + (attempt << 48));
  }
};

/// Attempts that succeed more often than not all fail less than once in 2^64 times.
inline constexpr uint64_t kAttempts = 64;

/// f64 to T, rounded by way of f32 where T is half as wide.
template <class T>
T rounded(double x) {
  return static_cast<T>(static_cast<std::conditional_t<sizeof(T) == 8, double, float>>(x));
}

/// y[i] = draw(a[i], b[i], the source of element i), for contiguous tensors of one shape and
/// floating dtype.
template <class Draw>
void each_draw(uint64_t seed, uint64_t stream, const Tensor& a, const Tensor& b, Tensor& y,
               Draw draw) {
  constexpr int64_t kGrain = 512;
  visit_dtype(y.dtype(), [&](auto tag) {
    using T = typename decltype(tag)::type;
    if constexpr (is_floating(dtype_of<T>)) {
      const T *first = a.data<T>(), *second = b.data<T>();
      T* out = y.data<T>();
      parallel_for(y.numel(), kGrain, [&](int64_t begin, int64_t end) {
        for (int64_t i = begin; i < end; ++i) {
          const Source source{seed, stream, static_cast<uint64_t>(i)};
          out[i] = rounded<T>(
              draw(static_cast<double>(first[i]), static_cast<double>(second[i]), source));
        }
      });
    }
  });
}

}  // namespace strata::kernels::cpu
