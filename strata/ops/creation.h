#pragma once

#include <concepts>
#include <cstdint>

#include "strata/base/random.h"
#include "strata/tensor/tensor.h"

namespace strata {

/// Constant tensors. Throw ShapeError for absurd shapes and OutOfMemory.
Tensor full(const Shape& shape, double value, DType dtype = DType::f32, Device device = kCpu);
Tensor zeros(const Shape& shape, DType dtype = DType::f32, Device device = kCpu);
Tensor ones(const Shape& shape, DType dtype = DType::f32, Device device = kCpu);
/// Sizes are one list, unlike torch's: zeros({2, 3}).
template <std::integral A, std::integral B, class... More>
Tensor zeros(A, B, More&&...) = delete;
template <std::integral A, std::integral B, class... More>
Tensor ones(A, B, More&&...) = delete;
Tensor full_like(const Tensor& like, double value);
Tensor zeros_like(const Tensor& like);
Tensor ones_like(const Tensor& like);

/// begin, begin + step, ... up to but not including end; [ceil((end - begin) / step)]. Throws
/// ValueError for a step of 0 or of the wrong sign.
Tensor arange(double begin, double end, double step = 1, DType dtype = DType::i64,
              Device device = kCpu);
inline Tensor arange(double end) { return arange(0, end); }

/// `count` evenly spaced values from `begin` to `end`, both included.
Tensor linspace(double begin, double end, int64_t count, DType dtype = DType::f32,
                Device device = kCpu);

/// The n x n identity matrix.
Tensor eye(int64_t n, DType dtype = DType::f32, Device device = kCpu);

/// Uniform in [low, high). The values depend on the generator's seed and stream alone, not on the
/// number of threads. Throws ValueError unless low <= high and the dtype holds low, high and
/// high - low, DTypeError for integers.
Tensor rand(const Shape& shape, double low = 0, double high = 1, DType dtype = DType::f32,
            Device device = kCpu, Generator& generator = default_generator());

/// Normal with that mean and standard deviation (Box-Muller on Philox).
Tensor randn(const Shape& shape, double mean = 0, double stddev = 1, DType dtype = DType::f32,
             Device device = kCpu, Generator& generator = default_generator());

/// Of that dtype: in [0, 1), and of mean 0 and standard deviation 1.
inline Tensor rand(const Shape& shape, DType dtype, Device device = kCpu,
                   Generator& generator = default_generator()) {
  return rand(shape, 0, 1, dtype, device, generator);
}
inline Tensor randn(const Shape& shape, DType dtype, Device device = kCpu,
                    Generator& generator = default_generator()) {
  return randn(shape, 0, 1, dtype, device, generator);
}
/// Not torch's rand(2, 3) but rand({2, 3}).
template <std::integral A, std::integral B, class... More>
Tensor rand(A, B, More&&...) = delete;
template <std::integral A, std::integral B, class... More>
Tensor randn(A, B, More&&...) = delete;

/// Uniform integers in [low, high); floating dtypes may round them. Throws ValueError where the
/// range is empty or goes beyond the dtype's.
Tensor randint(int64_t low, int64_t high, const Shape& shape, DType dtype = DType::i64,
               Device device = kCpu, Generator& generator = default_generator());

/// The same in the shape, dtype and on the device of `like`.
Tensor rand_like(const Tensor& like, double low = 0, double high = 1,
                 Generator& generator = default_generator());
Tensor randn_like(const Tensor& like, double mean = 0, double stddev = 1,
                  Generator& generator = default_generator());
Tensor randint_like(const Tensor& like, int64_t low, int64_t high,
                    Generator& generator = default_generator());

/// A random order of 0 ... n-1; i64[n].
Tensor randperm(int64_t n, Generator& generator = default_generator());

}  // namespace strata
