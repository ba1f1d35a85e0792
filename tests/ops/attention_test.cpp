#include "strata/ops/attention.h"

#include <cmath>
#include <limits>
#include <string>

#include <gtest/gtest.h>

#include "strata/autograd/backward.h"
#include "strata/base/error.h"
#include "strata/device/cpu_allocator.h"
#include "strata/ops/arithmetic.h"
#include "strata/ops/compare.h"
#include "strata/ops/copy.h"
#include "strata/ops/creation.h"
#include "strata/ops/matmul.h"
#include "strata/ops/reduce.h"
#include "strata/ops/select.h"
#include "strata/ops/softmax.h"
#include "strata/ops/unary.h"
#include "strata/ops/views.h"
#include "strata/tape/grad_mode.h"
#include "tests/support/difference.h"
#include "tests/support/message.h"

namespace strata {
namespace {

using testing::relative_difference;

constexpr double kInf = std::numeric_limits<double>::infinity();

struct Heads {
  Tensor q, k, v;
};

Heads heads(const Shape& shape, int64_t keys, DType dtype = DType::f32) {
  Generator g(3);
  Shape other = shape;
  other[2] = keys;
  Heads out = {randn(shape, 0, 2, dtype, kCpu, g), randn(other, 0, 1, dtype, kCpu, g),
               randn(other, 0, 1, dtype, kCpu, g)};
  for (Tensor* t : {&out.q, &out.k, &out.v}) t->set_requires_grad();
  return out;
}

Tensor scores_of(const Heads& at) {
  return matmul(at.q, transpose(at.k, -1, -2)) / std::sqrt(at.q.size(3));
}

/// Made of plain ops, causal.
Tensor by_matrix(const Heads& at) {
  const int64_t queries = at.q.size(2), keys = at.k.size(2);
  const Tensor last = arange(static_cast<double>(keys - queries), static_cast<double>(keys));
  const Tensor seen = arange(0, static_cast<double>(keys)) <= unsqueeze(last, 1);
  return matmul(softmax(where(seen, scores_of(at), -kInf)), at.v);
}

void expect_equals_plain_ops(const Shape& shape, int64_t keys) {
  const std::string what = to_string(shape) + " and keys " + std::to_string(keys);
  const Heads a = heads(shape, keys), b = heads(shape, keys);
  const Tensor y = scaled_dot_product_attention(a.q, a.k, a.v, {.causal = true});
  const Tensor expected = by_matrix(b);
  EXPECT_LT(relative_difference(y, expected), 1e-5) << what;
  Generator g(5);
  const Tensor dy = randn(shape, 0, 1, DType::f32, kCpu, g);
  backward(y, dy);
  backward(expected, dy);
  EXPECT_LT(relative_difference(a.q.grad(), b.q.grad()), 1e-5) << what;
  EXPECT_LT(relative_difference(a.k.grad(), b.k.grad()), 1e-5) << what;
  EXPECT_LT(relative_difference(a.v.grad(), b.v.grad()), 1e-5) << what;
}

// Sizes on both sides of every block's border.
TEST(Attention, EqualsPlainOps) {
  for (const Shape& shape : {Shape{1, 1, 48, 16}, {1, 2, 130, 24}, {2, 9, 97, 8}, {1, 3, 2, 64}}) {
    for (int64_t more : {0, 5, 300}) expect_equals_plain_ops(shape, shape[2] + more);
  }
}

// Of few heads the tasks are parts, of many whole ones.
TEST(Attention, EqualsPlainOpsForEachNumberOfHeads) {
  for (int64_t all = 1; all <= 20; ++all) {
    const int64_t batch = all % 2 ? 1 : 2;
    for (int64_t queries : {47, 48, 49, 97, 130}) {
      for (int64_t more : {0, 260})
        expect_equals_plain_ops({batch, all / batch, queries, 4}, queries + more);
    }
  }
}

TEST(Attention, LeavesOutGradientsThatNobodyNeeds) {
  for (const Shape& shape : {Shape{2, 5, 40, 8}, {2, 4, 97, 8}, {1, 3, 97, 8}}) {
    const Heads b = heads(shape, 300);
    backward(sum(by_matrix(b)));
    for (int wanted = 1; wanted < 8; ++wanted) {
      Heads a = heads(shape, 300);
      Tensor* of_a[] = {&a.q, &a.k, &a.v};
      const Tensor* of_b[] = {&b.q, &b.k, &b.v};
      for (int i = 0; i < 3; ++i) of_a[i]->set_requires_grad(wanted >> i & 1);
      backward(sum(scaled_dot_product_attention(a.q, a.k, a.v, {.causal = true})));
      for (int i = 0; i < 3; ++i) {
        const Tensor grad = of_a[i]->grad();
        ASSERT_EQ(grad.defined(), wanted >> i & 1);
        if (!grad.defined()) continue;
        EXPECT_LT(relative_difference(grad, of_b[i]->grad()), 1e-4) << wanted << i;
      }
    }
  }
}

TEST(Attention, AMaskMayHaveAGradient) {
  for (const Shape& shape : {Shape{5, 7}, {7}, {2, 1, 5, 1}, {2, 3, 5, 7}}) {
    const Heads a = heads({2, 3, 5, 4}, 7), b = heads({2, 3, 5, 4}, 7);
    Generator g(8);
    Tensor of_a = randn(shape, 0, 1, DType::f32, kCpu, g), of_b = copy(of_a);
    of_a.set_requires_grad(), of_b.set_requires_grad();
    const Tensor y = scaled_dot_product_attention(a.q, a.k, a.v, {.mask = of_a});
    const Tensor expected = matmul(softmax(scores_of(b) + of_b), b.v);
    EXPECT_LT(relative_difference(y, expected), 1e-5) << to_string(shape);
    backward(sum(square(y)));
    backward(sum(square(expected)));
    EXPECT_EQ(of_a.grad().shape(), shape);
    EXPECT_LT(relative_difference(a.k.grad(), b.k.grad()), 1e-5) << to_string(shape);
    if (shape.back() == 1) continue;  // 0: what all of a row's scores get changes nothing
    EXPECT_LT(relative_difference(of_a.grad(), of_b.grad()), 1e-5) << to_string(shape);
  }
}

TEST(Attention, MergingHeadsIsAView) {
  const Heads a = heads({2, 3, 5, 4}, 5);
  const NoGrad no_grad;
  const Tensor y = scaled_dot_product_attention(a.q, a.k, a.v);
  EXPECT_TRUE(reshape(permute(y, {0, 2, 1, 3}), {2, 5, 12}).shares_storage(y));
}

TEST(Attention, HugeScoresStayFinite) {
  const Heads a = heads({1, 1, 60, 8}, 300, DType::f64);
  const NoGrad no_grad;
  const Heads far = {a.q * 1e4, a.k, a.v};
  const Heads in_f32 = {cast(far.q, DType::f32), cast(far.k, DType::f32), cast(far.v, DType::f32)};
  const Tensor y = scaled_dot_product_attention(in_f32.q, in_f32.k, in_f32.v, {.causal = true});
  EXPECT_LT(relative_difference(y, by_matrix(far)), 1e-2);
}

TEST(Attention, NaNStaysInItsRows) {
  Heads a = heads({1, 1, 4, 2}, 4);
  const NoGrad no_grad;
  a.q.data<float>()[2] = std::nanf("");  // query 1
  const auto y = scaled_dot_product_attention(a.q, a.k, a.v, {.causal = true}).to_vector<float>();
  EXPECT_FALSE(std::isnan(y[1]));
  EXPECT_TRUE(std::isnan(y[2]) && std::isnan(y[3]));
  EXPECT_FALSE(std::isnan(y[4]));
}

TEST(Attention, DropsTheShareAskedForAndKeepsTheMean) {
  const Tensor q = zeros({2, 4, 64, 4}), k = zeros({2, 4, 500, 4}), v = ones({2, 4, 500, 4});
  Generator generator(1);
  const Tensor y = scaled_dot_product_attention(q, k, v, {.dropout = 0.25}, generator);
  EXPECT_NEAR(mean(y).item<double>(), 1, 5e-3);
  EXPECT_NEAR(mean(square(y - 1)).item<double>(), 0.25 / 0.75 / 500, 1e-4);
  EXPECT_EQ(generator.stream, 1u);
  const Tensor none = scaled_dot_product_attention(q, k, v, {.dropout = 1}, generator);
  EXPECT_EQ(sum(none).item<float>(), 0);
}

TEST(Attention, MemoryGrowsWithTheLengthAlone) {
  const auto peak = [](int64_t length) {
    Heads a = heads({1, 2, length, 16}, length);
    trim_cpu_memory();
    const int64_t before = cpu_memory_stats().in_use;
    reset_cpu_memory_peak();
    backward(sum(scaled_dot_product_attention(a.q, a.k, a.v, {.causal = true})));
    return cpu_memory_stats().peak - before;
  };
  peak(64);
  EXPECT_LT(peak(2048), 4 * peak(512) + (1 << 20));
}

TEST(Attention, EmptySizes) {
  EXPECT_EQ(
      scaled_dot_product_attention(zeros({0, 2, 3, 4}), zeros({0, 2, 5, 4}), zeros({0, 2, 5, 6}))
          .shape(),
      (Shape{0, 2, 3, 6}));
  EXPECT_EQ(
      scaled_dot_product_attention(zeros({1, 2, 0, 4}), zeros({1, 2, 5, 4}), zeros({1, 2, 5, 6}))
          .shape(),
      (Shape{1, 2, 0, 6}));
  const Tensor no_keys =
      scaled_dot_product_attention(zeros({1, 1, 2, 4}), zeros({1, 1, 0, 4}), zeros({1, 1, 0, 3}));
  EXPECT_EQ(no_keys.to_vector<float>(), std::vector<float>(6, 0.0f));
}

TEST(Attention, SaysWhatDoesNotFit) {
  using testing::message;
  const Tensor q = zeros({1, 2, 3, 4});
  const auto call = [&](const Tensor& k, const Tensor& v, const AttentionOptions& o = {}) {
    scaled_dot_product_attention(q, k, v, o);
  };
  EXPECT_EQ(
      message<ShapeError>([&] {
        call(zeros({1, 2, 3, 5}), zeros({1, 2, 3, 5}));
      }),
      "[scaled_dot_product_attention] last axes of q and k differ: q is f32[1, 2, 3, 4], k is "
      "f32[1, 2, 3, 5], v is f32[1, 2, 3, 5]");
  EXPECT_NE(message<ShapeError>([&] {
              call(zeros({1, 1, 3, 4}), zeros({1, 1, 3, 4}));
            }).find("batch and heads differ"),
            std::string::npos);
  EXPECT_NE(message<ShapeError>([&] {
              call(zeros({1, 2, 3, 4}), zeros({1, 2, 2, 4}));
            }).find("different lengths"),
            std::string::npos);
  EXPECT_NE(message<DTypeError>([&] {
              call(zeros({1, 2, 3, 4}, DType::f64), zeros({1, 2, 3, 4}));
            }).find("one dtype"),
            std::string::npos);
  for (const Shape& shape : {Shape{4}, {3, 1, 3, 3}, {1, 1, 2, 3, 3}}) {
    for (const bool learned : {false, true}) {
      const Tensor mask = zeros(shape).set_requires_grad(learned);
      EXPECT_NE(message<ShapeError>([&] { call(q, q, {.mask = mask}); }).find("expand"),
                std::string::npos)
          << to_string(shape);
    }
  }
  EXPECT_NE(message<DTypeError>([&] {
              call(q, q, {.mask = zeros({3}, DType::i64)});
            }).find("bool or floating"),
            std::string::npos);
  EXPECT_NE(message<ValueError>([&] { call(q, q, {.dropout = kInf}); }).find("dropout"),
            std::string::npos);
}

TEST(Attention, NoQueriesOrNoKeysHaveGradients) {
  for (int64_t count : {3, 4, 9}) {
    for (const auto& [queries, keys] : {std::pair{0, 3}, std::pair{2, 0}}) {
      Tensor q = ones({2, count, queries, 4}), k = ones({2, count, keys, 4}),
             v = ones({2, count, keys, 5});
      for (Tensor* t : {&q, &k, &v}) t->set_requires_grad();
      const Tensor y = sum(scaled_dot_product_attention(q, k, v));
      for (const Tensor& t : {q, k, v}) full(t.shape(), kInf);  // memory that is not 0 by chance
      backward(y);
      for (const Tensor& t : {q, k, v}) {
        EXPECT_EQ(t.grad().to_vector<float>(),
                  std::vector<float>(static_cast<size_t>(t.numel()), 0.0f));
      }
    }
  }
}

}  // namespace
}  // namespace strata
