#include "strata/autograd/gradcheck.h"

#include <vector>

#include <gtest/gtest.h>

#include "strata/base/error.h"
#include "strata/ops/arithmetic.h"
#include "strata/ops/creation.h"
#include "strata/ops/reduce.h"
#include "strata/ops/unary.h"
#include "strata/tape/grad_mode.h"
#include "strata/tape/record.h"

namespace strata {
namespace {

std::vector<Tensor> inputs() { return {rand({3}, 0.5, 1.5, DType::f64).set_requires_grad()}; }

/// exp with a way back of the caller's choice.
template <class F>
TensorFunction exp_with(F backward) {
  return [backward](std::span<const Tensor> in) {
    return std::vector{record("exp", {in[0]}, exp(in[0].detach()), backward(in[0]))};
  };
}

TEST(GradCheck, AcceptsARightGradient) {
  const auto f = [](std::span<const Tensor> in) { return std::vector{exp(in[0]) * in[0]}; };
  EXPECT_LT(gradcheck(f, inputs(), 1).error, 1e-8);
  EXPECT_LT(gradcheck(f, inputs(), 2).error, 1e-8);
}

TEST(GradCheck, FindsAWrongGradient) {
  const auto result = gradcheck(exp_with([](const Tensor& x) {
                                  return [x = save(x)](const Tensor& dy, Needs) -> Grads {
                                    return {dy * exp(x.get()) * scalar(1.001)};
                                  };
                                }),
                                inputs());
  EXPECT_GT(result.error, 1e-4);
  EXPECT_NE(result.where.find("input 0 f64[3], element "), std::string::npos) << result.where;
}

TEST(GradCheck, FindsAMissingGradient) {
  const auto unrecorded = [](std::span<const Tensor> in) {
    return std::vector{exp(in[0].detach())};
  };
  EXPECT_GT(gradcheck(unrecorded, inputs()).error, 0.1);
  EXPECT_GT(gradcheck(unrecorded, inputs(), 2).error, 0.1);
  const auto undefined = exp_with(
      [](const Tensor&) { return [](const Tensor&, Needs) -> Grads { return {Tensor()}; }; });
  EXPECT_GT(gradcheck(undefined, inputs()).error, 0.1);
}

TEST(GradCheck, FindsASilentlyZeroSecondDerivative) {
  // Right at first order; but the saved value has lost its history.
  const auto detached = exp_with([](const Tensor& x) {
    return [x = save(x.detach())](const Tensor& dy, Needs) -> Grads { return {dy * exp(x.get())}; };
  });
  EXPECT_LT(gradcheck(detached, inputs(), 1).error, 1e-8);
  EXPECT_GT(gradcheck(detached, inputs(), 2).error, 0.1);
}

TEST(GradCheck, FindsAnotherGradientWhereItIsRecorded) {
  // Its derivative agrees with itself: only beside the plain way back can the factor be seen.
  const auto doubled = exp_with([](const Tensor& x) {
    return [x = save(x)](const Tensor& dy, Needs) -> Grads {
      return {grad_enabled() ? dy * exp(x.get()) * 1.01 : dy * exp(x.get())};
    };
  });
  EXPECT_LT(gradcheck(doubled, inputs(), 1).error, 1e-8);
  const auto result = gradcheck(doubled, inputs(), 2);
  EXPECT_GT(result.error, 1e-3);
  EXPECT_NE(result.where.find("where nothing is recorded"), std::string::npos) << result.where;
}

TEST(GradCheck, ChecksEveryOutputAndInput) {
  const auto f = [](std::span<const Tensor> in) {
    return std::vector{in[0] * in[1], record("id", {in[1]}, in[1].detach() * scalar(1.0),
                                             [](const Tensor& dy, Needs) -> Grads {
                                               return {dy * scalar(1.01)};
                                             })};
  };
  std::vector<Tensor> in = {inputs()[0], inputs()[0]};
  EXPECT_NE(gradcheck(f, in).where.find("input 1"), std::string::npos);
  in[1].set_requires_grad(false);
  EXPECT_LT(gradcheck(f, in).error, 1e-8);
}

TEST(GradCheck, NeedsF64) {
  const auto f = [](std::span<const Tensor> in) { return std::vector{exp(in[0])}; };
  const std::vector<Tensor> in = {ones({2}).set_requires_grad()};
  EXPECT_THROW(gradcheck(f, in), DTypeError);
}

}  // namespace
}  // namespace strata
