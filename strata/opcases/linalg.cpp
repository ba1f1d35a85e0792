#include "strata/ops/linalg.h"

#include <utility>

#include "strata/opcases/op_case.h"
#include "strata/ops/arithmetic.h"
#include "strata/ops/creation.h"
#include "strata/ops/matmul.h"
#include "strata/ops/sort.h"
#include "strata/ops/unary.h"
#include "strata/ops/views.h"

namespace strata::opcases {
namespace {

// Products of random matrices amplify what f32 loses.
constexpr double kTolerance = 1e-4;
const Input kSquare = {.shape = {2, 4, 4}};
const Input kTall = {.shape = {2, 5, 3}};

OpCase matrices(const char* name, const Input& a,
                std::function<std::vector<Tensor>(std::span<const Tensor>)> run) {
  return {.name = name,
          .inputs = {a},
          .run = std::move(run),
          .tolerance = kTolerance,
          .bf16_tolerance = 0};
}

Tensor transposed(const Tensor& a) { return transpose(a, -1, -2); }

/// Far from singular.
Tensor shifted(const Tensor& a) { return a + eye(a.size(-1), a.dtype(), a.device()) * 2; }

Tensor definite(const Tensor& a) {
  return matmul(a, transposed(a)) + eye(a.size(-2), a.dtype(), a.device());
}

/// Its eigenvalues lie apart.
Tensor symmetric(const Tensor& a) {
  const int64_t n = a.size(-1);
  const Tensor steps = arange(0, static_cast<double>(n), 1, a.dtype(), a.device());
  return a + transposed(a) + eye(n, a.dtype(), a.device()) * steps * 3;
}

/// What does not depend on how the full matrices complete their bases: that they are bases, and the
/// space of the columns beyond the third.
OpCase bases(const char* name, const Input& a) {
  OpCase c = matrices(name, a, [](auto in) {
    const Svd y = svd(in[0], true);
    const Tensor beyond = slice(y.u, -1, 3), below = slice(y.vh, -2, 3);
    return std::vector{matmul(y.u, transposed(y.u)), matmul(transposed(y.vh), y.vh),
                       matmul(beyond, transposed(beyond)), matmul(transposed(below), below)};
  });
  c.differentiable = false;
  return c;
}

/// The eigenvalues come in no order.
OpCase eigenvalues() {
  OpCase c = matrices("eigvals", {.shape = {2, 6, 6}},
                      [](auto in) { return std::vector{sort(eigvals(in[0]), -2).values}; });
  c.differentiable = false;
  return c;
}

std::vector<OpCase> decomposition_cases() {
  // Functions that do not depend on the signs of singular vectors.
  const auto parts = [](auto in) {
    const Svd y = svd(in[0]);
    return std::vector{y.s, square(y.u), square(y.vh), matmul(y.u, y.vh)};
  };
  const auto of_values = [](auto in) { return std::vector{svd(in[0]).s}; };
  const auto full_parts = [](auto in) {
    const Svd y = svd(in[0], true);
    const Tensor u = slice(y.u, -1, 0, 3), vh = slice(y.vh, -2, 0, 3);
    return std::vector{y.s, square(u), square(vh), matmul(u, vh)};
  };
  const auto qr_parts = [](auto in) {
    const Qr y = qr(in[0]);
    return std::vector{y.q, y.r};
  };
  const auto lu_parts = [](auto in) {
    const Lu y = lu(in[0]);
    return std::vector{y.p, y.l, y.u};
  };
  return {
      matrices("qr", kTall, qr_parts),
      matrices("qr/wide", {.shape = {3, 5}}, qr_parts),
      matrices("qr/r", kTall, [](auto in) { return std::vector{qr(in[0]).r}; }),
      matrices("lu", kTall, lu_parts),
      matrices("lu/square", kSquare, lu_parts),
      matrices("lu/wide", {.shape = {2, 3, 5}}, lu_parts),
      matrices("lu/lower", kTall, [](auto in) { return std::vector{lu(in[0]).l}; }),
      matrices("svd", kTall, parts),
      matrices("svd/wide", {.shape = {3, 5}}, parts),
      matrices("svd/square", {.shape = {3, 3}}, parts),
      matrices("svd/values", kTall, of_values),
      matrices("svd/full", kTall, full_parts),
      matrices("svd/full_wide", {.shape = {3, 5}}, full_parts),
      bases("svd/full_bases", kTall),
      bases("svd/full_bases_wide", {.shape = {3, 5}}),
      matrices("eigh", kSquare,
               [](auto in) {
                 const Eigh y = eigh(symmetric(in[0]));
                 return std::vector{y.values, square(y.vectors)};
               }),
      matrices("eigh/values", kSquare,
               [](auto in) { return std::vector{eigh(symmetric(in[0])).values}; }),
      matrices("svdvals", kTall, [](auto in) { return std::vector{svdvals(in[0])}; }),
      matrices("eigvalsh", kSquare,
               [](auto in) { return std::vector{eigvalsh(symmetric(in[0]))}; }),
  };
}

}  // namespace

std::vector<OpCase> linalg_cases() {
  const auto with = [](const char* name, const Input& a, const Input& b, auto run) -> OpCase {
    return {
        .name = name, .inputs = {a, b}, .run = run, .tolerance = kTolerance, .bf16_tolerance = 0};
  };
  const auto solved = [](auto in) { return std::vector{solve(shifted(in[0]), in[1])}; };
  std::vector<OpCase> cases = {
      matrices("inverse", kSquare, [](auto in) { return std::vector{inverse(shifted(in[0]))}; }),
      matrices("det", kSquare, [](auto in) { return std::vector{det(in[0])}; }),
      matrices("slogdet", kSquare,
               [](auto in) {
                 const SignAndLog y = slogdet(in[0]);
                 return std::vector{y.sign, y.log_magnitude};
               }),
      with("solve", kSquare, {.shape = {2, 4, 3}}, solved),
      with("solve/vectors", kSquare, {.shape = {2, 4}}, solved),
      with("solve/broadcast", {.shape = {4, 4}}, {.shape = {3, 4, 2}}, solved),
      with("solve_triangular/upper", kSquare, {.shape = {2, 4, 3}},
           [](auto in) { return std::vector{solve_triangular(shifted(in[0]), in[1], true)}; }),
      with("solve_triangular/lower", kSquare, {.shape = {4, 3}},
           [](auto in) { return std::vector{solve_triangular(shifted(in[0]), in[1], false)}; }),
      matrices("logdet", kSquare, [](auto in) { return std::vector{logdet(definite(in[0]))}; }),
      with("cholesky_solve", kSquare, {.shape = {4, 3}},
           [](auto in) {
             const Tensor l = cholesky(definite(in[0]));
             return std::vector{cholesky_solve(in[1], l),
                                cholesky_solve(in[1], transposed(l), true)};
           }),
      with("lu_solve", kSquare, {.shape = {4, 3}},
           [](auto in) { return std::vector{lu_solve(lu(shifted(in[0])), in[1])}; }),
      matrices("cholesky", kSquare, [](auto in) { return std::vector{cholesky(definite(in[0]))}; }),
  };
  for (OpCase& c : decomposition_cases()) cases.push_back(std::move(c));
  cases.push_back(eigenvalues());
  return cases;
}

}  // namespace strata::opcases
