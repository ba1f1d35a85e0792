// Chooses the way to compute a convolution, by shape and instruction set alone.
#include "strata/kernels/conv.h"

#include <algorithm>

#include "strata/base/dtype.h"
#include "strata/base/parallel.h"
#include "strata/kernels/cpu/conv_gather.h"
#include "strata/kernels/cpu/conv_winograd.h"
#include "strata/kernels/cpu/convert.h"
#include "strata/kernels/scratch.h"

namespace strata::kernels {
namespace {

// One channel to one, or four to four.
bool has_small_groups(const Conv2dShape& s) {
  return s.groups > 1 && s.c == s.oc && (s.group_c() == 1 || s.group_c() == 4);
}

bool is_pointwise(const Conv2dShape& s) {
  return s.kh == 1 && s.kw == 1 && s.groups == 1 && s.pad_h == 0 && s.pad_w == 0 && s.c >= 8;
}

// Images of so few channels that the runs along a row of the window are short.
bool has_few_channels(const Conv2dShape& s) {
  return s.c < 8 && s.groups == 1 && (s.dilation_w == 1 || s.kw == 1);
}

// Halves widened for f32 kernels.
class Widened {
 public:
  template <class Half>
  Widened(const Half* x, int64_t count) : values_(x ? count : 0, "conv2d"), null_(x == nullptr) {
    if (null_) return;
    const cpu::Load<float> widen = cpu::load_from<float>(dtype_of<Half>);
    parallel_for(count, 1 << 15, [&](int64_t begin, int64_t end) {
      widen(x + begin, 1, values_.data() + begin, end - begin);
    });
  }
  const float* data() const { return null_ ? nullptr : values_.data(); }

