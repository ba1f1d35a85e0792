#include <algorithm>
#include <limits>

#include <fmt/format.h>

#include "strata/base/error.h"
#include "strata/kernels/linalg.h"
#include "strata/ops/arithmetic.h"
#include "strata/ops/axes.h"
#include "strata/ops/compare.h"
#include "strata/ops/copy.h"
#include "strata/ops/creation.h"
#include "strata/ops/joining.h"
#include "strata/ops/linalg.h"
#include "strata/ops/matmul.h"
#include "strata/ops/matrices.h"
#include "strata/ops/rearrange.h"
#include "strata/ops/select.h"
#include "strata/ops/unary.h"
#include "strata/ops/views.h"
#include "strata/tape/record.h"
#include "strata/tensor/on_device.h"

// Decompositions of linalg.h with several results.
namespace strata {
namespace {

using internal::front_of;
using internal::transposed;

bool recorded(const Tensor& a) { return grad_enabled() && a.requires_grad(); }

/// a + b, either of which may be undefined.
Tensor added(const Tensor& a, const Tensor& b) {
  if (!a.defined()) return b;
  return b.defined() ? a + b : a;
}

/// b[k] - b[j] at row j and column k, 1 on the diagonal: what eigenvectors' changes are divided by.
Tensor gaps(const Tensor& b) {
  const Tensor gap = unsqueeze(b, -2) - unsqueeze(b, -1);
  return where(internal::diagonal_mask(b.size(-1), b.device()), 1, gap);
}

/// Vectors as diagonal matrices.
Tensor diagonal_matrix(const Tensor& x) {
  return where(internal::diagonal_mask(x.size(-1), x.device()), unsqueeze(x, -1), 0);
}

/// Throws ShapeError where LAPACK wants so many numbers of working memory that its integers cannot
/// say so.
void check_work(const char* op, const Tensor& a, int64_t numbers) {
  constexpr int64_t kMost = std::numeric_limits<int>::max() - 1024;  // f32 rounds the number
  if (numbers > kMost) {
    throw ShapeError(op, fmt::format("{} is too large for LAPACK", describe(a)));
  }
}

/// At least as many rows as columns.
Qr tall_qr(const Tensor& a) {
  const int64_t n = a.size(-1);
  Tensor columns = internal::to_columns(a);
  Tensor r = empty({columns.size(0), n, n}, a.dtype(), a.device(), "qr");
  on_cpu("qr", a, [&](Cpu cpu) { kernels::qr(cpu, columns, r); });
  const std::vector<Tensor> ys{internal::from_columns(columns, a), internal::from_columns(r, a)};
  const auto backward = [q = save_output(ys[0], 0), r = save_output(ys[1], 1)](
                            const std::vector<Tensor>& dys, Needs) -> Grads {
    const Tensor q_value = q.get(), r_value = r.get();
    const Tensor of_q = dys[0].defined() ? -matmul(transposed(q_value), dys[0]) : Tensor();
    const Tensor of_r = dys[1].defined() ? matmul(dys[1], transposed(r_value)) : Tensor();
    Tensor m = added(of_q, of_r);
    m = where(internal::upper_mask(m.size(-1), m.device()), m, 0);
    // The upper triangle mirrored.
    m = where(internal::diagonal_mask(m.size(-1), m.device()), m, m + transposed(m));
    const Tensor right = added(matmul(q_value, m), dys[0]);
    return {transposed(solve_triangular(r_value, transposed(right), true))};
  };
  const std::vector<Tensor> out = record("qr", {a}, ys, backward);
  return {out[0], out[1]};
}

/// x u^-T.
Tensor divided(const Tensor& x, const Tensor& u) {
  return transposed(solve_triangular(u, transposed(x), true));
}

/// dys are those of l and u.
Tensor lu_backward(const Lu& y, const std::vector<Tensor>& dys) {
  const int64_t n = y.u.size(-1);
  const Tensor square = slice(y.l, -2, 0, n);
  Tensor inner, below, du = dys[1];
  if (dys[0].defined()) {
    inner = tril(matmul(transposed(square), slice(dys[0], -2, 0, n)), -1);
    if (y.l.size(-2) > n) {
      // These rows are a's divided by u, on which they depend besides.
      below = divided(slice(dys[0], -2, n), y.u);
      du = added(du, -matmul(transposed(slice(y.l, -2, n)), below));
    }
  }
  if (du.defined()) inner = added(inner, triu(matmul(du, transposed(y.u))));
  Tensor da = divided(solve_triangular(transposed(square), inner, true), y.u);
  if (y.l.size(-2) > n) {
    if (!below.defined()) below = zeros_like(slice(y.l, -2, n));
    da = concat({da, below}, -2);
  }
  return matmul(y.p, da);
}

/// At least as many rows as columns.
Lu tall_lu(const Tensor& a) {
  const int64_t m = a.size(-2), n = a.size(-1);
  Tensor columns = internal::to_columns(a);
  Tensor order = empty({columns.size(0), m}, DType::i64, a.device(), "lu");
  on_cpu("lu", a, [&](Cpu cpu) { kernels::lu(cpu, columns, order); });
  const Tensor rows = arange(static_cast<double>(m), DType::i64, a.device());
  order = reshape(order, joined(front_of(a, 2), {1, m}));
  const Tensor p = cast(unsqueeze(rows, 1) == order, a.dtype());
  const Tensor factors = internal::from_columns(columns, a);
  const std::vector<Tensor> ys{tril(factors, -1) + eye(m, n, a.dtype(), a.device()),
                               triu(slice(factors, -2, 0, n))};
  const std::vector<Tensor> out =
      record("lu", {a}, ys,
             [p = save(p), l = save_output(ys[0], 0), u = save_output(ys[1], 1)](
                 const std::vector<Tensor>& dys, Needs) -> Grads {
               return {lu_backward({p.get(), l.get(), u.get()}, dys)};
             });
  return {p, out[0], out[1]};
}

/// m - m^T.
Tensor skew(const Tensor& m) { return m - transposed(m); }

/// The part of x that lies outside of the space spanned by u's columns.
Tensor outside(const Tensor& x, const Tensor& u) { return x - matmul(u, matmul(transposed(u), x)); }

/// Townsend, "Differentiating the singular value decomposition", 2016.
Tensor svd_backward(const Svd& y, const std::vector<Tensor>& dys) {
  const Tensor v = transposed(y.vh), dv = dys[2].defined() ? transposed(dys[2]) : Tensor();
  const Tensor row = unsqueeze(y.s, -2), column = unsqueeze(y.s, -1);
  Tensor inner = dys[1].defined() ? diagonal_matrix(dys[1]) : Tensor();
  if (dys[0].defined() || dys[2].defined()) {
    const Tensor gap = gaps(square(y.s));
    if (dys[0].defined()) {
      inner = added(inner, skew(matmul(transposed(y.u), dys[0])) / gap * row);
    }
    if (dv.defined()) inner = added(inner, skew(matmul(y.vh, dv)) / gap * column);
  }
  Tensor left = matmul(y.u, inner);
  if (dys[0].defined() && y.u.size(-2) > y.u.size(-1)) left = left + outside(dys[0], y.u) / row;
  Tensor da = matmul(left, y.vh);
  if (dv.defined() && v.size(-2) > v.size(-1)) {
    da = da + matmul(y.u / row, transposed(outside(dv, v)));
  }
  return da;
}

}  // namespace

Lu lu(const Tensor& a) {
  internal::check_matrices("lu", a, false);
  const int64_t m = a.size(-2), n = a.size(-1);
  if (m >= n) return tall_lu(a);
  const Lu square = tall_lu(slice(a, -1, 0, m));
  const Tensor rest = matmul(transposed(square.p), slice(a, -1, m));
  return {square.p, square.l, concat({square.u, solve_triangular(square.l, rest, false)}, -1)};
}

Tensor lu_solve(const Lu& factors, const Tensor& b) {
  const char* op = "lu_solve";
  internal::check_matrices(op, factors.u, true);
  internal::check_matrices(op, b, false);
  const Tensor ordered = matmul(transposed(factors.p), b);
  const Tensor half = internal::solve_triangle(op, factors.l, ordered, false);
  return internal::solve_triangle(op, factors.u, half, true);
}

Qr qr(const Tensor& a) {
  internal::check_matrices("qr", a, false);
  const int64_t m = a.size(-2), n = a.size(-1);
  if (m >= n) return tall_qr(a);
  const Qr square = tall_qr(slice(a, -1, 0, m));
  const Tensor rest = matmul(transposed(square.q), slice(a, -1, m));
  return {square.q, concat({square.r, rest}, -1)};
}

Svd svd(const Tensor& a, bool full_matrices) {
  internal::check_matrices("svd", a, false);
  const int64_t m = a.size(-2), n = a.size(-1), k = std::min(m, n), count = numel(front_of(a, 2));
  check_work("svd", a, 4 * k * k + 7 * k + std::max(m, n));
  Tensor u = empty({count, full_matrices ? m : k, m}, a.dtype(), a.device());
  Tensor s = empty({count, k}, a.dtype(), a.device());
  Tensor vh = empty({count, n, full_matrices ? n : k}, a.dtype(), a.device());
  on_cpu("svd", a, [&](Cpu cpu) {
    Tensor columns = internal::to_columns(a);
    internal::check_codes("svd", a, kernels::svd(cpu, columns, u, s, vh), "did not converge");
  });
  const std::vector<Tensor> ys{internal::from_columns(u, a),
                               reshape(s, joined(front_of(a, 2), {k})),
                               internal::from_columns(vh, a)};
  const std::vector<Tensor> out =
      record("svd", {a}, ys,
             [u = save_output(ys[0], 0), s = save_output(ys[1], 1), vh = save_output(ys[2], 2), k](
                 const std::vector<Tensor>& dys, Needs) -> Grads {
               const auto first = [k](const Tensor& x, int axis) {
                 return x.defined() && x.size(axis) > k ? slice(x, axis, 0, k) : x;
               };
               return {svd_backward({first(u.get(), -1), s.get(), first(vh.get(), -2)},
                                    {first(dys[0], -1), dys[1], first(dys[2], -2)})};
             });
  return {out[0], out[1], out[2]};
}

Eigh eigh(const Tensor& a) {
  internal::check_matrices("eigh", a, true);
  check_work("eigh", a, 2 * a.size(-1) * a.size(-1) + 6 * a.size(-1) + 1);
  Tensor vectors = internal::to_columns(a);
  Tensor values = empty({vectors.size(0), a.size(-1)}, a.dtype(), a.device());
  on_cpu("eigh", a, [&](Cpu cpu) {
    internal::check_codes("eigh", a, kernels::eigh(cpu, true, vectors, values), "did not converge");
  });
  const std::vector<Tensor> ys{reshape(values, joined(front_of(a, 2), {a.size(-1)})),
                               internal::from_columns(vectors, a)};
  const std::vector<Tensor> out =
      record("eigh", {a}, ys,
             [values = save_output(ys[0], 0), vectors = save_output(ys[1], 1)](
                 const std::vector<Tensor>& dys, Needs) -> Grads {
               const Tensor v = vectors.get();
               Tensor inner = dys[0].defined() ? diagonal_matrix(dys[0]) : Tensor();
               if (dys[1].defined()) {
                 const Tensor turned = matmul(transposed(v), dys[1]) / gaps(values.get());
                 const Tensor mask = internal::diagonal_mask(v.size(-1), v.device());
                 // `a` stands for a symmetric matrix, and so does its gradient.
                 inner = added(inner, where(mask, 0, (turned + transposed(turned)) * 0.5));
               }
               return {matmul(v, matmul(inner, transposed(v)))};
             });
  return {out[0], out[1]};
}

Tensor svdvals(const Tensor& a) {
  internal::check_matrices("svdvals", a, false);
  if (recorded(a)) return svd(a).s;
  const int64_t k = std::min(a.size(-1), a.size(-2));
  Tensor s = empty(joined(front_of(a, 2), {k}), a.dtype(), a.device());
  on_cpu("svdvals", a, [&](Cpu cpu) {
    Tensor columns = internal::to_columns(a), lines = reshape(s, {columns.size(0), k});
    internal::check_codes("svdvals", a, kernels::svdvals(cpu, columns, lines), "did not converge");
  });
  return s;
}

Tensor eigvalsh(const Tensor& a) {
  internal::check_matrices("eigvalsh", a, true);
  if (recorded(a)) return eigh(a).values;
  Tensor values = empty(joined(front_of(a, 2), {a.size(-1)}), a.dtype(), a.device());
  on_cpu("eigvalsh", a, [&](Cpu cpu) {
    Tensor columns = internal::to_columns(a),
           lines = reshape(values, {columns.size(0), a.size(-1)});
    internal::check_codes("eigvalsh", a, kernels::eigh(cpu, false, columns, lines),
                          "did not converge");
  });
  return values;
}

Tensor eigvals(const Tensor& a) {
  internal::check_matrices("eigvals", a, true);
  const int64_t n = a.size(-1), count = numel(front_of(a, 2));
  Tensor real = empty({count, n}, a.dtype(), a.device());
  Tensor imaginary = empty({count, n}, a.dtype(), a.device());
  on_cpu("eigvals", a, [&](Cpu cpu) {
    Tensor columns = internal::to_columns(a);
    internal::check_codes("eigvals", a, kernels::eigvals(cpu, columns, real, imaginary),
                          "did not converge");
  });
  const Tensor y = reshape(stack({real, imaginary}, -1), joined(front_of(a, 2), {n, 2}));
  return record("eigvals", {a}, y, [](const Tensor&, Needs) -> Grads {
    throw GradError("eigvals", "the eigenvalues pass no gradient", "eigvals(a.detach())");
  });
}

}  // namespace strata
