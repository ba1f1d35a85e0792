#pragma once

#include <algorithm>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <vector>

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
Tensor arange(double begin, double end, double step, DType dtype, Device device = kCpu);
inline Tensor arange(double begin, double end, DType dtype, Device device = kCpu) {
  return arange(begin, end, 1, dtype, device);
}
inline Tensor arange(double end, DType dtype, Device device = kCpu) {
  return arange(0, end, 1, dtype, device);
}

namespace internal {

template <class T>
concept RealNumber = std::integral<T> || std::floating_point<T>;

Tensor arange_integers(int64_t begin, int64_t end, int64_t step);

}  // namespace internal

/// The same without a dtype: i64 for three integers, else f32.
template <internal::RealNumber A, internal::RealNumber B, internal::RealNumber C = int>
Tensor arange(A begin, B end, C step = 1) {
  if constexpr (std::integral<A> && std::integral<B> && std::integral<C>) {
    return internal::arange_integers(static_cast<int64_t>(begin), static_cast<int64_t>(end),
                                     static_cast<int64_t>(step));
  } else {
    return arange(static_cast<double>(begin), static_cast<double>(end), static_cast<double>(step),
                  DType::f32);
  }
}
template <internal::RealNumber T>
Tensor arange(T end) {
  return arange(T(0), end);
}

/// `count` evenly spaced values from `begin` to `end`, both included.
Tensor linspace(double begin, double end, int64_t count, DType dtype = DType::f32,
                Device device = kCpu);

/// `base` to the powers linspace(begin, end, count).
Tensor logspace(double begin, double end, int64_t count, double base = 10, DType dtype = DType::f32,
                Device device = kCpu);

/// The n x n identity matrix.
Tensor eye(int64_t n, DType dtype = DType::f32, Device device = kCpu);
/// Ones on the main diagonal, zeros elsewhere. Throws ShapeError for negative sizes.
Tensor eye(int64_t rows, int64_t columns, DType dtype = DType::f32, Device device = kCpu);

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

namespace internal {

[[noreturn]] void ragged(size_t length, size_t first_length);

/// Rows of numbers, lists themselves, one behind the other.
template <class T, class Rows>
Tensor from_rows(const Rows& rows) {
  if (rows.size() == 0) return empty({0}, dtype_of<T>, kCpu, "tensor");
  const size_t width = rows.begin()->size();
  Tensor y = empty({static_cast<int64_t>(rows.size()), static_cast<int64_t>(width)}, dtype_of<T>,
                   kCpu, "tensor");
  T* to = y.data<T>();
  for (const auto& row : rows) {
    if (row.size() != width) ragged(row.size(), width);
    to = std::copy(row.begin(), row.end(), to);
  }
  return y;
}

}  // namespace internal

/// A matrix of these rows: tensor({{1, 2}, {3, 4}}). Throws ShapeError where their lengths differ.
template <class T>
Tensor tensor(std::initializer_list<std::initializer_list<T>> rows) {
  return internal::from_rows<T>(rows);
}
template <class T>
Tensor tensor(const std::vector<std::vector<T>>& rows) {
  return internal::from_rows<T>(rows);
}

}  // namespace strata
