// Convolutions whose window is one pixel: plain matrix products over all pixels.
#include <algorithm>
#include <optional>

#include "strata/base/parallel.h"
#include "strata/kernels/cpu/conv_gather.h"
#include "strata/kernels/gemm.h"
#include "strata/kernels/scratch.h"

namespace strata::kernels {
namespace {

bool has_stride(const Conv2dShape& s) { return s.stride_h > 1 || s.stride_w > 1; }

// Copies the pixels that rows [begin, end) of all images' results read.
void pick_rows(const Conv2dShape& s, const float* x, int64_t begin, int64_t end, float* to) {
  const int64_t oh = s.oh(), ow = s.ow();
  for (int64_t at = begin; at < end; ++at) {
    const float* from = x + (at / oh * s.h + at % oh * s.stride_h) * s.w * s.c;
    for (int64_t j = 0; j < ow; ++j, to += s.c) {
      std::copy_n(from + j * s.stride_w * s.c, s.c, to);
    }
  }
}

// With a stride, the pixels that are read, without those between.
class PickedPixels {
 public:
  PickedPixels(const Conv2dShape& s, const float* x) : x_(x) {
    if (!has_stride(s)) return;
    const int64_t row = s.ow() * s.c;
    picked_.emplace(s.n * s.oh() * row, "conv2d");
    parallel_for(s.n * s.oh(), std::max<int64_t>(1, 4096 / row), [&](int64_t begin, int64_t end) {
      pick_rows(s, x, begin, end, picked_->data() + begin * row);
    });
    x_ = picked_->data();
  }
  const float* data() const { return x_; }

 private:
  const float* x_;
  std::optional<Scratch<float>> picked_;
};

// dx from the gradients of the pixels that were read; the others are zero.
void spread(const Conv2dShape& s, const float* picked, float* dx) {
  const int64_t oh = s.oh(), ow = s.ow();
  parallel_for(s.n * s.h, std::max<int64_t>(1, 4096 / (s.w * s.c)),
               [&](int64_t begin, int64_t end) {
                 for (int64_t at = begin; at < end; ++at) {
                   float* to = dx + at * s.w * s.c;
                   const int64_t i = at % s.h;
                   std::fill_n(to, s.w * s.c, 0.0f);
                   if (i % s.stride_h != 0) continue;
                   const float* from = picked + (at / s.h * oh + i / s.stride_h) * ow * s.c;
                   for (int64_t j = 0; j < ow; ++j) {
                     std::copy_n(from + j * s.c, s.c, to + j * s.stride_w * s.c);
                   }
                 }
               });
}

}  // namespace

namespace {

// y of `pixels` pixels that lie one after the other.
void multiply(const Conv2dShape& s, int64_t pixels, const float* x, const float* w,
              const float* bias, const float* residual, bool relu, float* y) {
  Gemm<float> g;
  g.m = pixels, g.n = s.oc, g.k = s.c;
  g.a = {x, s.c, false, {}};
  g.b = {w, s.c, true, {}};
  g.c = {y, s.oc, false, {}};
  g.bias = bias;
  g.addend = residual;
  g.beta = residual ? 1 : 0;
  g.activation = relu ? Activation::relu : Activation::none;
  gemm(g);
}

}  // namespace

void conv2d_pointwise(const Conv2dShape& s, const float* x, const float* w, const float* bias,
                      const float* residual, bool relu, float* y) {
  constexpr int64_t kFewWeights = 1 << 14;  // to pack them anew for each block of rows is cheap
  const int64_t rows = s.n * s.oh(), block = std::max<int64_t>(1, 512 / s.ow());
  if (!has_stride(s) || s.w_size() > kFewWeights || rows < 8 * block) {
    const PickedPixels pixels(s, x);
    return multiply(s, rows * s.ow(), pixels.data(), w, bias, residual, relu, y);
  }
  parallel_chunks((rows + block - 1) / block, [&](int64_t u) {
    const int64_t begin = u * block, end = std::min(rows, begin + block);
    const Scratch<float> picked((end - begin) * s.ow() * s.c, "conv2d");  // stays in L2
    pick_rows(s, x, begin, end, picked.data());
    const int64_t to = begin * s.ow() * s.oc;
    multiply(s, (end - begin) * s.ow(), picked.data(), w, bias, residual ? residual + to : nullptr,
             relu, y + to);
  });
}

void conv2d_pointwise_data(const Conv2dShape& s, const float* dy, const float* w, float* dx) {
  const bool strided = has_stride(s);
  std::optional<Scratch<float>> picked;
  if (strided) picked.emplace(s.n * s.oh() * s.ow() * s.c, "conv2d");
  Gemm<float> g;
  g.m = s.n * s.oh() * s.ow(), g.n = s.c, g.k = s.oc;
  g.a = {dy, s.oc, false, {}};
  g.b = {w, s.c, false, {}};
  g.c = {strided ? picked->data() : dx, s.c, false, {}};
  gemm(g);
  if (strided) spread(s, picked->data(), dx);
}

void conv2d_pointwise_weights(const Conv2dShape& s, const float* x, const float* dy, float* dw) {
  const PickedPixels pixels(s, x);
  Gemm<float> g;
  g.m = s.oc, g.n = s.c, g.k = s.n * s.oh() * s.ow();
  g.a = {dy, s.oc, true, {}};
  g.b = {pixels.data(), s.c, false, {}};
  g.c = {dw, s.c, false, {}};
  gemm(g);
}

}  // namespace strata::kernels
