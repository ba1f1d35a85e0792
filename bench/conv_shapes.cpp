#include "bench/conv_shapes.h"

#include <algorithm>

#include "bench/bursts.h"
#include "strata/kernels/scratch.h"

namespace strata::bench {
namespace {

using kernels::Conv2dShape;

ConvShape square(std::string name, int64_t n, int64_t size, int64_t c, int64_t oc, int64_t kernel,
                 int64_t stride, int64_t padding, int64_t groups = 1, int64_t dilation = 1) {
  return {std::move(name),
          {.n = n,
           .h = size,
           .w = size,
           .c = c,
           .oc = oc,
           .kh = kernel,
           .kw = kernel,
           .stride_h = stride,
           .stride_w = stride,
           .pad_h = padding,
           .pad_w = padding,
           .dilation_h = dilation,
           .dilation_w = dilation,
           .groups = groups}};
}

void add_cifar(std::vector<ConvShape>& list) {
  list.push_back(square("cifar stem 3-16", 64, 32, 3, 16, 3, 1, 1));
  list.push_back(square("cifar stem 3-64", 64, 32, 3, 64, 3, 1, 1));
  for (int64_t c = 64, size = 32; c <= 512; c *= 2, size /= 2) {
    const std::string at = std::to_string(c);
    list.push_back(square("resnet18-cifar 3x3 " + at, 64, size, c, c, 3, 1, 1));
    if (c == 512) break;
    const std::string next = at + "-" + std::to_string(2 * c);
    list.push_back(square("resnet18-cifar 3x3/2 " + next, 64, size, c, 2 * c, 3, 2, 1));
    list.push_back(square("resnet18-cifar 1x1/2 " + next, 64, size, c, 2 * c, 1, 2, 0));
  }
}

void add_imagenet(std::vector<ConvShape>& list) {
  list.push_back(square("resnet stem 7x7/2", 8, 224, 3, 64, 7, 2, 3));
  list.push_back(square("resnet50 1x1 64-64", 8, 56, 64, 64, 1, 1, 0));
  for (int64_t c = 64, size = 56; c <= 512; c *= 2, size /= 2) {
    const std::string in = std::to_string(c), out = std::to_string(4 * c);
    list.push_back(square("resnet50 1x1 " + in + "-" + out, 8, size, c, 4 * c, 1, 1, 0));
    list.push_back(square("resnet50 1x1 " + out + "-" + in, 8, size, 4 * c, c, 1, 1, 0));
    list.push_back(square("resnet50 3x3 " + in, 8, size, c, c, 3, 1, 1));
    if (c == 512) break;
    list.push_back(
        square("resnet50 3x3/2 " + std::to_string(2 * c), 8, size, 2 * c, 2 * c, 3, 2, 1));
  }
  list.push_back(square("resnet50 1x1/2 256-512", 8, 56, 256, 512, 1, 2, 0));
  list.push_back(square("one image 3x3 64", 1, 56, 64, 64, 3, 1, 1));
  list.push_back(square("one image 3x3 256", 1, 14, 256, 256, 3, 1, 1));
  list.push_back(square("one image 1x1 1024-256", 1, 14, 1024, 256, 1, 1, 0));
  list.push_back(square("one image 3x3 512", 1, 7, 512, 512, 3, 1, 1));
}

class Operands {
 public:
  explicit Operands(const Conv2dShape& s) : memory_(total(s), "bench") {
    float* at = memory_.data();
    const auto take = [&](int64_t count) {
      float* from = at;
      at += padded(count);
      return from;
    };
    all_ = {take(s.x_size()), take(s.w_size()), take(s.oc),
            take(s.y_size()), take(s.w_size()), take(s.oc)};
    uint32_t state = 1;
    for (int64_t i = 0; i < total(s); ++i) {
      state = state * 1664525u + 1013904223u;
      memory_[i] = static_cast<float>(state >> 8) * 0x1p-24f - 0.5f;
    }
  }
  const ConvOperands& all() const { return all_; }

 private:
  static int64_t padded(int64_t count) { return (count + 63) / 64 * 64; }
  static int64_t total(const Conv2dShape& s) {
    return padded(s.x_size()) + 2 * padded(s.w_size()) + 2 * padded(s.oc) + padded(s.y_size());
  }

