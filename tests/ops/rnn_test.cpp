#include "strata/ops/rnn.h"

#include <cmath>
#include <vector>

#include <gtest/gtest.h>

#include "strata/autograd/backward.h"
#include "strata/base/error.h"
#include "strata/base/parallel.h"
#include "strata/ops/activations.h"
#include "strata/ops/arithmetic.h"
#include "strata/ops/copy.h"
#include "strata/ops/creation.h"
#include "strata/ops/joining.h"
#include "strata/ops/linear.h"
#include "strata/ops/reduce.h"
#include "strata/ops/unary.h"
#include "strata/ops/views.h"
#include "strata/tape/grad_mode.h"
#include "tests/support/difference.h"
#include "tests/support/message.h"

namespace strata {
namespace {

enum class Kind { rnn, relu, lstm, gru };

struct Problem {
  Kind kind;
  Tensor x, h0, c0;
  RnnWeights w;

  Problem(Kind k, int64_t rows, int64_t steps, int64_t inputs, int64_t units) : kind(k) {
    const int64_t gates = k == Kind::lstm ? 4 : k == Kind::gru ? 3 : 1;
    const auto leaf = [](const Shape& shape, double scale) {
      return randn(shape, 0, scale).set_requires_grad();
    };
    const double scale = 1 / std::sqrt(static_cast<double>(units));
    x = leaf({rows, steps, inputs}, 1);
    h0 = leaf({rows, units}, 0.5);
    c0 = leaf({rows, units}, 0.5);
    w = {leaf({gates * units, inputs}, scale), leaf({gates * units, units}, scale),
         leaf({gates * units}, 0.5), leaf({gates * units}, 0.5)};
  }

  RnnResult fused(const RnnOptions& options = {}) const {
    if (kind == Kind::lstm) return lstm(x, h0, c0, w, options);
    if (kind == Kind::gru) return gru(x, h0, w, options);
    const bool relu = kind == Kind::relu;
    return rnn(x, h0, w, relu ? RnnActivation::relu : RnnActivation::tanh, options);
  }

  /// The same from single ops, step by step.
  RnnResult composed(bool reverse) const {
    Tensor h = h0, c = c0;
    std::vector<Tensor> ys(static_cast<size_t>(x.size(1)));
    for (size_t i = 0; i < ys.size(); ++i) {
      const size_t t = reverse ? ys.size() - 1 - i : i;
      const Tensor in = linear(select(x, 1, static_cast<int64_t>(t)), w.w_ih, w.b_ih);
      const Tensor state = linear(h, w.w_hh, w.b_hh);
      if (kind == Kind::rnn) h = tanh(in + state);
      if (kind == Kind::relu) h = relu(in + state);
      if (kind == Kind::lstm) {
        const auto z = chunk(in + state, 4, -1);
        c = sigmoid(z[1]) * c + sigmoid(z[0]) * tanh(z[2]);
        h = sigmoid(z[3]) * tanh(c);
      }
      if (kind == Kind::gru) {
        const auto a = chunk(in, 3, -1), b = chunk(state, 3, -1);
        const Tensor keep = sigmoid(a[1] + b[1]);
        h = (1 - keep) * tanh(a[2] + sigmoid(a[0] + b[0]) * b[2]) + keep * h;
      }
      ys[t] = h;
    }
    return {stack(ys, 1), h, kind == Kind::lstm ? c : Tensor()};
  }

