#include "strata/ops/linalg.h"

#include <cmath>

#include <gtest/gtest.h>

#include "strata/autograd/backward.h"
#include "strata/autograd/gradcheck.h"
#include "strata/base/error.h"
#include "strata/base/random.h"
#include "strata/ops/arithmetic.h"
#include "strata/ops/copy.h"
#include "strata/ops/creation.h"
#include "strata/ops/matmul.h"
#include "strata/ops/rearrange.h"
#include "strata/ops/reduce.h"
#include "strata/ops/unary.h"
#include "strata/ops/views.h"
#include "tests/support/difference.h"
#include "tests/support/message.h"

namespace strata {
namespace {

using testing::largest_difference;
using testing::message;

Tensor normal(const Shape& shape, DType dtype, uint64_t seed = 1) {
  Generator g(seed);
  return randn(shape, 0, 1, dtype, kCpu, g);
}

Tensor transposed(const Tensor& a) { return transpose(a, -1, -2); }

Tensor as_diagonal(const Tensor& x) { return unsqueeze(x, -1) * eye(x.size(-1), x.dtype()); }

TEST(Linalg, RebuildsItsInputsInOddSizes) {
  for (DType dtype : {DType::f32, DType::f64}) {
    const double bound = dtype == DType::f32 ? 1e-3 : 1e-10;
    for (const int64_t n : {1, 3, 17, 65}) {
      const Tensor a = normal({2, n, n}, dtype), wide = normal({n, n + 5}, dtype, 2);
      const Tensor unit = eye(n, dtype);
      EXPECT_LE(testing::largest_value(matmul(a, inverse(a)) - unit), bound) << n;
      const Tensor definite = matmul(a, transposed(a)) + unit;
      const Tensor l = cholesky(definite);
      EXPECT_LE(largest_difference(matmul(l, transposed(l)), definite), bound) << n;
      for (const Tensor& x : {wide, transposed(wide), a}) {
        const Qr f = qr(x);
        EXPECT_LE(largest_difference(matmul(f.q, f.r), x), bound) << n;
        const Svd y = svd(x);
        EXPECT_LE(largest_difference(matmul(y.u, unsqueeze(y.s, -1) * y.vh), x), bound) << n;
      }
      const Tensor symmetric = a + transposed(a);
      const Eigh e = eigh(symmetric);
      const Tensor turned = matmul(e.vectors, matmul(as_diagonal(e.values), transposed(e.vectors)));
      EXPECT_LE(largest_difference(turned, symmetric), bound) << n;
    }
  }
}

TEST(Linalg, TakesEmptyMatricesAndBatches) {
  const Tensor none = zeros({3, 0, 0}, DType::f64);
  EXPECT_EQ(det(none).to_vector<double>(), (std::vector<double>{1, 1, 1}));
  EXPECT_EQ(describe(inverse(none)), "f64[3, 0, 0]");
  EXPECT_EQ(describe(svd(zeros({2, 0, 3})).vh), "f32[2, 0, 3]");
  EXPECT_EQ(describe(eigh(none).values), "f64[3, 0]");
  EXPECT_EQ(describe(solve(zeros({0, 2, 2}), zeros({0, 2, 1}))), "f32[0, 2, 1]");
}

TEST(Linalg, GradientsOfEigenvectorsAreSymmetric) {
  // PyTorch's, of the first and the second order.
  const double first[] = {1.3745485454369208,  0.42685773065353566,  0.2387247853167836,
                          0.42685773065353555, 1.7796624096327318,   -0.433961837718119,
                          0.2387247853167835,  -0.43396183771811897, 2.845789044930347};
  const double second[] = {-1.3217446362690963, -0.661973607087604,  1.3547238889153281,
                           -0.6619736070876039, -0.5360706438569007, 3.061201054839328,
                           1.3547238889153281,  3.061201054839328,   1.8578152801259968};
  Tensor a = tensor<double>({2, 1, 0.5, 1, 3, -1, 0.5, -1, 5}, {3, 3}).set_requires_grad();
  const Tensor weights = tensor<double>({1, 2, 3, 4, 5, 6, 7, 8, 9.5}, {3, 3});
  const Eigh e = eigh(a);
  const Tensor loss =
      sum(e.vectors * e.vectors * weights) + sum(e.values * tensor<double>({1, 2, 3}));
  const Tensor ys[] = {loss}, xs[] = {a};
  const Tensor da = grad(ys, xs, {}, {.create_graph = true})[0];
  backward(sum(da * weights));
  for (size_t i = 0; i < 9; ++i) {
    EXPECT_NEAR(da.to_vector<double>()[i], first[i], 1e-12) << i;
    EXPECT_NEAR(a.grad().to_vector<double>()[i], second[i], 1e-11) << i;
  }
}

TEST(Linalg, ReadsOnlyTheLowerTriangle) {
  const Tensor a = tensor<double>({4, 99, 2, 5}, {2, 2});
  EXPECT_EQ(cholesky(a).to_vector<double>(), (std::vector<double>{2, 0, 1, 2}));
  const std::vector<double> values = eigh(a).values.to_vector<double>();
  EXPECT_NEAR(values[0] + values[1], 9, 1e-12);
  EXPECT_NEAR(values[0] * values[1], 16, 1e-12);
}

TEST(Linalg, NamesTheMatrixThatCannotBeDone) {
  Tensor a = copy(expand(eye(2, DType::f64), {3, 2, 2}));
  a.data<double>()[4] = 0;  // [1, 0, 0]
  EXPECT_EQ(message<NumericError>([&] { inverse(a); }),
            "[inverse] matrix 1 of f64[3, 2, 2] is singular");
  EXPECT_EQ(message<NumericError>([&] {
              solve(a, ones({2, 1}, DType::f64));
            }),
            "[solve] matrix 1 of f64[3, 2, 2] is singular");
  EXPECT_EQ(message<NumericError>([&] { cholesky(select(a, 0, 1)); }),
            "[cholesky] the matrix f64[2, 2] is not positive definite");
  EXPECT_EQ(message<NumericError>([&] {
              solve_triangular(a, ones({2, 1}, DType::f64), true);
            }),
            "[solve_triangular] matrix 1 of f64[3, 2, 2] is singular: there is a 0 on its "
            "diagonal");
  EXPECT_EQ(det(a).to_vector<double>(), (std::vector<double>{1, 0, 1}));
  const SignAndLog parts = slogdet(a);
  EXPECT_EQ(parts.sign.to_vector<double>(), (std::vector<double>{1, 0, 1}));
  EXPECT_EQ(parts.log_magnitude.to_vector<double>()[1], -INFINITY);
  const Tensor nan = full({2, 2}, NAN);
  EXPECT_EQ(message<NumericError>([&] { svd(nan); }),
            "[svd] the matrix f32[2, 2] has NaN or infinity in it");
  EXPECT_EQ(message<NumericError>([&] { eigh(nan); }),
            "[eigh] the matrix f32[2, 2] has NaN or infinity in it");
}

TEST(Linalg, RefusesOtherShapesAndDtypes) {
  EXPECT_EQ(message<ShapeError>([] {
              inverse(ones({2, 3}));
            }),
            "[inverse] takes square matrices, got f32[2, 3]");
  EXPECT_EQ(message<ShapeError>([] { svd(ones({2})); }), "[svd] takes matrices, got f32[2]");
  EXPECT_EQ(message<DTypeError>([] {
              det(ones({2, 2}, DType::bf16));
            }),
            "[det] takes f32 and f64, got bf16[2, 2]");
  EXPECT_EQ(message<ShapeError>([] {
              solve(eye(2), ones({3, 1}));
            }),
            "[solve] b f32[3, 1] does not fit a f32[2, 2]");
  EXPECT_EQ(message<DTypeError>([] {
              solve(eye(2), ones({2, 1}, DType::f64));
            }),
            "[solve] the dtypes differ: f32[2, 2] and f64[2, 1]");
}

TEST(Linalg, GradientsOfOneFactorAreRight) {
  const Tensor x[] = {normal({4, 3}, DType::f64).set_requires_grad()};
  const auto check = [&](auto f) {
    const auto run = [&](std::span<const Tensor> in) { return std::vector{f(in[0])}; };
    for (const int order : {1, 2}) {
      const GradCheckResult result = gradcheck(run, x, order);
      EXPECT_LE(result.error, 1e-6) << result.where;
    }
  };
  check([](const Tensor& a) { return qr(a).q; });
  check([](const Tensor& a) { return square(svd(a).u); });
  check([](const Tensor& a) { return square(svd(a).vh); });
  check([](const Tensor& a) { return square(eigh(matmul(transposed(a), a)).vectors); });
}

TEST(Linalg, LuRebuildsItsInput) {
  for (const Shape& shape : {Shape{17, 17}, {2, 5, 3}, {3, 2, 6}, {1, 1}}) {
    const Tensor a = normal(shape, DType::f64);
    const Lu f = lu(a);
    EXPECT_LE(largest_difference(matmul(f.p, matmul(f.l, f.u)), a), 1e-14) << to_string(shape);
    EXPECT_LE(testing::largest_value(f.l), 1) << to_string(shape);  // rows were exchanged
    EXPECT_EQ(largest_difference(tril(f.l), f.l), 0) << to_string(shape);
    EXPECT_EQ(largest_difference(triu(f.u), f.u), 0) << to_string(shape);
  }
  const Lu singular = lu(zeros({2, 2}));
  EXPECT_EQ(singular.u.to_vector<double>(), (std::vector<double>{0, 0, 0, 0}));
  EXPECT_EQ(testing::message<NumericError>([&] {
              lu_solve(singular, ones({2, 1}));
            }),
            "[lu_solve] the matrix f32[2, 2] is singular: there is a 0 on its diagonal");
  EXPECT_EQ(message<ShapeError>([] {
              lu_solve(lu(zeros({3, 0})), ones({3, 1}));
            }),
            "[lu_solve] takes square matrices, got f32[3, 0]");
  EXPECT_EQ(describe(lu(zeros({2, 0, 3})).u), "f32[2, 0, 3]");
  EXPECT_EQ(describe(lu(zeros({3, 0})).p), "f32[3, 3]");
  EXPECT_THROW(lu_solve(lu(zeros({3, 2})), ones({3, 1})), ShapeError);
}

TEST(Linalg, SolvesByFactors) {
  const Tensor a = normal({2, 6, 6}, DType::f64), b = normal({6, 3}, DType::f64, 2);
  EXPECT_LE(largest_difference(matmul(a, lu_solve(lu(a), b)), expand(b, {2, 6, 3})), 1e-12);
  const Tensor definite = matmul(a, transposed(a)) + eye(6, DType::f64);
  const Tensor x = cholesky_solve(b, cholesky(definite));
  EXPECT_LE(largest_difference(matmul(definite, x), expand(b, {2, 6, 3})), 1e-12);
  EXPECT_THROW(cholesky_solve(b, normal({6, 5}, DType::f64)), ShapeError);
}

TEST(Linalg, TheWayBackOfSolveTakesItsFactors) {
  const auto gradients = [](const Tensor& a_values, const Tensor& b_values, bool create_graph) {
    Tensor a = a_values.detach().set_requires_grad(), b = b_values.detach().set_requires_grad();
    const Tensor x = solve(a, b);
    return grad({x}, {a, b}, {normal(x.shape(), x.dtype(), 3)}, {.create_graph = create_graph});
  };
  for (const DType t : {DType::f32, DType::f64}) {
    for (const int64_t n : {1, 3, 17}) {
      const Tensor a = normal({2, n, n}, t) + 8 * eye(n, t);
      for (const Shape& shape : {Shape{2, n, 3}, {2, n}, {4, 2, n, 1}, {2, n, 0}, {n, 2}}) {
        const Tensor b = normal(shape, t, 2);
        const auto by_factors = gradients(a, b, false), recorded = gradients(a, b, true);
        for (size_t i = 0; i < 2; ++i) {
          EXPECT_LE(largest_difference(by_factors[i], recorded[i]), t == DType::f32 ? 1e-4 : 1e-12)
              << to_string(shape);
        }
      }
    }
  }
  EXPECT_EQ(describe(gradients(zeros({0, 2, 2}), zeros({0, 2, 1}), false)[0]), "f32[0, 2, 2]");
  EXPECT_EQ(describe(gradients(zeros({2, 0, 0}), zeros({0, 3}), false)[1]), "f32[0, 3]");
  const Tensor meta = empty({2, 3, 3}, DType::f32, kMeta).set_requires_grad();
  EXPECT_TRUE(grad(solve(meta, meta), meta, meta).is_meta());
}

TEST(Linalg, LogarithmsOfDeterminants) {
  EXPECT_NEAR(logdet(tensor({{4.0, 0.0}, {1.0, 2.0}})).item<double>(), std::log(8.0), 1e-14);
  EXPECT_TRUE(std::isnan(logdet(tensor({{0.0, 1.0}, {1.0, 0.0}})).item<double>()));
  EXPECT_EQ(logdet(zeros({2, 2})).item<float>(), -INFINITY);
  EXPECT_EQ(logdet(zeros({2, 0, 0})).to_vector<double>(), (std::vector<double>{0, 0}));
  EXPECT_EQ(message<ShapeError>([] {
              logdet(ones({2, 3}));
            }),
            "[logdet] takes square matrices, got f32[2, 3]");
}

TEST(Linalg, ValuesWithoutVectorsAreTheSame) {
  for (const DType t : {DType::f32, DType::f64}) {
    const double bound = t == DType::f32 ? 1e-5 : 1e-13;
    for (const Shape& shape : {Shape{2, 17, 17}, {3, 5, 2}, {2, 5}, {2, 0, 3}}) {
      const Tensor a = normal(shape, t);
      EXPECT_LE(largest_difference(svdvals(a), svd(a).s), bound) << to_string(shape);
    }
    const Tensor a = normal({2, 9, 9}, t);
    EXPECT_LE(largest_difference(eigvalsh(a), eigh(a).values), bound);
  }
  // Equal values have a gradient, unlike their vectors.
  Tensor a = eye(3, DType::f64).set_requires_grad();
  backward(sum(svdvals(a)) + sum(eigvalsh(a)));
  EXPECT_LE(largest_difference(a.grad(), 2 * eye(3, DType::f64)), 1e-14);
  EXPECT_EQ(message<NumericError>([] {
              svdvals(full({2, 2}, NAN));
            }),
            "[svdvals] the matrix f32[2, 2] has NaN or infinity in it");
  EXPECT_EQ(message<NumericError>([] {
              eigvalsh(full({2, 2}, NAN));
            }),
            "[eigvalsh] the matrix f32[2, 2] has NaN or infinity in it");
}

TEST(Linalg, WhatLapackCannotCountIsRefused) {
  const auto square = [](int64_t n) { return zeros({n, n}, DType::f32, kMeta); };
  EXPECT_EQ(message<ShapeError>([&] { svd(square(40000)); }),
            "[svd] f32[40000, 40000] is too large for LAPACK");
  EXPECT_EQ(message<ShapeError>([&] { eigh(square(40000)); }),
            "[eigh] f32[40000, 40000] is too large for LAPACK");
  EXPECT_EQ(describe(svd(square(20000)).u), "f32[20000, 20000]");
  EXPECT_EQ(describe(eigh(square(30000)).vectors), "f32[30000, 30000]");
  EXPECT_EQ(describe(svdvals(square(40000))), "f32[40000]");
}

TEST(Linalg, CholeskySolveComplainsInItsOwnName) {
  EXPECT_EQ(message<ShapeError>([] {
              cholesky_solve(ones({3, 1}), eye(2));
            }),
            "[cholesky_solve] b f32[3, 1] does not fit a f32[2, 2]");
  EXPECT_EQ(message<NumericError>([] {
              cholesky_solve(ones({2, 1}), zeros({2, 2}), true);
            }),
            "[cholesky_solve] the matrix f32[2, 2] is singular: there is a 0 on its diagonal");
}

TEST(Linalg, ComplexEigenvalues) {
  // A quarter turn, and a triangle.
  const Tensor turn = eigvals(tensor({{0.0, -1.0}, {1.0, 0.0}}));
  EXPECT_EQ(describe(turn), "f64[2, 2]");
  const std::vector<double> parts = turn.to_vector<double>();
  EXPECT_NEAR(parts[0], 0, 1e-15);
  EXPECT_NEAR(std::abs(parts[1]), 1, 1e-15);
  EXPECT_EQ(parts[1], -parts[3]);
  EXPECT_EQ(eigvals(tensor({{3.0F, 1.0F}, {0.0F, -2.0F}})).to_vector<double>(),
            (std::vector<double>{3, 0, -2, 0}));
  EXPECT_EQ(describe(eigvals(zeros({2, 0, 0}))), "f32[2, 0, 2]");
  EXPECT_EQ(describe(eigvals(zeros({5, 3, 3}, DType::f32, kMeta))), "f32[5, 3, 2]");
  EXPECT_EQ(message<NumericError>([] {
              eigvals(full({2, 2}, NAN));
            }),
            "[eigvals] the matrix f32[2, 2] has NaN or infinity in it");
  const Tensor a = eye(2).set_requires_grad();
  EXPECT_EQ(message<GradError>([&] { backward(sum(eigvals(a))); }),
            "[eigvals] the eigenvalues pass no gradient\n  hint: eigvals(a.detach())");
}

}  // namespace
}  // namespace strata