  kernels::Scratch<float> memory_;
  ConvOperands all_;
};

Way ours(const Conv2dShape& s, ConvPass pass, const ConvOperands& o) {
  switch (pass) {
    case ConvPass::data: return [=] { kernels::conv2d_backward_data(s, o.y, o.w, o.x); };
    case ConvPass::weights:
      return [=] { kernels::conv2d_backward_weights(s, o.x, o.y, o.dw, o.dbias); };
    default: return [=] { kernels::conv2d(s, o.x, o.w, o.bias, false, o.y); };
  }
}

}  // namespace

const char* name_of(ConvPass pass) {
  switch (pass) {
    case ConvPass::data: return "data";
    case ConvPass::weights: return "weights";
    default: return "forward";
  }
}

std::vector<ConvShape> conv_shapes() {
  std::vector<ConvShape> list;
  list.push_back(square("lenet5 first", 128, 28, 1, 6, 5, 1, 2));
  list.push_back(square("lenet5 second", 128, 14, 6, 16, 5, 1, 0));
  add_cifar(list);
  add_imagenet(list);
  list.push_back(square("depthwise 3x3 64", 8, 56, 64, 64, 3, 1, 1, 64));
  list.push_back(square("depthwise 3x3/2 128", 8, 56, 128, 128, 3, 2, 1, 128));
  list.push_back(square("depthwise 3x3 512", 8, 14, 512, 512, 3, 1, 1, 512));
  list.push_back(square("depthwise 7x7 96", 8, 56, 96, 96, 7, 1, 3, 96));
  list.push_back(square("depthwise 7x7 384", 8, 14, 384, 384, 7, 1, 3, 384));
  list.push_back(square("ddpm 1-32 at 28", 16, 28, 1, 32, 3, 1, 1));
  list.push_back(square("ddpm 32 at 28", 16, 28, 32, 32, 3, 1, 1));
  list.push_back(square("ddpm 64-32 at 28", 16, 28, 64, 32, 3, 1, 1));
  list.push_back(square("ddpm 64 at 14", 16, 14, 64, 64, 3, 1, 1));
  list.push_back(square("ddpm 64 at 7", 16, 7, 64, 64, 3, 1, 1));
  list.push_back(square("ddpm 32-1 at 28", 16, 28, 32, 1, 3, 1, 1));
  list.push_back(square("unet 128 at 16", 16, 16, 128, 128, 3, 1, 1));
  list.push_back(square("unet 256 at 8", 16, 8, 256, 256, 3, 1, 1));
  list.push_back(square("32 groups 3x3 128", 8, 28, 128, 128, 3, 1, 1, 32));
  list.push_back(square("dilated 3x3 64", 8, 28, 64, 64, 3, 1, 2, 1, 2));
  list.push_back(square("patches 16x16 768", 1, 224, 3, 768, 16, 16, 0));
  list.push_back(square("alexnet 11x11/4", 8, 64, 3, 64, 11, 4, 2));
  return list;
}

ConvRow run_conv_shape(const ConvShape& shape, ConvPass pass, double seconds) {
  const Operands operands(shape.s);
  const auto library = library_ways(shape.s, pass, operands.all());
  std::vector<Way> ways{ours(shape.s, pass, operands.all())};
  for (const auto& [name, way] : library) ways.push_back(way);
  const std::vector<double> t = least_times(ways, seconds);
  const auto best = std::min_element(t.begin() + 1, t.end());
  return {shape,
          pass,
          t[0] * 1e3,
          *best * 1e3,
          library[static_cast<size_t>(best - t.begin() - 1)].first,
          2e-9 * shape.s.macs() / t[0]};
}

std::vector<ConvRow> run_conv_shapes(const std::string& filter, double seconds) {
  std::vector<ConvRow> rows;
  for (const ConvShape& shape : conv_shapes()) {
    if (shape.name.find(filter) == std::string::npos) continue;
    for (const ConvPass pass : {ConvPass::forward, ConvPass::data, ConvPass::weights}) {
      rows.push_back(run_conv_shape(shape, pass, seconds));
    }
  }
  return rows;
}

}  // namespace strata::bench
