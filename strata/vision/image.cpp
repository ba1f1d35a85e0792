#include "strata/vision/image.h"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <numbers>
#include <type_traits>
#include <vector>

#include <fmt/format.h>

#include "strata/base/error.h"
#include "strata/base/parallel.h"
#include "strata/ops/copy.h"
#include "strata/ops/creation.h"

namespace strata {
namespace {

constexpr int kPrecision = 22;  // bits of PIL's fixed-point weights
constexpr int64_t kGrain = 1 << 14;

void check_image(const char* where, const Tensor& image) {
  if (image.rank() != 3 || image.numel() == 0) {
    throw ShapeError(where, fmt::format("an image is [H, W, C], got {}", describe(image)));
  }
  if (image.dtype() != DType::u8 && image.dtype() != DType::f32) {
    throw DTypeError(where, fmt::format("an image is u8 or f32, got {}", describe(image)));
  }
}

/// The inputs that make one output, and their weights, which sum to 1.
struct Window {
  int64_t first;
  std::vector<double> weights;
};

/// A filter's reach to each side, and its value at a distance.
struct Filter {
  double reach;
  double (*at)(double);
};

double sinc(double x) {
  return x == 0 ? 1 : std::sin(std::numbers::pi * x) / (std::numbers::pi * x);
}

double cubic(double x) {
  constexpr double a = -0.5;
  if (x < 1) return ((a + 2) * x - (a + 3)) * x * x + 1;
  return x < 2 ? (((x - 5) * x + 8) * x - 4) * a : 0;
}

/// Of the distance, which is not negative.
Filter filter_of(Resample resample) {
  switch (resample) {
    case Resample::box: return {0.5, [](double x) { return x <= 0.5 ? 1.0 : 0.0; }};
    case Resample::hamming:
      return {1, [](double x) {
                return x < 1 ? sinc(x) * (0.54f + 0.46f * std::cos(std::numbers::pi * x)) : 0;
              }};
    case Resample::bicubic: return {2, cubic};
    case Resample::lanczos: return {3, [](double x) { return x < 3 ? sinc(x) * sinc(x / 3) : 0; }};
    case Resample::nearest:
    case Resample::bilinear: break;
  }
  return {1, [](double x) { return std::max(0.0, 1 - x); }};
}

std::vector<Window> windows(int64_t in, int64_t out, Resample resample) {
  const double scale = static_cast<double>(in) / static_cast<double>(out);
  const Filter filter = filter_of(resample);
  const double wide = std::max(scale, 1.0), support = filter.reach * wide;
  std::vector<Window> all(static_cast<size_t>(out));
  double nearest = scale / 2;  // added up, as PIL does: ties fall where its rounding has them
  for (int64_t i = 0; i < out; ++i) {
    const double center = (static_cast<double>(i) + 0.5) * scale;
    Window& w = all[static_cast<size_t>(i)];
    if (resample == Resample::nearest) {
      w = {std::min(in - 1, static_cast<int64_t>(nearest)), {1.0}};
      nearest += scale;
      continue;
    }
    const auto first = std::max<int64_t>(0, static_cast<int64_t>(center - support + 0.5));
    const auto end = std::min<int64_t>(in, static_cast<int64_t>(center + support + 0.5));
    w.first = first;
    double sum = 0;
    for (int64_t x = first; x < end; ++x) {
      w.weights.push_back(filter.at(std::abs((static_cast<double>(x) - center + 0.5) / wide)));
      sum += w.weights.back();
    }
    for (double& weight : w.weights) weight /= sum;
  }
  return all;
}

/// Weighted sums of T in PIL's arithmetic: fixed point for bytes, f64 for f32.
template <class T>
struct Mixer;

template <>
struct Mixer<uint8_t> {
  using Weight = int32_t;
  static Weight weight(double w) {
    return static_cast<Weight>(w * (1 << kPrecision) + (w < 0 ? -0.5 : 0.5));
  }
  static uint8_t mix(const uint8_t* x, int64_t stride, const std::vector<Weight>& weights) {
    int32_t sum = 1 << (kPrecision - 1);
    for (const Weight w : weights) sum += *x * w, x += stride;
    return static_cast<uint8_t>(std::clamp(sum >> kPrecision, 0, 255));
  }
};

template <>
struct Mixer<float> {
  using Weight = double;
  static Weight weight(double w) { return w; }
  static float mix(const float* x, int64_t stride, const std::vector<Weight>& weights) {
    double sum = 0;
    for (const Weight w : weights) sum += static_cast<double>(*x) * w, x += stride;
    return static_cast<float>(sum);
  }
};

/// Resizes the middle axis of [outer, in, inner] to `out`.
template <class T>
Tensor resize_axis(const Tensor& x, int64_t outer, int64_t in, int64_t inner, int64_t out,
                   Resample resample) {
  Tensor y = empty({outer, out, inner}, x.dtype(), kCpu, "resize");
  std::vector<std::pair<int64_t, std::vector<typename Mixer<T>::Weight>>> mixes;
  for (const Window& window : windows(in, out, resample)) {
    auto& [first, weights] = mixes.emplace_back(window.first, 0);
    for (const double w : window.weights) weights.push_back(Mixer<T>::weight(w));
  }
  const T* from = x.data<T>();
  T* to = y.data<T>();
  parallel_for(outer * out, std::max<int64_t>(1, kGrain / inner), [&](int64_t begin, int64_t end) {
    for (int64_t i = begin; i < end; ++i) {
      const auto& [first, weights] = mixes[static_cast<size_t>(i % out)];
      const T* source = from + (i / out * in + first) * inner;
      for (int64_t c = 0; c < inner; ++c) {
        to[i * inner + c] = Mixer<T>::mix(source + c, inner, weights);
      }
    }
  });
  return y;
}

template <class T>
Tensor resize_image(const Tensor& image, int64_t height, int64_t width, Resample resample) {
  const int64_t h = image.size(0), w = image.size(1), c = image.size(2);
  // As PIL: across first, unless the picture loses more than twice as many rows as columns.
  const bool down_first = height < h && h - height > 2 * (w - width);
  const Tensor between = down_first ? resize_axis<T>(image, 1, h, w * c, height, resample)
                                    : resize_axis<T>(image, h, w, c, width, resample);
  const Tensor both = down_first ? resize_axis<T>(between, height, w, c, width, resample)
                                 : resize_axis<T>(between, 1, h, width * c, height, resample);
  return both.as_strided({height, width, c}, {width * c, c, 1}, 0);
}

}  // namespace

Tensor resize(const Tensor& image, int64_t height, int64_t width, Resample resample) {
  check_image("resize", image);
  if (height < 1 || width < 1) {
    throw ValueError("resize", fmt::format("to {} x {} pixels", width, height));
  }
  const Tensor rows = contiguous(image.detach());
  return image.dtype() == DType::u8 ? resize_image<uint8_t>(rows, height, width, resample)
                                    : resize_image<float>(rows, height, width, resample);
}

Tensor resize_shorter(const Tensor& image, int64_t size, Resample resample) {
  check_image("resize_shorter", image);
  const int64_t h = image.size(0), w = image.size(1);
  const int64_t most = int64_t{1} << 30;
  if (size < 1 || size > most / std::max(h, w)) {
    throw ValueError("resize_shorter", fmt::format("to {} pixels", size));
  }
  return h <= w ? resize(image, size, size * w / h, resample)
                : resize(image, size * h / w, size, resample);
}

Tensor center_crop(const Tensor& image, int64_t height, int64_t width) {
  check_image("center_crop", image);
  const int64_t h = image.size(0), w = image.size(1);
  if (height < 1 || width < 1 || height > h || width > w) {
    throw ShapeError("center_crop", fmt::format("{} has no {} x {} pixels (height, width) in it",
                                                describe(image), height, width));
  }
  // Python's round() of the halves: to the even neighbour.
  const auto start = [](int64_t rest) { return rest / 2 + (rest % 4 == 3); };
  return contiguous(image.detach().as_strided({height, width, image.size(2)}, image.strides(),
                                              image.offset() +
                                                  start(h - height) * image.strides()[0] +
                                                  start(w - width) * image.strides()[1]));
}

Tensor to_grayscale(const Tensor& image) {
  check_image("to_grayscale", image);
  const int64_t channels = image.size(2);
  if (channels == 1) return image;
  if (channels != 3 && channels != 4) {
    throw ShapeError("to_grayscale",
                     fmt::format("needs 1, 3 or 4 channels, got {}", describe(image)));
  }
  const Tensor rows = contiguous(image.detach());
  Tensor out = empty({image.size(0), image.size(1), 1}, image.dtype());
  const int64_t pixels = out.numel();
  if (image.dtype() == DType::u8) {
    const uint8_t* in = rows.data<uint8_t>();
    uint8_t* grey = out.data<uint8_t>();
    for (int64_t i = 0; i < pixels; ++i, in += channels) {
      grey[i] = static_cast<uint8_t>((in[0] * 19595 + in[1] * 38470 + in[2] * 7471 + 0x8000) >> 16);
    }
  } else {
    const float* in = rows.data<float>();
    float* grey = out.data<float>();
    for (int64_t i = 0; i < pixels; ++i, in += channels) {
      grey[i] = 0.299f * in[0] + 0.587f * in[1] + 0.114f * in[2];
    }
  }
  return out;
}

Tensor invert(const Tensor& image) {
  check_image("invert", image);
  Tensor out = copy(image.detach());
  if (image.dtype() == DType::u8) {
    uint8_t* x = out.data<uint8_t>();
    for (int64_t i = 0; i < out.numel(); ++i) x[i] = static_cast<uint8_t>(255 - x[i]);
  } else {
    float* x = out.data<float>();
    for (int64_t i = 0; i < out.numel(); ++i) x[i] = 1 - x[i];
  }
  return out;
}

Tensor to_bytes(const Tensor& image) {
  check_image("to_bytes", image);
  if (image.dtype() != DType::f32) {
    throw DTypeError("to_bytes", fmt::format("needs f32, got {}", describe(image)));
  }
  const Tensor in = contiguous(image.detach());
  Tensor out = empty(image.shape(), DType::u8);
  const float* x = in.data<float>();
  uint8_t* y = out.data<uint8_t>();
  for (int64_t i = 0; i < in.numel(); ++i) {
    y[i] = x[i] > 0 ? static_cast<uint8_t>(std::lround(255 * std::min(x[i], 1.f))) : 0;
  }
  return out;
}

Tensor picture_grid(const Tensor& pictures, int64_t columns, float margin) {
  if (pictures.rank() != 4 || pictures.numel() == 0) {
    throw ShapeError("picture_grid",
                     fmt::format("pictures are [N, H, W, C], got {}", describe(pictures)));
  }
  if (pictures.dtype() != DType::f32) {
    throw DTypeError("picture_grid", fmt::format("needs f32, got {}", describe(pictures)));
  }
  if (columns < 1) throw ValueError("picture_grid", "needs at least one column");
  const int64_t count = pictures.size(0), height = pictures.size(1), width = pictures.size(2);
  const int64_t channels = pictures.size(3), rows = (count + columns - 1) / columns;
  const Tensor in = contiguous(pictures.detach());
  Tensor out =
      full({rows * (height + 2) + 2, columns * (width + 2) + 2, channels}, margin, DType::f32);
  const int64_t line = width * channels;
  for (int64_t i = 0; i < count * height; ++i) {
    const int64_t picture = i / height, top = picture / columns * (height + 2) + 2;
    const int64_t left = picture % columns * (width + 2) + 2;
    float* to = out.data<float>() + ((top + i % height) * out.size(1) + left) * channels;
    std::copy_n(in.data<float>() + i * line, line, to);
  }
  return out;
}

}  // namespace strata
