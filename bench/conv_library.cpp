// oneDNN's convolutions on our memory.
#include <algorithm>
#include <cstring>
#include <memory>
#include <unordered_map>

#include <dnnl.hpp>

#include "bench/conv_shapes.h"
#include "strata/base/parallel.h"
#include "strata/kernels/scratch.h"

namespace strata::bench {
namespace {

using dnnl::memory;
using kernels::Conv2dShape;
using Args = std::unordered_map<int, memory>;
using NamedWay = std::pair<std::string, std::function<void()>>;

constexpr auto kF32 = memory::data_type::f32;

dnnl::engine& engine() {
  static dnnl::engine e(dnnl::engine::kind::cpu, 0);
  return e;
}
dnnl::stream& stream() {
  static dnnl::stream s(engine());
  return s;
}

// The four descriptors of a convolution, of memory as ours or in any layout, and its geometry.
struct Descriptors {
  Descriptors(const Conv2dShape& s, bool any) {
    const auto tag = any ? memory::format_tag::any : memory::format_tag::nhwc;
    x = memory::desc({s.n, s.c, s.h, s.w}, kF32, tag);
    y = memory::desc({s.n, s.oc, s.oh(), s.ow()}, kF32, tag);
    bias = memory::desc({s.oc}, kF32, memory::format_tag::x);
    const int64_t c = s.group_c(), taps = s.kh * s.kw;
    memory::dims sizes{s.oc, c, s.kh, s.kw}, strides{taps * c, 1, s.kw * c, c};
    if (s.groups > 1) {
      sizes = {s.groups, s.group_oc(), c, s.kh, s.kw};
      strides.insert(strides.begin(), s.group_oc() * taps * c);
    }
    w = memory::desc(sizes, kF32, memory::format_tag::any);  // NHWC-like weights are a slow path
    plain_w = memory::desc(sizes, kF32, strides);
    stride = {s.stride_h, s.stride_w}, dilation = {s.dilation_h - 1, s.dilation_w - 1};
    near = {s.pad_h, s.pad_w};
    far = {(s.oh() - 1) * s.stride_h + s.dilation_h * (s.kh - 1) + 1 - s.h - s.pad_h,
           (s.ow() - 1) * s.stride_w + s.dilation_w * (s.kw - 1) + 1 - s.w - s.pad_w};
  }
  memory::desc x, w, plain_w, y, bias;
  memory::dims stride, dilation, near, far;
};

// Here the interfaces of oneDNN 2 and 3 differ.
dnnl::convolution_forward::primitive_desc forward_desc(const Descriptors& d) {
  constexpr auto kKind = dnnl::prop_kind::forward_training;
  constexpr auto kDirect = dnnl::algorithm::convolution_direct;
#if DNNL_VERSION_MAJOR >= 3
  return {engine(), kKind, kDirect, d.x, d.w, d.bias, d.y, d.stride, d.dilation, d.near, d.far};
#else
  return {{kKind, kDirect, d.x, d.w, d.bias, d.y, d.stride, d.dilation, d.near, d.far}, engine()};
#endif
}

dnnl::convolution_backward_data::primitive_desc data_desc(const Descriptors& d) {
  constexpr auto kDirect = dnnl::algorithm::convolution_direct;
#if DNNL_VERSION_MAJOR >= 3
  return {engine(), kDirect, d.x, d.w, d.y, d.stride, d.dilation, d.near, d.far, forward_desc(d)};
#else
  return {{kDirect, d.x, d.w, d.y, d.stride, d.dilation, d.near, d.far}, engine(), forward_desc(d)};
#endif
}

dnnl::convolution_backward_weights::primitive_desc weights_desc(const Descriptors& d) {
  constexpr auto kDirect = dnnl::algorithm::convolution_direct;
#if DNNL_VERSION_MAJOR >= 3
  return {engine(), kDirect,    d.x,    d.w,   d.bias,         d.y,
          d.stride, d.dilation, d.near, d.far, forward_desc(d)};
#else
  return {{kDirect, d.x, d.w, d.bias, d.y, d.stride, d.dilation, d.near, d.far},
          engine(),
          forward_desc(d)};
#endif
}

// A run of a primitive with the reorders around it.
class Chain {
 public:
  // The memory the primitive wants for `ours`; reordered before the run (inputs) or after it.
  memory bind(const memory::desc& ours, float* data, const memory::desc& wanted, bool input) {
    const memory own(ours, engine(), data);
    if (ours == wanted) return own;
    const memory other(wanted, engine());
    (input ? before_ : after_).push_back(input ? Move{own, other} : Move{other, own});
    return other;
  }
  void run(const dnnl::primitive& primitive, const Args& args) const {
    for (const Move& m : before_) m.run();
    primitive.execute(stream(), args);
    for (const Move& m : after_) m.run();
    stream().wait();
  }