  /// Outputs and, of a loss that uses them all, gradients.
  std::vector<Tensor> answers(const RnnResult& r) {
    Generator random(5);
    const auto weighted = [&](const Tensor& y) {
      return sum(y * randn(y.shape(), 0, 1, DType::f32, kCpu, random));
    };
    std::vector<Tensor*> leaves = {&x, &h0, &w.w_ih, &w.w_hh, &w.b_ih, &w.b_hh};
    if (kind == Kind::lstm) leaves.push_back(&c0);
    for (Tensor* leaf : leaves) leaf->set_grad({});
    Tensor loss = weighted(r.y) + weighted(r.h);
    if (r.c.defined()) loss = loss + weighted(r.c);
    backward(loss);
    std::vector<Tensor> out = {r.y, r.h};
    if (r.c.defined()) out.push_back(r.c);
    for (Tensor* leaf : leaves) out.push_back(leaf->grad());
    return out;
  }
};

void expect_near(const std::vector<Tensor>& a, const std::vector<Tensor>& b, double tolerance) {
  ASSERT_EQ(a.size(), b.size());
  for (size_t i = 0; i < a.size(); ++i) {
    EXPECT_LE(testing::relative_difference(a[i], b[i]), tolerance) << "answer " << i;
  }
}

// Several blocks of units, the last one no whole vector; and, once, several chunks of steps.
TEST(Rnn, EqualsItsStepsMadeOfSingleOps) {
  for (const Kind kind : {Kind::rnn, Kind::relu, Kind::lstm, Kind::gru}) {
    for (const bool reverse : {false, true}) {
      Problem small(kind, 33, 9, 11, 77);
      expect_near(small.answers(small.fused({.reverse = reverse})),
                  small.answers(small.composed(reverse)), 2e-5);
    }
    Problem few(kind, 3, 2, 5, 70);  // steps
    expect_near(few.answers(few.fused()), few.answers(few.composed(false)), 2e-5);
  }
  Problem large(Kind::lstm, 64, 70, 9, 130);
  expect_near(large.answers(large.fused()), large.answers(large.composed(false)), 5e-5);
  expect_near(large.answers(large.fused({.reverse = true})), large.answers(large.composed(true)),
              5e-5);
}

/// The gradients of each output alone.
void expect_recorded_as_fused(const Problem& p, const RnnOptions& options) {
  const RnnResult r = p.fused(options);
  std::vector<Tensor> inputs = {p.h0, p.w.w_ih, p.w.w_hh, p.w.b_ih, p.w.b_hh};
  if (p.x.requires_grad()) inputs.push_back(p.x);
  if (r.c.defined()) inputs.push_back(p.c0);
  for (const Tensor& y : {r.y, r.h, r.c}) {
    if (!y.defined()) continue;
    const std::vector<Tensor> ys = {y}, dys = {randn(y.shape())};
    const auto fused = grad(ys, inputs, dys, {.retain_graph = true});
    expect_near(grad(ys, inputs, dys, {.create_graph = true}), fused, 1e-5);
  }
}

// gradcheck holds the recorded way back against differences of itself.
TEST(Rnn, TheRecordedWayBackIsThatOfTheKernels) {
  for (const Kind kind : {Kind::rnn, Kind::relu, Kind::lstm, Kind::gru}) {
    Problem p(kind, 4, 9, 3, 5), looked_up(kind, 4, 9, 3, 5);
    looked_up.x = randint(0, 6, {4, 9});
    looked_up.w.w_ih = randn({6, p.w.w_hh.size(0)}).set_requires_grad();
    for (const bool reverse : {false, true}) {
      for (const Tensor& lengths : {Tensor(), tensor<int64_t>({9, 1, 4, 7})}) {
        expect_recorded_as_fused(p, {.reverse = reverse, .lengths = lengths});
        expect_recorded_as_fused(looked_up, {.reverse = reverse, .lengths = lengths});
      }
    }
  }
}

TEST(Rnn, TakesSequencesThatStandStepFirst) {
  Problem p(Kind::gru, 6, 7, 5, 40);
  const auto expected = p.answers(p.fused());
  const Tensor step_first = stack(split(p.x.detach(), 1, 1), 0);  // [T, N, 1, C]
  p.x = transpose(squeeze(step_first, 2), 0, 1).detach().set_requires_grad();
  EXPECT_FALSE(p.x.is_contiguous());
  expect_near(p.answers(p.fused()), expected, 0);
}

TEST(Rnn, ManyThreadsGiveTheBitsOfOne) {
  const int before = thread_count();
  Problem p(Kind::lstm, 33, 9, 11, 77);
  set_thread_count(1);
  const auto one = p.answers(p.fused());
  for (const int threads : {2, 3, 4}) {
    set_thread_count(threads);
    expect_near(p.answers(p.fused()), one, 0);
  }
  set_thread_count(before);
}

TEST(Rnn, APaddedRowIsTheRowAlone) {
  Problem p(Kind::lstm, 4, 9, 11, 40);
  const Tensor lengths = tensor<int64_t>({9, 1, 4, 7});
  for (const bool reverse : {false, true}) {
    const RnnResult all = p.fused({.reverse = reverse, .lengths = lengths});
    for (int64_t row = 0; row < 4; ++row) {
      const int64_t n = lengths.to_vector<int64_t>()[static_cast<size_t>(row)];
      const auto part = [&](const Tensor& t) { return slice(t, 0, row, row + 1); };
      const RnnResult alone =
          lstm(slice(part(p.x), 1, 0, n), part(p.h0), part(p.c0), p.w, {.reverse = reverse});
      expect_near({slice(part(all.y), 1, 0, n), part(all.h), part(all.c)},
                  {alone.y, alone.h, alone.c}, 1e-5);
      if (n == 9) continue;
      EXPECT_EQ(testing::largest_value(slice(part(all.y), 1, n)), 0);
    }
  }
}

TEST(Rnn, WhatStandsBehindARowsEndIsOfNoAccount) {
  for (const Kind kind : {Kind::rnn, Kind::lstm, Kind::gru}) {
    Problem p(kind, 2, 4, 3, 5);
    const RnnOptions options = {.lengths = tensor<int64_t>({2, 4})};
    const auto expected = p.answers(p.fused(options));
    const NoGrad no_grad;
    copy_(slice(select(p.x, 0, 0), 0, 2), full({2, 3}, NAN));
    const GradMode recording(true);
    expect_near(p.answers(p.fused(options)), expected, 0);
    expect_recorded_as_fused(p, options);
  }
}

TEST(Rnn, ErrorsShowWhatWasPassed) {
  using testing::message;
  const Problem p(Kind::lstm, 2, 3, 4, 5);
  const auto call = [&](const Tensor& x, const RnnWeights& w, const RnnOptions& options = {}) {
    return [&, options] { lstm(x, {}, {}, w, options); };
  };
  RnnWeights w = p.w;
  w.w_hh = randn({15, 5});
  EXPECT_EQ(message<ShapeError>(call(p.x, w)),
            "[lstm] w_hh must be [20, 5], got f32[15, 5]: "
            "x is f32[2, 3, 4], w_ih is f32[20, 4], w_hh is f32[15, 5]");
  EXPECT_EQ(message<ShapeError>(call(randn({2, 0, 4}), p.w)),
            "[lstm] x has no step: x is f32[2, 0, 4], w_ih is f32[20, 4], w_hh is f32[20, 5]");
  EXPECT_EQ(message<ValueError>(call(p.x, p.w, {.lengths = tensor<int64_t>({3, 4})})),
            "[lstm] length 4 of row 1 is not in 1 ... 3");
  EXPECT_EQ(message<ShapeError>(call(p.x, p.w, {.lengths = tensor<int64_t>({3})})),
            "[lstm] lengths must be i64[2], one for each row of x (f32[2, 3, 4]), got i64[1]");
  EXPECT_THROW(call(randn({2, 3, 6}), p.w)(), ShapeError);
  EXPECT_THROW(gru(p.x, {}, p.w), ShapeError);
  EXPECT_THROW(rnn(p.x, randn({3, 5}), {randn({5, 4}), randn({5, 5})}), ShapeError);
  EXPECT_THROW(call(randn({2, 3, 4}, 0, 1, DType::f64), p.w)(), DTypeError);
  EXPECT_THROW(call(zeros({2, 3, 4}, DType::i32), p.w)(), DTypeError);
  EXPECT_THROW(call(zeros({2, 3, 4}, DType::i64), p.w)(), ShapeError);
  w.w_ih = randn({6, 20});
  w.w_hh = p.w.w_hh;
  EXPECT_EQ(message<IndexError>(call(full({2, 3}, 6, DType::i64), w)),
            "[lstm] symbol 6 is not in 0 ... 5: x is i64[2, 3], w_ih is f32[6, 20], w_hh is "
            "f32[20, 5]");
}

}  // namespace
}  // namespace strata
