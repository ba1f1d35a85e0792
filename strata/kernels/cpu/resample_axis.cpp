#include <algorithm>
#include <cmath>

#include "strata/kernels/resample.h"

namespace strata::kernels {
namespace {

void add_entry(ResampleAxis& axis, int64_t from, double weight) {
  axis.from.push_back(static_cast<int32_t>(from));
  axis.weight.push_back(weight);
}

template <class T>
void add_linear(ResampleAxis& axis, int64_t i, T scale, bool align_corners) {
  const T place = align_corners ? scale * static_cast<T>(i)
                                : std::max(T(0), scale * (static_cast<T>(i) + T(0.5)) - T(0.5));
  const int64_t low = std::min(static_cast<int64_t>(place), axis.in - 1);
  const T weight = std::clamp(place - static_cast<T>(low), T(0), T(1));
  add_entry(axis, low, 1 - weight);
  add_entry(axis, std::min(low + 1, axis.in - 1), weight);
}

template <class T>
void add_cubic(ResampleAxis& axis, int64_t i, T scale, bool align_corners) {
  constexpr T kA = T(-0.75);
  const auto near = [](T t) { return ((kA + 2) * t - (kA + 3)) * t * t + 1; };
  const auto far = [](T t) { return ((kA * t - 5 * kA) * t + 8 * kA) * t - 4 * kA; };
  const T place =
      align_corners ? scale * static_cast<T>(i) : scale * (static_cast<T>(i) + T(0.5)) - T(0.5);
  const auto low = static_cast<int64_t>(std::floor(place));
  const T t = place - static_cast<T>(low);
  const T weights[] = {far(t + 1), near(t), near(1 - t), far(2 - t)};
  for (int64_t k = 0; k < 4; ++k) {
    add_entry(axis, std::clamp<int64_t>(low - 1 + k, 0, axis.in - 1), weights[k]);
  }
}

}  // namespace

ResampleAxis nearest_axis(int64_t in, int64_t out, double scale) {
  ResampleAxis axis{.in = in, .begin = {0}, .from = {}, .weight = {}};
  const bool whole = out == in || out == 2 * in;
  for (int64_t i = 0; i < out; ++i) {
    const float place = std::floor(static_cast<float>(i) * static_cast<float>(scale));
    add_entry(axis, whole ? i * in / out : std::min(static_cast<int64_t>(place), in - 1), 1);
    axis.begin.push_back(static_cast<int32_t>(axis.from.size()));
  }
  return axis;
}

ResampleAxis linear_axis(int64_t in, int64_t out, double scale, bool align_corners, bool exact) {
  ResampleAxis axis{.in = in, .begin = {0}, .from = {}, .weight = {}};
  for (int64_t i = 0; i < out; ++i) {
    if (in == out) {
      add_entry(axis, i, 1);
    } else if (exact) {
      add_linear<double>(axis, i, scale, align_corners);
    } else {
      add_linear<float>(axis, i, static_cast<float>(scale), align_corners);
    }
    axis.begin.push_back(static_cast<int32_t>(axis.from.size()));
  }
  return axis;
}

ResampleAxis cubic_axis(int64_t in, int64_t out, double scale, bool align_corners, bool exact) {
  ResampleAxis axis{.in = in, .begin = {0}, .from = {}, .weight = {}};
  for (int64_t i = 0; i < out; ++i) {
    if (exact) {
      add_cubic<double>(axis, i, scale, align_corners);
    } else {
      add_cubic<float>(axis, i, static_cast<float>(scale), align_corners);
    }
    axis.begin.push_back(static_cast<int32_t>(axis.from.size()));
  }
  return axis;
}

ResampleAxis transposed(const ResampleAxis& axis) {
  ResampleAxis back{.in = axis.out(), .begin = {}, .from = {}, .weight = {}};
  back.begin.assign(static_cast<size_t>(axis.in) + 1, 0);
  for (int32_t from : axis.from) ++back.begin[static_cast<size_t>(from) + 1];
  for (size_t i = 1; i < back.begin.size(); ++i) back.begin[i] += back.begin[i - 1];
  back.from.resize(axis.from.size());
  back.weight.resize(axis.from.size());
  std::vector<int32_t> next(back.begin.begin(), back.begin.end() - 1);
  for (int64_t i = 0; i < axis.out(); ++i) {
    for (auto e = static_cast<size_t>(axis.begin[static_cast<size_t>(i)]);
         e < static_cast<size_t>(axis.begin[static_cast<size_t>(i) + 1]); ++e) {
      const auto to = static_cast<size_t>(next[static_cast<size_t>(axis.from[e])]++);
      back.from[to] = static_cast<int32_t>(i);
      back.weight[to] = axis.weight[e];
    }
  }
  return back;
}

}  // namespace strata::kernels