 private:
  struct Move {
    Move(const memory& a, const memory& b) : from(a), to(b), reorder(a, b) {}
    void run() const {
      memory a = from, b = to;
      reorder.execute(stream(), a, b);
    }
    memory from, to;
    dnnl::reorder reorder;
  };
  std::vector<Move> before_, after_;
};

NamedWay forward_way(const Conv2dShape& s, bool any, const ConvOperands& o) {
  const Descriptors d(s, any), ours(s, false);
  const auto pd = forward_desc(d);
  Chain chain;
  const Args args{{DNNL_ARG_SRC, chain.bind(ours.x, o.x, pd.src_desc(), true)},
                  {DNNL_ARG_WEIGHTS, chain.bind(ours.plain_w, o.w, pd.weights_desc(), true)},
                  {DNNL_ARG_BIAS, memory(d.bias, engine(), o.bias)},
                  {DNNL_ARG_DST, chain.bind(ours.y, o.y, pd.dst_desc(), false)}};
  return {any ? "any" : "nhwc", [=, p = dnnl::convolution_forward(pd)] { chain.run(p, args); }};
}

NamedWay data_way(const Conv2dShape& s, bool any, const ConvOperands& o) {
  const Descriptors d(s, any), ours(s, false);
  const auto pd = data_desc(d);
  Chain chain;
  const Args args{{DNNL_ARG_DIFF_DST, chain.bind(ours.y, o.y, pd.diff_dst_desc(), true)},
                  {DNNL_ARG_WEIGHTS, chain.bind(ours.plain_w, o.w, pd.weights_desc(), true)},
                  {DNNL_ARG_DIFF_SRC, chain.bind(ours.x, o.x, pd.diff_src_desc(), false)}};
  return {any ? "any" : "nhwc",
          [=, p = dnnl::convolution_backward_data(pd)] { chain.run(p, args); }};
}

NamedWay weights_way(const Conv2dShape& s, bool any, const ConvOperands& o) {
  const Descriptors d(s, any), ours(s, false);
  const auto pd = weights_desc(d);
  Chain chain;
  const Args args{
      {DNNL_ARG_SRC, chain.bind(ours.x, o.x, pd.src_desc(), true)},
      {DNNL_ARG_DIFF_DST, chain.bind(ours.y, o.y, pd.diff_dst_desc(), true)},
      {DNNL_ARG_DIFF_WEIGHTS, chain.bind(ours.plain_w, o.dw, pd.diff_weights_desc(), false)},
      {DNNL_ARG_DIFF_BIAS, memory(d.bias, engine(), o.dbias)}};
  return {any ? "any" : "nhwc",
          [=, p = dnnl::convolution_backward_weights(pd)] { chain.run(p, args); }};
}

// The way back as a forward pass; the turning of the weights is left out.
NamedWay turned_way(const Conv2dShape& s, const ConvOperands& o) {
  Conv2dShape back = s;
  back.h = s.oh(), back.w = s.ow(), back.c = s.oc, back.oc = s.c;
  back.pad_h = s.dilation_h * (s.kh - 1) - s.pad_h;
  back.pad_w = s.dilation_w * (s.kw - 1) - s.pad_w;
  const ConvOperands turned{o.y, o.w, o.bias, o.x, nullptr, nullptr};
  auto bias = std::make_shared<kernels::Scratch<float>>(back.oc, "bench");
  std::fill_n(bias->data(), back.oc, 0.0f);
  ConvOperands with_bias = turned;
  with_bias.bias = bias->data();
  return {"turned", [bias, way = forward_way(back, false, with_bias).second] { way(); }};
}

void im2col(const Conv2dShape& s, const float* x, float* columns) {
  const int64_t oh = s.oh(), ow = s.ow(), depth = s.kh * s.kw * s.c;
  parallel_for(s.n * oh, 1, [&](int64_t begin, int64_t end) {
    for (int64_t at = begin; at < end; ++at) {
      float* to = columns + at * ow * depth;
      for (int64_t j = 0; j < ow; ++j) {
        for (int64_t k = 0; k < s.kh * s.kw; ++k, to += s.c) {
          const int64_t row = at % oh * s.stride_h - s.pad_h + k / s.kw * s.dilation_h;
          const int64_t column = j * s.stride_w - s.pad_w + k % s.kw * s.dilation_w;
          if (row < 0 || row >= s.h || column < 0 || column >= s.w) {
            std::fill_n(to, s.c, 0.0f);
          } else {
            std::copy_n(x + ((at / oh * s.h + row) * s.w + column) * s.c, s.c, to);
          }
        }
      }
    }
  });
}

NamedWay sgemm_way(const Conv2dShape& s, const ConvOperands& o) {
  const int64_t rows = s.n * s.oh() * s.ow(), depth = s.kh * s.kw * s.c;
  const bool plain = s.kh * s.kw == 1 && s.stride_h * s.stride_w == 1 && s.pad_h + s.pad_w == 0;
  auto columns = std::make_shared<kernels::Scratch<float>>(plain ? 1 : rows * depth, "bench");
  return {"im2col", [=] {
            if (!plain) im2col(s, o.x, columns->data());
            dnnl_sgemm('N', 'T', rows, s.oc, depth, 1.0f, plain ? o.x : columns->data(), depth, o.w,
                       depth, 0.0f, o.y, s.oc);
          }};
}

}  // namespace

std::vector<NamedWay> library_ways(const Conv2dShape& s, ConvPass pass, const ConvOperands& o) {
  switch (pass) {
    case ConvPass::data: {
      std::vector<NamedWay> ways{data_way(s, false, o), data_way(s, true, o)};
      if (s.stride_h == 1 && s.stride_w == 1) ways.push_back(turned_way(s, o));
      return ways;
    }
    case ConvPass::weights: return {weights_way(s, false, o), weights_way(s, true, o)};
    default: {
      std::vector<NamedWay> ways{forward_way(s, false, o), forward_way(s, true, o)};
      if (s.groups == 1) ways.push_back(sgemm_way(s, o));
      return ways;
    }
  }
}

}  // namespace strata::bench