 private:
  Scratch<float> values_;
  bool null_;
};

template <class Half>
void narrow(const float* x, int64_t count, Half* y) {
  const cpu::Store<float> store = cpu::store_to<float>(dtype_of<Half>);
  parallel_for(count, 1 << 15,
               [&](int64_t begin, int64_t end) { store(x + begin, y + begin, 1, end - begin); });
}

// y += residual, then relu if asked for.
template <class T>
void add_residual(int64_t count, const T* residual, bool relu, T* y) {
  parallel_for(count, 1 << 15, [&](int64_t begin, int64_t end) {
    for (int64_t i = begin; i < end; ++i) {
      const auto sum = y[i] + residual[i];
      y[i] = static_cast<T>(relu && sum < 0 ? decltype(sum){0} : sum);
    }
  });
}

}  // namespace

void conv2d(const Conv2dShape& s, const float* x, const float* w, const float* bias, bool relu,
            float* y) {
  if (has_small_groups(s) && conv2d_depthwise(s, x, w, bias, relu, y)) return;
  if (is_pointwise(s)) return conv2d_pointwise(s, x, w, bias, nullptr, relu, y);
  if (conv2d_merges_groups(s) && conv2d_merged(s, x, w, bias, relu, y)) return;
  if (winograd_fits(s) && conv2d_winograd(s, x, w, bias, relu, y)) return;
  if (conv2d_has_patches(s) || conv2d_has_few_windows(s)) {
    return conv2d_columns(s, x, w, bias, relu, y);
  }
  if (conv2d_spread(s, x, w, bias, relu, y)) return;
  if (has_few_channels(s)) return conv2d_few_channels(s, x, w, bias, relu, y);
  conv2d_gather(s, x, w, bias, relu, y);
}

template <class Half>
void conv2d(const Conv2dShape& s, const Half* x, const Half* w, const Half* bias, bool relu,
            Half* y) {
  const Widened wide_x(x, s.x_size()), wide_w(w, s.w_size()), wide_bias(bias, s.oc);
  Scratch<float> wide_y(s.y_size(), "conv2d");
  conv2d(s, wide_x.data(), wide_w.data(), wide_bias.data(), relu, wide_y.data());
  narrow(wide_y.data(), s.y_size(), y);
}

void conv2d_add(const Conv2dShape& s, const float* x, const float* w, const float* bias,
                const float* residual, bool relu, float* y) {
  if (is_pointwise(s)) return conv2d_pointwise(s, x, w, bias, residual, relu, y);
  conv2d(s, x, w, bias, false, y);
  add_residual(s.y_size(), residual, relu, y);
}

void conv2d_add(const Conv2dShape& s, const double* x, const double* w, const double* bias,
                const double* residual, bool relu, double* y) {
  conv2d(s, x, w, bias, false, y);
  add_residual(s.y_size(), residual, relu, y);
}

template <class Half>
void conv2d_add(const Conv2dShape& s, const Half* x, const Half* w, const Half* bias,
                const Half* residual, bool relu, Half* y) {
  conv2d(s, x, w, bias, false, y);
  add_residual(s.y_size(), residual, relu, y);
}

void conv2d_backward_data(const Conv2dShape& s, const float* dy, const float* w, float* dx) {
  if (has_small_groups(s) && conv2d_depthwise_data(s, dy, w, dx)) return;
  if (is_pointwise(s)) return conv2d_pointwise_data(s, dy, w, dx);
  if (conv2d_has_patches(s)) return conv2d_patches_data(s, dy, w, dx);
  if (conv2d_has_few_windows(s)) return conv2d_few_windows_data(s, dy, w, dx);
  if (conv2d_has_planar_inputs(s)) return conv2d_planar_data(s, dy, w, dx);
  if (conv2d_has_wide_windows(s)) return conv2d_wide_data(s, dy, w, dx);
  if (conv2d_merges_groups(s) && conv2d_merged_data(s, dy, w, dx)) return;
  if (winograd_fits(s) && conv2d_winograd_data(s, dy, w, dx)) return;
  if (conv2d_has_few_gradients(s)) return conv2d_few_data(s, dy, w, dx);
  conv2d_data_gather(s, dy, w, dx);
}

template <class Half>
void conv2d_backward_data(const Conv2dShape& s, const Half* dy, const Half* w, Half* dx) {
  const Widened wide_dy(dy, s.y_size()), wide_w(w, s.w_size());
  Scratch<float> wide_dx(s.x_size(), "conv2d");
  conv2d_backward_data(s, wide_dy.data(), wide_w.data(), wide_dx.data());
  narrow(wide_dx.data(), s.x_size(), dx);
}

void conv2d_backward_weights(const Conv2dShape& s, const float* x, const float* dy, float* dw,
                             float* dbias) {
  if (s.n > 0 && has_small_groups(s)) return conv2d_depthwise_weights(s, x, dy, dw, dbias);
  if (dbias) channel_sums(s.n * s.oh() * s.ow(), s.oc, dy, dbias);
  if (s.n == 0) {
    std::fill_n(dw, s.w_size(), 0.0f);
  } else if (is_pointwise(s)) {
    conv2d_pointwise_weights(s, x, dy, dw);
  } else if (conv2d_has_patches(s)) {
    conv2d_patches_weights(s, x, dy, dw);
  } else if (winograd_fits(s) && conv2d_winograd_weights(s, x, dy, dw)) {
    return;
  } else if (s.group_c() >= 8) {
    conv2d_weights_packed(s, x, dy, dw);
  } else if (!conv2d_spread_weights(s, x, dy, dw)) {
    conv2d_weights_few(s, x, dy, dw);
  }
}

template <class Half>
void conv2d_backward_weights(const Conv2dShape& s, const Half* x, const Half* dy, Half* dw,
                             Half* dbias) {
  const Widened wide_x(x, s.x_size()), wide_dy(dy, s.y_size());
  Scratch<float> wide_dw(s.w_size(), "conv2d"), wide_dbias(s.oc, "conv2d");
  conv2d_backward_weights(s, wide_x.data(), wide_dy.data(), wide_dw.data(),
                          dbias ? wide_dbias.data() : nullptr);
  narrow(wide_dw.data(), s.w_size(), dw);
  if (dbias) narrow(wide_dbias.data(), s.oc, dbias);
}

template void conv2d(const Conv2dShape&, const bfloat16*, const bfloat16*, const bfloat16*, bool,
                     bfloat16*);
template void conv2d(const Conv2dShape&, const float16*, const float16*, const float16*, bool,
                     float16*);
template void conv2d_add(const Conv2dShape&, const bfloat16*, const bfloat16*, const bfloat16*,
                         const bfloat16*, bool, bfloat16*);
template void conv2d_add(const Conv2dShape&, const float16*, const float16*, const float16*,
                         const float16*, bool, float16*);
template void conv2d_backward_data(const Conv2dShape&, const bfloat16*, const bfloat16*, bfloat16*);
template void conv2d_backward_data(const Conv2dShape&, const float16*, const float16*, float16*);
template void conv2d_backward_weights(const Conv2dShape&, const bfloat16*, const bfloat16*,
                                      bfloat16*, bfloat16*);
template void conv2d_backward_weights(const Conv2dShape&, const float16*, const float16*, float16*,
                                      float16*);

}  // namespace strata::kernels
