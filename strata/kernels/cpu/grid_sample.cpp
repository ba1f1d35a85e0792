#include "strata/kernels/grid_sample.h"

#include <algorithm>
#include <cmath>

#include "strata/base/parallel.h"

namespace strata::kernels {
namespace {

constexpr int64_t kGrain = 1024;  // points

/// A place along an axis in pixels, and its derivative by the number in the grid.
template <class T>
struct Place {
  T at, slope;
};

template <class T>
Place<T> unnormalized(T v, int64_t size, bool align_corners) {
  const T half = static_cast<T>(align_corners ? size - 1 : size) / 2;
  return {(v + 1) * half - (align_corners ? T(0) : T(0.5)), half};
}

/// On an edge the slope is 0, as in PyTorch; NaN is taken for the first edge.
template <class T>
Place<T> clipped(Place<T> p, int64_t size) {
  const T last = static_cast<T>(size - 1);
  if (!(p.at > 0)) return {T(0), T(0)};
  if (p.at >= last) return {last, T(0)};
  return p;
}

/// Mirrored about the centres of the outer pixels with `align_corners`, else about their edges.
template <class T>
Place<T> reflected(Place<T> p, int64_t size, bool align_corners) {
  const T low = align_corners ? T(0) : T(-0.5);
  const T span = static_cast<T>(align_corners ? size - 1 : size);
  if (span == 0) return {T(0), T(0)};
  const T from = p.at - low, distance = std::abs(from);
  const T extra = std::fmod(distance, span), flips = std::floor(distance / span);
  const T slope = from < 0 ? -p.slope : p.slope;
  return std::fmod(flips, T(2)) == 0 ? Place<T>{extra + low, slope}
                                     : Place<T>{span - extra + low, -slope};
}

template <class T>
Place<T> padded(Place<T> p, int64_t size, const GridSample& s) {
  if (s.padding == GridPadding::zeros) return p;
  if (s.padding == GridPadding::reflection) p = reflected(p, size, s.align_corners);
  return clipped(p, size);
}

/// Cubic taps take the padding one by one, the others all together.
template <class T>
Place<T> place_of(T v, int64_t size, const GridSample& s) {
  const Place<T> p = unnormalized(v, size, s.align_corners);
  return s.taps == 4 ? p : padded(p, size, s);
}

template <class T>
int64_t pixel(T at, int64_t size) {
  if (!(at >= 0 && at <= static_cast<T>(size - 1))) return -1;
  return std::min(static_cast<int64_t>(at), size - 1);  // T may round a large size up
}

template <class T>
void pixels_of(T v, int64_t size, const GridSample& s, int64_t* pixels) {
  const T at = place_of(v, size, s).at;
  if (s.taps == 1) {
    pixels[0] = pixel(std::nearbyint(at), size);
    return;
  }
  const T first = std::floor(at) - (s.taps == 4 ? T(1) : T(0));
  for (int k = 0; k < s.taps; ++k) {
    const T tap = first + static_cast<T>(k);
    pixels[k] = pixel(s.taps == 4 ? padded<T>({tap, T(0)}, size, s).at : tap, size);
  }
}

/// The derivative of order `m` of a + b t + c t^2 + d t^3.
template <class T>
T polynomial(T a, T b, T c, T d, T t, int m) {
  if (m == 0) return ((d * t + c) * t + b) * t + a;
  if (m == 1) return (3 * d * t + 2 * c) * t + b;
  if (m == 2) return 6 * d * t + 2 * c;
  return m == 3 ? 6 * d : T(0);
}

/// Those of the convolution of Keys (1981; a = -0.75) at t pixels behind the second of four taps.
template <class T>
void cubic_weights(T t, int m, T* y) {
  constexpr T kA = T(-0.75);
  const T mirrored = 1 - t, sign = m % 2 ? T(-1) : T(1);
  const auto near = [&](T v) { return polynomial<T>(1, 0, -(kA + 3), kA + 2, v, m); };
  // |v| in [1, 2), in v - 1: a v^3 - 5 a v^2 + 8 a v - 4 a.
  const auto far = [&](T v) { return polynomial<T>(0, kA, -2 * kA, kA, v, m); };
  y[0] = far(t);
  y[1] = near(t);
  y[2] = sign * near(mirrored);
  y[3] = sign * far(mirrored);
}

template <class T>
void axis_weights(T v, int64_t size, const GridSample& s, int m, T* y) {
  const Place<T> p = place_of(v, size, s);
  if (s.taps == 1) {
    y[0] = m == 0 ? T(1) : T(0);
    return;
  }
  const T t = p.at - std::floor(p.at);
  if (s.taps == 4) {
    cubic_weights(t, m, y);
  } else {
    y[0] = m == 0 ? 1 - t : m == 1 ? T(-1) : T(0);
    y[1] = m == 0 ? t : m == 1 ? T(1) : T(0);
  }
  for (int i = 0; i < m; ++i) {
    for (int k = 0; k < s.taps; ++k) y[k] *= p.slope;
  }
}

/// Calls f(axis, v) for each axis, in x's order, with the number v that point i has for it.
template <class T, class F>
void each_number(const GridSample& s, int64_t i, const T* grid, F&& f) {
  for (int a = 0; a < s.axes; ++a) {
    f(static_cast<size_t>(a), grid[i * s.axes + s.axes - 1 - a]);
  }
}

}  // namespace

template <class T>
void grid_weights(const GridSample& s, int64_t points, const GridOrders& orders, const T* grid,
                  T* y) {
  const int64_t all = s.taps_of_point();
  parallel_for(points, kGrain, [&](int64_t begin, int64_t end) {
    std::array<T, 4> along{};
    for (int64_t i = begin; i < end; ++i) {
      T* to = y + i * all;
      int64_t count = 1;
      to[0] = 1;
      each_number(s, i, grid, [&](size_t axis, T v) {
        axis_weights(v, s.size[axis], s, orders[axis], along.data());
        // From the back, so that the products made so far are read before they are written over.
        for (int64_t k = count - 1; k >= 0; --k) {
          const T before = to[k];
          for (int64_t t = s.taps - 1; t >= 0; --t) {
            to[k * s.taps + t] = before * along[static_cast<size_t>(t)];
          }
        }
        count *= s.taps;
      });
    }
  });
}

template <class T>
void grid_places(const GridSample& s, int64_t points, const T* grid, int32_t* y) {
  const int64_t all = s.taps_of_point();
  parallel_for(points, kGrain, [&](int64_t begin, int64_t end) {
    std::array<int64_t, 4> along{};
    for (int64_t i = begin; i < end; ++i) {
      int32_t* to = y + i * all;
      int64_t count = 1;
      to[0] = 0;
      each_number(s, i, grid, [&](size_t axis, T v) {
        pixels_of(v, s.size[axis], s, along.data());
        for (int64_t k = count - 1; k >= 0; --k) {
          const int64_t before = to[k];
          for (int64_t t = s.taps - 1; t >= 0; --t) {
            const int64_t at = along[static_cast<size_t>(t)];
            to[k * s.taps + t] =
                before < 0 || at < 0 ? -1 : static_cast<int32_t>(before * s.size[axis] + at);
          }
        }
        count *= s.taps;
      });
    }
  });
}

template void grid_weights(const GridSample&, int64_t, const GridOrders&, const float*, float*);
template void grid_weights(const GridSample&, int64_t, const GridOrders&, const double*, double*);
template void grid_places(const GridSample&, int64_t, const float*, int32_t*);
template void grid_places(const GridSample&, int64_t, const double*, int32_t*);

}  // namespace strata::kernels
