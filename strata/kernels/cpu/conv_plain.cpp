// The straight sums, in f64: what every faster path is compared with.
#include <algorithm>

#include "strata/base/parallel.h"
#include "strata/kernels/conv.h"

namespace strata::kernels {
namespace {

// Output places [first, last) whose tap reads inside of the image.
struct Range {
  int64_t first, last;
};
Range valid(int64_t size, int64_t out, int64_t stride, int64_t offset) {
  const int64_t first = offset >= 0 ? 0 : (-offset + stride - 1) / stride;
  const int64_t last = size - 1 - offset < 0 ? 0 : (size - 1 - offset) / stride + 1;
  return {first, std::min(out, last)};
}

}  // namespace

void conv2d(const Conv2dShape& s, const double* x, const double* w, const double* bias, bool relu,
            double* y) {
  const int64_t oh = s.oh(), ow = s.ow(), gc = s.group_c(), goc = s.group_oc();
  parallel_for(s.n * oh, 1, [&](int64_t begin, int64_t end) {
    for (int64_t at = begin; at < end; ++at) {
      const int64_t n = at / oh, i = at % oh;
      for (int64_t j = 0; j < ow; ++j) {
        for (int64_t o = 0; o < s.oc; ++o) {
          double sum = 0;
          for (int64_t r = 0; r < s.kh; ++r) {
            const int64_t row = i * s.stride_h - s.pad_h + r * s.dilation_h;
            if (row < 0 || row >= s.h) continue;
            for (int64_t t = 0; t < s.kw; ++t) {
              const int64_t column = j * s.stride_w - s.pad_w + t * s.dilation_w;
              if (column < 0 || column >= s.w) continue;
              const double* from = x + ((n * s.h + row) * s.w + column) * s.c + o / goc * gc;
              const double* weight = w + ((o * s.kh + r) * s.kw + t) * gc;
              for (int64_t c = 0; c < gc; ++c) sum += from[c] * weight[c];
            }
          }
          if (bias) sum += bias[o];
          y[(at * ow + j) * s.oc + o] = relu && sum < 0 ? 0 : sum;
        }
      }
    }
  });
}

void conv2d_backward_data(const Conv2dShape& s, const double* dy, const double* w, double* dx) {
  const int64_t oh = s.oh(), ow = s.ow(), gc = s.group_c(), goc = s.group_oc();
  parallel_for(s.n * s.h, 1, [&](int64_t begin, int64_t end) {
    for (int64_t at = begin; at < end; ++at) {
      const int64_t n = at / s.h, row = at % s.h;
      double* to = dx + at * s.w * s.c;
      std::fill_n(to, s.w * s.c, 0.0);
      for (int64_t r = 0; r < s.kh; ++r) {
        const int64_t from = row + s.pad_h - r * s.dilation_h;
        if (from < 0 || from % s.stride_h != 0 || from / s.stride_h >= oh) continue;
        const double* y_row = dy + (n * oh + from / s.stride_h) * ow * s.oc;
        for (int64_t t = 0; t < s.kw; ++t) {
          const int64_t offset = t * s.dilation_w - s.pad_w;
          const Range columns = valid(s.w, ow, s.stride_w, offset);
          for (int64_t j = columns.first; j < columns.last; ++j) {
            for (int64_t o = 0; o < s.oc; ++o) {
              double* x_at = to + (j * s.stride_w + offset) * s.c + o / goc * gc;
              const double* weight = w + ((o * s.kh + r) * s.kw + t) * gc;
              const double g = y_row[j * s.oc + o];
              for (int64_t c = 0; c < gc; ++c) x_at[c] += g * weight[c];
            }
          }
        }
      }
    }
  });
}

void conv2d_backward_weights(const Conv2dShape& s, const double* x, const double* dy, double* dw,
                             double* dbias) {
  const int64_t oh = s.oh(), ow = s.ow(), gc = s.group_c(), goc = s.group_oc();
  std::fill_n(dw, s.w_size(), 0.0);
  parallel_for(s.oc, 1, [&](int64_t begin, int64_t end) {
    for (int64_t o = begin; o < end; ++o) {
      double sum = 0;
      for (int64_t p = 0; p < s.n * oh * ow; ++p) sum += dy[p * s.oc + o];
      if (dbias) dbias[o] = sum;
      for (int64_t r = 0; r < s.kh; ++r) {
        const int64_t row_offset = r * s.dilation_h - s.pad_h;
        const Range rows = valid(s.h, oh, s.stride_h, row_offset);
        for (int64_t t = 0; t < s.kw; ++t) {
          const int64_t offset = t * s.dilation_w - s.pad_w;
          const Range columns = valid(s.w, ow, s.stride_w, offset);
          double* to = dw + ((o * s.kh + r) * s.kw + t) * gc;
          for (int64_t n = 0; n < s.n; ++n) {
            for (int64_t i = rows.first; i < rows.last; ++i) {
              const double* g = dy + (n * oh + i) * ow * s.oc + o;
              const double* from =
                  x + (n * s.h + i * s.stride_h + row_offset) * s.w * s.c + o / goc * gc;
              for (int64_t j = columns.first; j < columns.last; ++j) {
                const double* x_at = from + (j * s.stride_w + offset) * s.c;
                for (int64_t c = 0; c < gc; ++c) to[c] += g[j * s.oc] * x_at[c];
              }
            }
          }
        }
      }
    }
  });
}

}  // namespace strata::kernels
