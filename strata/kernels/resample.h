#pragma once

#include <cstdint>
#include <vector>

namespace strata::kernels {

/// Each result along an axis as a weighted sum of inputs: result i takes the entries from begin[i]
/// on and before begin[i + 1].
struct ResampleAxis {
  int64_t in = 0;
  std::vector<int32_t> begin, from;
  std::vector<double> weight;

  int64_t out() const { return static_cast<int64_t>(begin.size()) - 1; }
};

/// Nearest neighbour as PyTorch has it: floor(i * scale), in f32. `scale` is input over result, and
/// not asked where the size stays or doubles.
ResampleAxis nearest_axis(int64_t in, int64_t out, double scale);
/// Linear interpolation between the two nearest inputs. Without `align_corners` pixels are areas,
/// with it their centres are points and `scale` is (in - 1) / (out - 1). Places are computed in f64
/// if `exact`, else in f32.
ResampleAxis linear_axis(int64_t in, int64_t out, double scale, bool align_corners, bool exact);
/// Cubic convolution (Keys, 1981; a = -0.75) of the four nearest inputs, those beyond the edges
/// being the edge; places as in linear_axis.
ResampleAxis cubic_axis(int64_t in, int64_t out, double scale, bool align_corners, bool exact);
/// The way back: input and result change places.
ResampleAxis transposed(const ResampleAxis& axis);

/// y[n, rows.out(), columns.out(), c] from x[n, rows.in, columns.in, c]. T is float, double,
/// bfloat16 or float16 (both summed in f32).
template <class T>
void resample2d(int64_t n, int64_t c, const ResampleAxis& rows, const ResampleAxis& columns,
                const T* x, T* y);

}  // namespace strata::kernels
