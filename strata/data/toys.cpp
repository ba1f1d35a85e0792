#include "strata/data/toys.h"

#include <cmath>
#include <numbers>
#include <utility>

#include "strata/base/error.h"
#include "strata/base/random.h"
#include "strata/ops/creation.h"

namespace strata {
namespace {

using std::numbers::pi;

/// Points of `classes` classes in turn; `place(class, t)` maps t in 0 ... 1 to the plane.
template <class F>
TensorDataset points(const char* where, int64_t count, int classes, double noise, uint64_t seed,
                     F&& place) {
  if (count < 0) throw ValueError(where, "a negative number of points");
  if (!(noise >= 0)) throw ValueError(where, "negative noise");
  Tensor x = empty({count, 2});
  Tensor y = empty({count}, DType::i64);
  Generator random(seed);
  for (int64_t i = 0; i < count; ++i) {
    const int64_t label = i % classes;
    const std::pair<double, double> at = place(label, random.uniform());
    x.data<float>()[2 * i] = static_cast<float>(at.first + noise * random.normal());
    x.data<float>()[2 * i + 1] = static_cast<float>(at.second + noise * random.normal());
    y.data<int64_t>()[i] = label;
  }
  return TensorDataset(x, y);
}

}  // namespace

TensorDataset two_moons(int64_t count, double noise, uint64_t seed) {
  return points("two_moons", count, 2, noise, seed, [](int64_t label, double t) {
    const double c = std::cos(pi * t), s = std::sin(pi * t);
    return label == 0 ? std::pair(c, s) : std::pair(1 - c, 0.5 - s);
  });
}

TensorDataset spirals(int64_t count, int arms, double noise, double turns, uint64_t seed) {
  if (arms < 2) throw ValueError("spirals", "fewer than two arms");
  return points("spirals", count, arms, noise, seed, [&](int64_t label, double t) {
    const double angle = 2 * pi * (turns * t + static_cast<double>(label) / arms);
    return std::pair(t * std::cos(angle), t * std::sin(angle));
  });
}

TensorDataset rings(int64_t count, int rings, double noise, uint64_t seed) {
  if (rings < 2) throw ValueError("rings", "fewer than two rings");
  return points("rings", count, rings, noise, seed, [&](int64_t label, double t) {
    const double radius = static_cast<double>(label + 1) / rings;
    return std::pair(radius * std::cos(2 * pi * t), radius * std::sin(2 * pi * t));
  });
}

TensorDataset lines(int64_t count, double margin, uint64_t seed) {
  if (!(margin >= 0 && margin <= 0.5)) throw ValueError("lines", "a margin outside of [0, 0.5]");
  Generator line(seed);
  line.stream = uint64_t{1} << 32;  // apart from the points' numbers
  const double angle = 2 * pi * line.uniform(), offset = 0.3 * (2 * line.uniform() - 1);
  const double a = std::cos(angle), b = std::sin(angle);
  Generator random(seed ^ 0x6c696e6573);  // "lines"
  // A place is drawn again until it lies on its class's side; a tenth of the square or more does.
  return points("lines", count, 2, 0, seed, [&](int64_t label, double) {
    for (;;) {
      const double x = 2 * random.uniform() - 1, y = 2 * random.uniform() - 1;
      const double side = a * x + b * y - offset;
      if (label == 0 ? side <= -margin : side >= margin) return std::pair(x, y);
    }
  });
}

TensorDataset adding_problem(int64_t count, int64_t length, uint64_t seed) {
  if (count < 0) throw ValueError("adding_problem", "a negative number of sequences");
  if (length < 2) throw ValueError("adding_problem", "fewer than two steps");
  Generator random(seed);
  Tensor x = rand({count, length, 2}, 0, 1, DType::f32, kCpu, random), y = empty({count, 1});
  const int64_t half = length / 2;
  for (int64_t i = 0; i < count; ++i) {
    float* pairs = x.data<float>() + i * length * 2;
    for (int64_t t = 0; t < length; ++t) pairs[2 * t + 1] = 0;
    const auto first = static_cast<int64_t>(random.below(static_cast<uint64_t>(half)));
    const auto second =
        half + static_cast<int64_t>(random.below(static_cast<uint64_t>(length - half)));
    for (const int64_t t : {first, second}) pairs[2 * t + 1] = 1;
    y.data<float>()[i] = pairs[2 * first] + pairs[2 * second];
  }
  return TensorDataset(x, y);
}

}  // namespace strata
