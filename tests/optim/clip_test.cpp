#include "strata/optim/clip.h"

#include <cmath>
#include <limits>
#include <vector>

#include <gtest/gtest.h>

#include "strata/base/error.h"
#include "strata/base/parallel.h"
#include "strata/ops/creation.h"
#include "strata/ops/views.h"

namespace strata {
namespace {

constexpr float kInf = std::numeric_limits<float>::infinity();
constexpr double kMaxNorm = std::numeric_limits<double>::infinity();

Tensor with_grad(const Tensor& grad) {
  Tensor p = zeros(grad.shape(), grad.dtype()).set_requires_grad();
  p.set_grad(grad);
  return p;
}

std::vector<Tensor> many(DType dtype) {
  Generator g(2);
  std::vector<Tensor> out;
  for (const int64_t n : {1, 5, 40, 16384, 50001}) {
    out.push_back(with_grad(randn({n}, 0, 1, dtype, kCpu, g)));
  }
  out.push_back(zeros({3}).set_requires_grad());  // without a gradient
  return out;
}

std::vector<double> all_grads(const std::vector<Tensor>& params) {
  std::vector<double> out;
  for (const Tensor& p : params) {
    if (!p.grad().defined()) continue;
    const auto v = p.grad().to_vector<double>();
    out.insert(out.end(), v.begin(), v.end());
  }
  return out;
}

double norm_of(const std::vector<double>& v, double order) {
  double sum = 0;
  for (const double x : v) {
    sum = std::isinf(order) ? std::max(sum, std::abs(x)) : sum + std::pow(std::abs(x), order);
  }
  return std::isinf(order) ? sum : std::pow(sum, 1 / order);
}

TEST(ClipNorm, ScalesDownToTheNorm) {
  for (const DType dtype : {DType::f32, DType::f64}) {
    for (const double order : {2.0, 1.0, 3.5, kMaxNorm}) {
      const auto params = many(dtype);
      const auto before = all_grads(params);
      const double norm = norm_of(before, order);
      const ClipNormOptions options{.norm_type = order};
      EXPECT_NEAR(clip_grad_norm_(params, norm * 2, options) / norm, 1, 1e-12);
      EXPECT_EQ(all_grads(params), before);
      EXPECT_NEAR(clip_grad_norm_(params, norm / 4, options) / norm, 1, 1e-12);
      const auto after = all_grads(params);
      for (size_t i = 0; i < after.size(); i += 97) {
        EXPECT_NEAR(after[i], before[i] / 4, 1e-6) << i;
      }
    }
  }
}

TEST(ClipNorm, DtypesMayBeMixed) {
  const std::vector<Tensor> params = {with_grad(tensor<float>({3, 0})),
                                      with_grad(tensor<double>({0, -4}))};
  EXPECT_DOUBLE_EQ(clip_grad_norm_(params, 1), 5);
  EXPECT_NEAR(params[0].grad().to_vector<double>()[0], 0.6, 1e-6);
  EXPECT_NEAR(params[1].grad().to_vector<double>()[1], -0.8, 1e-6);
  EXPECT_EQ(clip_grad_norm_(std::vector<Tensor>{}, 1), 0);
}

TEST(ClipNorm, GivesTheSameBitsOnAnyThreadCount) {
  const int before = thread_count();
  std::vector<double> first;
  double first_norm = 0;
  for (const int threads : {1, 2, 3, 4}) {
    set_thread_count(threads);
    const auto params = many(DType::f32);
    const double norm = clip_grad_norm_(params, 0.5);
    if (threads == 1) {
      first = all_grads(params);
      first_norm = norm;
    }
    EXPECT_EQ(norm, first_norm);
    EXPECT_EQ(all_grads(params), first);
  }
  set_thread_count(before);
}

TEST(ClipNorm, WhatIsNotFiniteIsReportedOrSpreads) {
  for (const double order : {2.0, 1.0, kMaxNorm}) {
    const ClipNormOptions strict{.norm_type = order, .error_if_nonfinite = true};
    for (const float bad : {kInf, std::nanf("")}) {
      const std::vector<Tensor> params = {with_grad(tensor<float>({1, bad, 2}))};
      EXPECT_THROW(clip_grad_norm_(params, 1, strict), NumericError);
      EXPECT_EQ(params[0].grad().to_vector<float>()[2], 2);
      const double norm = clip_grad_norm_(params, 1, {.norm_type = order});
      EXPECT_EQ(std::isnan(norm), std::isnan(bad));
      // As PyTorch: an infinite norm leaves zeros, and a NaN where the infinity was.
      const auto v = params[0].grad().to_vector<float>();
      EXPECT_TRUE(std::isnan(v[1]));
      EXPECT_EQ(std::isnan(v[0]), std::isnan(bad));
      EXPECT_TRUE(std::isnan(bad) || v[0] == 0);
    }
  }
  // PyTorch adds 1e-6 to the norm.
  const std::vector<Tensor> tiny = {with_grad(tensor<double>({1e-6}))};
  EXPECT_DOUBLE_EQ(clip_grad_norm_(tiny, 1e-6), 1e-6);
  EXPECT_DOUBLE_EQ(tiny[0].grad().item<double>(), 5e-7);
  // Squares of large f32 gradients do not overflow.
  const std::vector<Tensor> params = {with_grad(tensor<float>({3e30f, 4e30f}))};
  EXPECT_NEAR(clip_grad_norm_(params, 1) / 5e30, 1, 1e-6);
}

TEST(ClipNorm, WritesAreSeenAndLayoutsAreTaken) {
  Tensor p = zeros({2, 3}).set_requires_grad();
  p.set_grad(expand(full({1}, 2), {2, 3}));
  EXPECT_NEAR(clip_grad_norm_(std::vector<Tensor>{p}, 1), std::sqrt(24.0), 1e-6);
  for (const float x : p.grad().to_vector<float>()) EXPECT_NEAR(x, 2 / std::sqrt(24.0), 1e-6);
  const uint32_t version = p.grad().version();
  clip_grad_value_(std::vector<Tensor>{p}, 0.1);
  EXPECT_GT(p.grad().version(), version);
}

TEST(ClipValue, ClampsBothSides) {
  for (const DType dtype : {DType::f32, DType::f64}) {
    auto params = many(dtype);
    const auto before = all_grads(params);
    clip_grad_value_(params, 0.75);
    const auto after = all_grads(params);
    for (size_t i = 0; i < after.size(); ++i) {
      EXPECT_EQ(after[i], std::min(std::max(before[i], -0.75), 0.75));
    }
  }
  const std::vector<Tensor> special = {with_grad(tensor<float>({std::nanf(""), kInf, -kInf}))};
  clip_grad_value_(special, 3);
  const auto v = special[0].grad().to_vector<float>();
  EXPECT_TRUE(std::isnan(v[0]));
  EXPECT_EQ(v[1], 3);
  EXPECT_EQ(v[2], -3);
}

TEST(Clip, RefusesBadArguments) {
  const std::vector<Tensor> params = {with_grad(ones({2}))};
  EXPECT_THROW(clip_grad_norm_(params, -1), ValueError);
  EXPECT_THROW(clip_grad_norm_(params, std::nan("")), ValueError);
  EXPECT_THROW(clip_grad_norm_(params, 1, {.norm_type = 0}), ValueError);
  EXPECT_THROW(clip_grad_value_(params, -1), ValueError);
  const std::vector<Tensor> half = {with_grad(ones({2}, DType::bf16))};
  EXPECT_THROW(clip_grad_norm_(half, 1), DTypeError);
}

}  // namespace
}  // namespace strata
