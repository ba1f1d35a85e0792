#include "strata/autograd/checkpoint.h"

#include <cmath>
#include <vector>

#include <gtest/gtest.h>

#include "strata/autograd/backward.h"
#include "strata/base/error.h"
#include "strata/base/random.h"
#include "strata/device/cpu_allocator.h"
#include "strata/ops/activations.h"
#include "strata/ops/arithmetic.h"
#include "strata/ops/creation.h"
#include "strata/ops/dropout.h"
#include "strata/ops/matmul.h"
#include "strata/ops/reduce.h"
#include "strata/ops/unary.h"
#include "strata/tape/grad_mode.h"

namespace strata {
namespace {

/// Eight blocks of a product, a sine and a dropout over [128, 64].
struct Net {
  std::vector<Tensor> weights;
  Tensor x;

  Net() {
    Generator g(3);
    for (int i = 0; i < 8; ++i) {
      weights.push_back(randn({64, 64}, 0, 0.1, DType::f32, kCpu, g).set_requires_grad());
    }
    x = randn({128, 64}, 0, 1, DType::f32, kCpu, g).set_requires_grad();
  }
  static Tensor block(const Tensor& x, const Tensor& w) {
    Tensor y = x;
    for (int i = 0; i < 4; ++i) y = dropout(sin(matmul(y, w)), 0.3);
    return y + x;
  }
  Tensor loss(bool saving) const {
    manual_seed(11);
    Tensor y = x;
    for (const Tensor& w : weights) {
      const Segment segment = [&w](const std::vector<Tensor>& in) { return block(in[0], w); };
      y = saving ? checkpoint(segment, {y}, {w}) : block(y, w);
    }
    return sum(y * y);
  }
};

struct Outcome {
  double loss = 0;
  std::vector<std::vector<float>> grads;
  int64_t peak = 0;
  Generator random;
};

Outcome run(bool saving) {
  Outcome out;
  const Net net;
  reset_cpu_memory_peak();
  const int64_t before = cpu_memory_stats().in_use;
  const Tensor loss = net.loss(saving);
  backward(loss);
  out.peak = cpu_memory_stats().peak - before;
  out.random = default_generator();
  out.loss = loss.item<double>();
  out.grads.push_back(net.x.grad().to_vector<float>());
  for (const Tensor& w : net.weights) out.grads.push_back(w.grad().to_vector<float>());
  return out;
}

TEST(Checkpoint, SameBitsAndLessMemory) {
  const Outcome plain = run(false), saving = run(true);
  EXPECT_EQ(plain.loss, saving.loss);
  EXPECT_EQ(plain.grads, saving.grads);
  EXPECT_EQ(plain.random.stream, saving.random.stream);
  // 8 blocks of 9 kept results of 32 KiB against one block of them, 8 inputs and the gradients.
  EXPECT_LT(saving.peak, plain.peak / 2);
}

TEST(Checkpoint, GradientsOfGradients) {
  const auto second = [](bool saving) {
    Tensor x = tensor<double>({0.3, -0.7, 1.1}).set_requires_grad();
    Tensor w = tensor<double>({2, 0.5, -1}).set_requires_grad();
    const Segment segment = [&w](const std::vector<Tensor>& in) { return exp(in[0] * w) * w; };
    const Tensor h = sin(x);
    const Tensor y = sum(saving ? checkpoint(segment, {h}, {w}) : segment({h}));
    const std::vector<Tensor> ys = {y}, xs = {x};
    const Tensor dx = grad(ys, xs, {}, {.create_graph = true})[0];
    backward(sum(dx * dx));
    auto out = x.grad().to_vector<double>();
    const auto dw = w.grad().to_vector<double>();
    out.insert(out.end(), dw.begin(), dw.end());
    return out;
  };
  const auto plain = second(false), saving = second(true);
  for (size_t i = 0; i < plain.size(); ++i) EXPECT_NEAR(plain[i], saving[i], 1e-12) << i;
}

TEST(Checkpoint, SeveralInputsOfWhichSomeWantNoGradient) {
  Tensor a = tensor<double>({1, 2}).set_requires_grad();
  const Tensor b = tensor<double>({3, 4});
  const Tensor y = checkpoint([](const auto& in) { return in[0] * in[1]; }, {a, b});
  backward(sum(y));
  EXPECT_EQ(a.grad().to_vector<double>(), std::vector<double>({3, 4}));
  // A segment of leaves alone works as well.
  Tensor w = tensor<double>({5, 6}).set_requires_grad();
  backward(sum(checkpoint([&w](const auto& in) { return in[0] * w; }, {b}, {w})));
  EXPECT_EQ(w.grad().to_vector<double>(), std::vector<double>({3, 4}));
}

TEST(Checkpoint, ForgottenParametersAreNoticed) {
  Tensor x = tensor<double>({1, 2}).set_requires_grad();
  Tensor w = tensor<double>({5, 6}).set_requires_grad();
  const Segment segment = [&w](const std::vector<Tensor>& in) { return in[0] * w; };
  EXPECT_THROW(backward(sum(checkpoint(segment, {x}))), GradError);
  // Without any gradient wanted from what is listed, the segment is recorded as usual.
  backward(sum(checkpoint(segment, {tensor<double>({3, 4})})));
  EXPECT_EQ(w.grad().to_vector<double>(), std::vector<double>({3, 4}));
}

TEST(Checkpoint, RefusesWhatChangedInBetween) {
  Tensor x = tensor<double>({1, 2}).set_requires_grad();
  Tensor h = x * 2;
  const Tensor y = checkpoint([](const auto& in) { return sin(in[0]); }, {h});
  h.bump_version();
  EXPECT_THROW(backward(sum(y)), GradError);
  int calls = 0;
  const Tensor z =
      checkpoint([&calls](const auto& in) { return ++calls == 1 ? sin(in[0]) : sum(in[0]); }, {x});
  EXPECT_THROW(backward(sum(z)), GradError);
}

TEST(Checkpoint, RecordsNothingWithoutGradients) {
  const NoGrad no_grad;
  Tensor x = tensor<double>({1, 2}).set_requires_grad();
  EXPECT_FALSE(checkpoint([](const auto& in) { return sin(in[0]); }, {x}).requires_grad());
}

}  // namespace
}  // namespace strata
