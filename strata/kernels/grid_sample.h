#pragma once

#include <array>
#include <cstdint>

namespace strata::kernels {

enum class GridPadding : uint8_t { zeros, border, reflection };

/// How points of a grid look at images or volumes. The last number of a point is the place along
/// the last axis, -1 and 1 being its ends.
struct GridSample {
  int axes = 2;                   ///< 2 or 3
  std::array<int64_t, 3> size{};  ///< along each axis, in x's order
  int taps = 2;                   ///< along each axis: 1 nearest, 2 linear, 4 cubic
  GridPadding padding = GridPadding::zeros;
  bool align_corners = false;

  int64_t taps_of_point() const {
    int64_t n = 1;
    for (int a = 0; a < axes; ++a) n *= taps;
    return n;
  }
};

/// How often each axis' weights are differentiated by the point's number, in x's order of axes.
using GridOrders = std::array<int, 3>;

/// The weights of the taps, y[points, taps_of_point()], or their derivatives: products of one for
/// each axis, the last axis running fastest. T is float or double.
template <class T>
void grid_weights(const GridSample& s, int64_t points, const GridOrders& orders, const T* grid,
                  T* y);

/// The places of the taps, i32[points, taps_of_point()]: row-major numbers of pixels, -1 beyond the
/// edges.
template <class T>
void grid_places(const GridSample& s, int64_t points, const T* grid, int32_t* y);

/// Rows that are weighted and summed: n times `points` results of `taps` rows each out of `rows`
/// rows of c elements. Places below 0 stand for rows of zeros.
struct RowSums {
  int64_t n = 0, rows = 0, points = 0, taps = 0, c = 0;
};

/// y[n, points, c] = the sum of weights[n, points, taps] times the rows of x[n, rows, c] at the
/// places. T is float, double or bfloat16, W the type it is summed in: f32 for bfloat16.
template <class T, class W>
void sum_rows(const RowSums& s, const T* x, const int32_t* places, const W* weights, T* y);
/// dx[n, rows, c] = the sum of the weights times the rows of dy that they sent there.
template <class T, class W>
void sum_rows_back(const RowSums& s, const T* dy, const int32_t* places, const W* weights, T* dx);
/// dw[n, points, taps] = the dot products of the rows of dy and of x.
template <class T, class W>
void dot_rows(const RowSums& s, const T* dy, const T* x, const int32_t* places, W* dw);

}  // namespace strata::kernels
