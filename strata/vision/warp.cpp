#include "strata/vision/warp.h"

#include <algorithm>
#include <cmath>
#include <numbers>
#include <vector>

#include <fmt/format.h>

#include "strata/base/error.h"
#include "strata/base/parallel.h"
#include "strata/ops/copy.h"

namespace strata {
namespace {

void require_images(const char* name, const Tensor& images) {
  if (images.rank() != 4) {
    throw ShapeError(name, "takes images [N, H, W, C], got " + describe(images));
  }
  if (images.dtype() != DType::f32) {
    throw DTypeError(name, "takes images of f32, got " + describe(images));
  }
}

void require(const char* name, const char* field, bool fine, double value) {
  if (!fine) throw ValueError(name, fmt::format("{} is out of range: {}", field, value));
}

/// Fills `to`, [h, w, c], with the values of `from` at place(row, column) -> {x, y}.
template <class Place>
void fetch(const float* from, float* to, int64_t h, int64_t w, int64_t c, const Place& place) {
  std::fill_n(to, h * w * c, 0.0f);
  for (int64_t row = 0; row < h; ++row) {
    for (int64_t column = 0; column < w; ++column, to += c) {
      const auto [x, y] = place(row, column);
      // The neighbours outside count as 0; far away, or at no place, nothing is left.
      if (!(x > -1 && y > -1 && x < static_cast<double>(w) && y < static_cast<double>(h))) continue;
      const auto left = static_cast<int64_t>(std::floor(x)),
                 top = static_cast<int64_t>(std::floor(y));
      const double fx = x - static_cast<double>(left), fy = y - static_cast<double>(top);
      for (int corner = 0; corner < 4; ++corner) {
        const int64_t i = top + corner / 2, j = left + corner % 2;
        if (i < 0 || j < 0 || i >= h || j >= w) continue;
        const auto weight =
            static_cast<float>((corner / 2 ? fy : 1 - fy) * (corner % 2 ? fx : 1 - fx));
        const float* source = from + (i * w + j) * c;
        for (int64_t k = 0; k < c; ++k) to[k] += weight * source[k];
      }
    }
  }
}

struct Point {
  double x, y;
};

/// From places in the result to places in the source, around the centre.
struct Inverse {
  double xx, xy, x0, yx, yy, y0;

