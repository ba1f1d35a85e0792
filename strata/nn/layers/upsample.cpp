#include "strata/nn/layers/upsample.h"

#include <string>

#include <fmt/format.h>

#include "strata/base/error.h"

namespace strata::nn {
namespace {

/// "2 x 3".
template <class T>
std::string text(const PerAxis<T>& numbers) {
  std::string all;
  for (int i = 0; i < numbers.count(); ++i) all += fmt::format("{}{}", i ? " x " : "", numbers[i]);
  return all;
}

template <class T>
bool above_zero(const PerAxis<T>& numbers) {
  for (int i = 0; i < numbers.count(); ++i) {
    if (!(numbers[i] > 0)) return false;
  }
  return true;
}

}  // namespace

Upsample::Upsample(const UpsampleConfig& config) : config_(config) {
  if (config.size != PerAxis<int64_t>(0)) {
    if (above_zero(config.size)) return;
    throw ValueError("Upsample",
                     fmt::format(".size must be at least 1, got {}", text(config.size)));
  }
  if (above_zero(config.scale)) return;
  throw ValueError("Upsample", fmt::format(".scale must be above 0, got {}", text(config.scale)));
}

Tensor Upsample::forward(const Tensor& x) {
  const auto [scale, size, mode, align_corners] = config_;
  const bool sized = size != PerAxis<int64_t>(0);
  const int axes = x.rank() - 2, given = sized ? size.count() : scale.count();
  if (axes < 1 || axes > 3 || (given != 1 && given != axes)) {
    throw ShapeError("Upsample", fmt::format("takes {} between samples and channels, x is {}",
                                             given == 1   ? "one to three axes"
                                             : given == 2 ? "two axes"
                                                          : "three axes",
                                             describe(x)));
  }
  const PerAxis<double> by = sized ? PerAxis<double>(0) : scale;
  if (axes == 1) return upsample1d(x, {size[0], by[0], mode, align_corners});
  if (axes == 2) return upsample2d(x, {{size[0], size[1]}, by[0], by[1], mode, align_corners});
  return upsample3d(x, {{size[0], size[1], size[2]}, by[0], by[1], by[2], mode, align_corners});
}

}  // namespace strata::nn
