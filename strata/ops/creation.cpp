#include "strata/ops/creation.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <type_traits>

#include <fmt/format.h>

#include "strata/base/error.h"
#include "strata/base/largest_finite.h"
#include "strata/kernels/copy.h"
#include "strata/kernels/random.h"
#include "strata/tensor/on_device.h"

namespace strata {
namespace {

/// Values at(i), computed in f64.
template <class F>
Tensor ramp(const char* op, int64_t n, DType dtype, Device device, F at) {
  Tensor y = empty({n}, dtype, device, op);
  on_cpu(op, y, [&](Cpu) {
    visit_dtype(dtype, [&](auto tag) {
      using T = typename decltype(tag)::type;
      T* out = y.data<T>();
      for (int64_t i = 0; i < n; ++i) {
        const double v = at(static_cast<double>(i));
        if constexpr (std::is_integral_v<T>) {
          out[i] = static_cast<T>(static_cast<int64_t>(v));
        } else {
          out[i] = static_cast<T>(v);
        }
      }
    });
  });
  return y;
}

/// Value i of `count` evenly spaced ones: from either end to the middle, so that both are exact.
auto evenly(double begin, double end, int64_t count) {
  const double last = static_cast<double>(count) - 1;
  const double step = count > 1 ? (end - begin) / last : 0;
  return [=](double i) { return 2 * i <= last ? begin + i * step : end - (last - i) * step; };
}

void check_floating(const char* op, DType dtype) {
  if (is_floating(dtype)) return;
  throw DTypeError(op, fmt::format("needs a floating dtype, got {}", name_of(dtype)));
}

/// Whether integers from `least` to `most` neither wrap nor overflow. Floating dtypes may round
/// them, as in PyTorch.
bool fit(int64_t least, int64_t most, DType dtype) {
  return visit_dtype(dtype, [&](auto tag) {
    using T = typename decltype(tag)::type;
    if constexpr (std::is_integral_v<T>) {
      using Limits = std::numeric_limits<T>;
      return least >= int64_t{Limits::min()} && most <= int64_t{Limits::max()};
    } else {
      const double limit = largest_finite(dtype);
      return static_cast<double>(least) >= -limit && static_cast<double>(most) <= limit;
    }
  });
}

template <class T>
ValueError no_way(T begin, T end, T step) {
  return {"arange", fmt::format("no steps of {} lead from {} to {}", step, begin, end)};
}

template <class T>
ValueError unfit_range(const char* op, T low, T high, DType dtype) {
  return {op, fmt::format("[{}, {}) does not fit {}", low, high, name_of(dtype))};
}

}  // namespace

Tensor full(const Shape& shape, double value, DType dtype, Device device) {
  Tensor y = empty(shape, dtype, device);
  on_cpu("full", y, [&](Cpu cpu) { kernels::fill(cpu, value, y); });
  return y;
}

Tensor zeros(const Shape& shape, DType dtype, Device device) {
  return full(shape, 0, dtype, device);
}

Tensor ones(const Shape& shape, DType dtype, Device device) {
  return full(shape, 1, dtype, device);
}

Tensor full_like(const Tensor& like, double value) {
  return full(like.shape(), value, like.dtype(), like.device());
}

Tensor zeros_like(const Tensor& like) { return full_like(like, 0); }

Tensor ones_like(const Tensor& like) { return full_like(like, 1); }

Tensor arange(double begin, double end, double step, DType dtype, Device device) {
  constexpr double kMost = 0x1p59;  // elements, as checked_numel
  const double steps = (end - begin) / step;
  const double count = std::ceil(steps);
  if (!(steps >= 0 && count <= kMost)) {  // a step of 0 makes it NaN or infinite
    throw no_way(begin, end, step);
  }
  return ramp("arange", static_cast<int64_t>(count), dtype, device,
              [=](double i) { return begin + i * step; });
}

Tensor internal::arange_integers(int64_t begin, int64_t end, int64_t step) {
  if (step == 0 || (step > 0 ? end < begin : end > begin)) throw no_way(begin, end, step);
  // Differences of int64_t may need its unsigned counterpart.
  const uint64_t span = step > 0 ? static_cast<uint64_t>(end) - static_cast<uint64_t>(begin)
                                 : static_cast<uint64_t>(begin) - static_cast<uint64_t>(end);
  const uint64_t size = step > 0 ? static_cast<uint64_t>(step) : 0 - static_cast<uint64_t>(step);
  const uint64_t count = span / size + (span % size != 0);
  if (count > uint64_t{1} << 59) throw no_way(begin, end, step);
  Tensor y = empty({static_cast<int64_t>(count)}, DType::i64, kCpu, "arange");
  auto* out = y.data<int64_t>();
  for (uint64_t i = 0; i < count; ++i) {
    out[i] = static_cast<int64_t>(static_cast<uint64_t>(begin) + i * static_cast<uint64_t>(step));
  }
  return y;
}

Tensor linspace(double begin, double end, int64_t count, DType dtype, Device device) {
  return ramp("linspace", count, dtype, device, evenly(begin, end, count));
}

Tensor logspace(double begin, double end, int64_t count, double base, DType dtype, Device device) {
  return ramp("logspace", count, dtype, device,
              [base, at = evenly(begin, end, count)](double i) { return std::pow(base, at(i)); });
}

Tensor eye(int64_t n, DType dtype, Device device) { return eye(n, n, dtype, device); }

Tensor eye(int64_t rows, int64_t columns, DType dtype, Device device) {
  Tensor y = zeros({rows, columns}, dtype, device);
  Tensor diagonal = y.as_strided({std::min(rows, columns)}, {columns + 1}, 0);
  on_cpu("eye", y, [&](Cpu cpu) { kernels::fill(cpu, 1, diagonal); });
  return y;
}

Tensor rand(const Shape& shape, double low, double high, DType dtype, Device device,
            Generator& generator) {
  check_floating("rand", dtype);
  if (!(low <= high)) throw ValueError("rand", fmt::format("[{}, {}) is no range", low, high));
  const double limit = largest_finite(dtype);
  if (low < -limit || high > limit || high - low > limit) {
    throw unfit_range("rand", low, high, dtype);
  }
  Tensor y = empty(shape, dtype, device);
  on_cpu("rand", y, [&](Cpu cpu) {
    kernels::uniform(cpu, generator.seed, generator.next_stream(), low, high, y);
  });
  return y;
}

Tensor randn(const Shape& shape, double mean, double stddev, DType dtype, Device device,
             Generator& generator) {
  check_floating("randn", dtype);
  Tensor y = empty(shape, dtype, device);
  on_cpu("randn", y, [&](Cpu cpu) {
    kernels::normal(cpu, generator.seed, generator.next_stream(), mean, stddev, y);
  });
  return y;
}

Tensor randint(int64_t low, int64_t high, const Shape& shape, DType dtype, Device device,
               Generator& generator) {
  if (low >= high) throw ValueError("randint", fmt::format("[{}, {}) is empty", low, high));
  if (!fit(low, high - 1, dtype)) throw unfit_range("randint", low, high, dtype);
  Tensor y = empty(shape, dtype, device);
  on_cpu("randint", y, [&](Cpu cpu) {
    kernels::uniform_int(cpu, generator.seed, generator.next_stream(), low, high, y);
  });
  return y;
}

Tensor rand_like(const Tensor& like, double low, double high, Generator& generator) {
  return rand(like.shape(), low, high, like.dtype(), like.device(), generator);
}

Tensor randn_like(const Tensor& like, double mean, double stddev, Generator& generator) {
  return randn(like.shape(), mean, stddev, like.dtype(), like.device(), generator);
}

Tensor randint_like(const Tensor& like, int64_t low, int64_t high, Generator& generator) {
  return randint(low, high, like.shape(), like.dtype(), like.device(), generator);
}

Tensor randperm(int64_t n, Generator& generator) {
  Tensor y = arange(n);
  auto* out = y.data<int64_t>();
  for (int64_t i = n - 1; i > 0; --i) {
    std::swap(out[i], out[generator.below(static_cast<uint64_t>(i) + 1)]);
  }
  return y;
}

void internal::ragged(size_t length, size_t first_length) {
  throw ShapeError("tensor",
                   fmt::format("a row of {} numbers beside one of {}", length, first_length));
}

}  // namespace strata
