#include "strata/autograd/checkpoint.h"

#include <cmath>
#include <functional>
#include <vector>

#include <gtest/gtest.h>

#include "strata/autograd/backward.h"
#include "strata/base/error.h"
#include "strata/base/random.h"
#include "strata/device/cpu_allocator.h"
#include "strata/nn/layers/linear.h"
#include "strata/nn/precision.h"
#include "strata/ops/activations.h"
#include "strata/ops/arithmetic.h"
#include "strata/ops/creation.h"
#include "strata/ops/dropout.h"
#include "strata/ops/matmul.h"
#include "strata/ops/reduce.h"
#include "strata/ops/unary.h"
#include "strata/tape/grad_mode.h"
#include "tests/support/message.h"

namespace strata {
namespace {

using testing::message;

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

using Loss = std::function<Tensor(const Tensor& x, const Tensor& w)>;

/// Gradients at x = 2 and w = 5, or with `twice` those of the sum of their squares.
std::vector<double> gradients(const Loss& loss, bool create_graph, bool twice = false) {
  Tensor x = tensor<double>({2}).set_requires_grad(), w = tensor<double>({5}).set_requires_grad();
  const std::vector<Tensor> xs = {x, w};
  std::vector<Tensor> ys = {loss(x, w)};
  std::vector<Tensor> dxs = grad(ys, xs, {}, {.create_graph = create_graph});
  if (twice) {
    ys = {dxs[0] * dxs[0] + dxs[1] * dxs[1]};
    dxs = grad(ys, xs);
  }
  return {dxs[0].item<double>(), dxs[1].item<double>()};
}

TEST(Checkpoint, InputsMayDependOnEachOtherAndOnParameters) {
  const Segment product = [](const auto& in) { return in[0] * in[1]; };
  const auto times = [](const Tensor& w) {
    return [w](const std::vector<Tensor>& in) { return in[0] * w; };
  };
  struct Case {
    const char* what;
    Loss loss;
    std::vector<double> once, twice;  // PyTorch's
  };
  const Case cases[] = {
      {"of another",
       [&](const Tensor& x, const Tensor& w) {
         return checkpoint(product, {x, x * 3}) + w;
       },
       {12, 1},
       {144, 0}},
      {"chained",
       [&](const Tensor& x, const Tensor& w) {
         return checkpoint(product, {checkpoint(product, {x, x}), x}) + w;
       },
       {12, 1},
       {288, 0}},
      {"twice the same",
       [&](const Tensor& x, const Tensor& w) {
         return checkpoint(product, {x, x}) + w;
       },
       {4, 1},
       {16, 0}},
      {"tied weights",
       [&](const Tensor& x, const Tensor& w) {
         return checkpoint(times(w), {checkpoint(times(w), {x}, {w})}, {w});
       },
       {25, 20},
       {400, 660}},
      {"of a parameter",
       [&](const Tensor& x, const Tensor& w) { return checkpoint(times(w), {w * 3}, {w}) + x; },
       {1, 30},
       {0, 360}},
      {"handed back",
       [&](const Tensor& x, const Tensor& w) {
         return checkpoint([](const auto& in) { return in[0]; }, {x * 3}) * x + w;
       },
       {12, 1},
       {144, 0}},
  };
  for (const Case& c : cases) {
    EXPECT_EQ(gradients(c.loss, false), c.once) << c.what;
    EXPECT_EQ(gradients(c.loss, true), c.once) << c.what;
    EXPECT_EQ(gradients(c.loss, true, true), c.twice) << c.what;
  }
}

TEST(Checkpoint, AnInputMayBeLeftOut) {
  const Segment segment = [](const std::vector<Tensor>& in) {
    return in[1].defined() ? in[0] * in[1] : in[0] * in[0];
  };
  const Loss loss = [&](const Tensor& x, const Tensor& w) {
    return checkpoint(segment, {x, Tensor()}) + w;
  };
  for (const bool create_graph : {false, true}) {
    EXPECT_EQ(gradients(loss, create_graph), (std::vector<double>{4, 1}));
  }
}

TEST(Checkpoint, ComputesAgainInTheSamePrecision) {
  Generator g(5);
  nn::Linear layer({.in = 64, .out = 32});
  Tensor x = randn({16, 64}, 0, 1, DType::f32, kCpu, g).set_requires_grad();
  const Segment segment = [&](const std::vector<Tensor>& in) { return sin(layer(in[0])); };
  const auto gradient = [&](bool saving) {
    Tensor y;
    {
      const nn::PrecisionScope scope(DType::bf16);
      y = saving ? checkpoint(segment, {x}, layer.parameters()) : segment({x});
    }
    x.set_grad({});
    backward(sum(y));
    return x.grad().to_vector<float>();
  };
  EXPECT_EQ(gradient(true), gradient(false));
  EXPECT_EQ(nn::compute_dtype(), DType::f32);
}

TEST(Checkpoint, ParametersAreLeaves) {
  Tensor w = tensor<double>({5, 6}).set_requires_grad();
  const Tensor h = w * 2;
  EXPECT_EQ(message<GradError>([&] {
              checkpoint([&](const auto& in) { return in[0] * h * w; }, {w}, {h, w});
            }),
            "[checkpoint] the parameter f64[2] is the result of an op\n  hint: pass it among the "
            "inputs");
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