  explicit Inverse(const Affine& a) {
    const auto radians = [](double degrees) { return degrees * std::numbers::pi / 180; };
    const double turn = radians(a.angle), sx = radians(a.shear_x), sy = radians(a.shear_y);
    const double p = std::cos(turn - sy) / std::cos(sy), r = std::sin(turn - sy) / std::cos(sy);
    const double q = -p * std::tan(sx) - std::sin(turn), s = -r * std::tan(sx) + std::cos(turn);
    xx = s / a.scale;
    xy = -q / a.scale;
    yx = -r / a.scale;
    yy = p / a.scale;
    x0 = -xx * a.right - xy * a.down;
    y0 = -yx * a.right - yy * a.down;
  }
};

void move_one(const Tensor& from, Tensor& to, int64_t n, const Affine& move) {
  const int64_t h = from.size(1), w = from.size(2), c = from.size(3), size = h * w * c;
  const Inverse m(move);
  const double cx = static_cast<double>(w - 1) / 2, cy = static_cast<double>(h - 1) / 2;
  fetch(from.data<float>() + n * size, to.data<float>() + n * size, h, w, c,
        [&](int64_t row, int64_t column) {
          const double x = static_cast<double>(column) - cx, y = static_cast<double>(row) - cy;
          return Point{m.xx * x + m.xy * y + m.x0 + cx, m.yx * x + m.yy * y + m.y0 + cy};
        });
}

/// Row by row and column by column with a Gaussian as long as torchvision's; borders are mirrored.
void smooth(std::vector<double>& field, int64_t h, int64_t w, double sigma) {
  const int64_t half = static_cast<int64_t>(8 * sigma + 1) / 2;
  std::vector<double> kernel;
  double sum = 0;
  for (int64_t i = -half; i <= half; ++i) {
    kernel.push_back(std::exp(-0.5 * static_cast<double>(i * i) / (sigma * sigma)));
    sum += kernel.back();
  }
  const auto mirrored = [](int64_t i, int64_t n) {
    if (n == 1) return int64_t{0};
    const int64_t period = 2 * (n - 1);
    i = ((i % period) + period) % period;
    return i < n ? i : period - i;
  };
  const auto pass = [&](int64_t lines, int64_t n, int64_t line_step, int64_t step) {
    std::vector<double> line(static_cast<size_t>(n));
    for (int64_t l = 0; l < lines; ++l) {
      double* at = field.data() + l * line_step;
      for (int64_t i = 0; i < n; ++i) line[static_cast<size_t>(i)] = at[i * step];
      for (int64_t i = 0; i < n; ++i) {
        double value = 0;
        for (int64_t k = -half; k <= half; ++k) {
          value +=
              kernel[static_cast<size_t>(k + half)] * line[static_cast<size_t>(mirrored(i + k, n))];
        }
        at[i * step] = value / sum;
      }
    }
  };
  pass(h, w, w, 1);
  pass(w, h, 1, w);
}

}  // namespace

Tensor affine(const Tensor& images, const Affine& move) {
  require_images("affine", images);
  require("affine", "scale", move.scale > 0 && std::isfinite(move.scale), move.scale);
  const Tensor from = contiguous(images.detach());
  Tensor to = empty_like(from, "affine");
  parallel_for(from.size(0), 1, [&](int64_t begin, int64_t end) {
    for (int64_t n = begin; n < end; ++n) move_one(from, to, n, move);
  });
  return to;
}

Tensor random_affine(const Tensor& images, const RandomAffineConfig& c, Generator& generator) {
  require_images("random_affine", images);
  require("random_affine", "degrees", c.degrees >= 0 && std::isfinite(c.degrees), c.degrees);
  require("random_affine", "translate", c.translate >= 0 && c.translate <= 1, c.translate);
  require("random_affine", "least_scale", c.least_scale > 0, c.least_scale);
  require("random_affine", "most_scale",
          c.most_scale >= c.least_scale && std::isfinite(c.most_scale), c.most_scale);
  require("random_affine", "shear", c.shear >= 0 && c.shear < 90, c.shear);
  const Tensor from = contiguous(images.detach());
  Tensor to = empty_like(from, "random_affine");
  const auto both_ways = [&](double most) { return most * (2 * generator.uniform() - 1); };
  std::vector<Affine> moves;
  for (int64_t n = 0; n < from.size(0); ++n) {
    const double angle = both_ways(c.degrees);
    const double right = std::round(both_ways(c.translate * static_cast<double>(from.size(2))));
    const double down = std::round(both_ways(c.translate * static_cast<double>(from.size(1))));
    const double scale = c.least_scale + (c.most_scale - c.least_scale) * generator.uniform();
    moves.push_back({.angle = angle,
                     .right = right,
                     .down = down,
                     .scale = scale,
                     .shear_x = both_ways(c.shear)});
  }
  parallel_for(from.size(0), 1, [&](int64_t begin, int64_t end) {
    for (int64_t n = begin; n < end; ++n) move_one(from, to, n, moves[static_cast<size_t>(n)]);
  });
  return to;
}

Tensor displace(const Tensor& images, const Tensor& field) {
  require_images("displace", images);
  require_images("displace", field);
  const int64_t h = images.size(1), w = images.size(2), c = images.size(3);
  const bool for_all = field.size(0) == 1;
  if (field.size(1) != h || field.size(2) != w || field.size(3) != 2 ||
      (!for_all && field.size(0) != images.size(0))) {
    throw ShapeError("displace", fmt::format("the field is {}, the images {}", describe(field),
                                             describe(images)));
  }
  const Tensor from = contiguous(images.detach()), by = contiguous(field.detach());
  Tensor to = empty_like(from, "displace");
  parallel_for(from.size(0), 1, [&](int64_t begin, int64_t end) {
    for (int64_t n = begin; n < end; ++n) {
      const float* d = by.data<float>() + (for_all ? 0 : n * h * w * 2);
      fetch(from.data<float>() + n * h * w * c, to.data<float>() + n * h * w * c, h, w, c,
            [&](int64_t row, int64_t column) {
              const float* at = d + (row * w + column) * 2;
              return Point{static_cast<double>(column) + at[0], static_cast<double>(row) + at[1]};
            });
    }
  });
  return to;
}

Tensor random_elastic(const Tensor& images, const ElasticConfig& c, Generator& generator) {
  require_images("random_elastic", images);
  require("random_elastic", "alpha", c.alpha >= 0 && std::isfinite(c.alpha), c.alpha);
  require("random_elastic", "sigma", c.sigma >= 0 && c.sigma <= 1000, c.sigma);
  const int64_t count = images.size(0), h = images.size(1), w = images.size(2);
  Tensor field = empty({count, h, w, 2});
  const Generator start(generator.next_u64());
  parallel_for(2 * count, 1, [&](int64_t begin, int64_t end) {
    std::vector<double> values(static_cast<size_t>(h * w));
    for (int64_t i = begin; i < end; ++i) {
      Generator own = start;
      own.stream = static_cast<uint64_t>(i) << 40;
      for (double& v : values) v = 2 * own.uniform() - 1;
      if (c.sigma > 0) smooth(values, h, w, c.sigma);
      float* to = field.data<float>() + (i / 2) * h * w * 2 + i % 2;
      for (const double v : values) {
        *to = static_cast<float>(v * c.alpha / 2);
        to += 2;
      }
    }
  });
  return displace(images, field);
}

}  // namespace strata
