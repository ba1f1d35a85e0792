#include "strata/ops/linalg.h"

#include <limits>
#include <vector>

#include "strata/kernels/linalg.h"
#include "strata/ops/arithmetic.h"
#include "strata/ops/axes.h"
#include "strata/ops/compare.h"
#include "strata/ops/creation.h"
#include "strata/ops/matmul.h"
#include "strata/ops/matrices.h"
#include "strata/ops/select.h"
#include "strata/ops/views.h"
#include "strata/tape/record.h"
#include "strata/tensor/on_device.h"

namespace strata {
namespace {

using internal::transposed;

/// What kernels::solve makes of a matrix; undefined on the meta device.
struct Factors {
  Tensor lu, pivots;
};

/// The columns `x` become the solutions of a y = x.
Factors solve_columns(const char* op, const Tensor& a, Tensor& x) {
  Factors f;
  on_cpu(op, a, [&](Cpu cpu) {
    f.lu = internal::to_columns(a);
    f.pivots = empty({f.lu.size(0), a.size(-1)}, DType::i32, a.device(), op);
    internal::check_codes(op, a, kernels::solve(cpu, f.lu, f.pivots, x), "is singular");
  });
  return f;
}

/// The solution y of a^T y = b by a's factors, without a trace on the tape.
Tensor solve_transposed(const Factors& f, const Tensor& b) {
  Tensor y = internal::to_columns(b);
  on_cpu("solve", b, [&](Cpu cpu) { kernels::solve_transposed(cpu, f.lu, f.pivots, y); });
  return internal::from_columns(y, b);
}

Tensor solve_matrices(const Tensor& a, const Tensor& b) {
  Tensor x = internal::to_columns(b);
  const Factors f = solve_columns("solve", a, x);
  x = internal::from_columns(x, b);
  return record("solve", {a, b}, x,
                [a = save(a), lu = save(f.lu), pivots = save(f.pivots), x = save_output(x)](
                    const Tensor& dx, Needs needs) -> Grads {
                  const Tensor db = grad_enabled() ? solve(transposed(a.get()), dx)
                                                   : solve_transposed({lu.get(), pivots.get()}, dx);
                  return {needs[0] ? -matmul(db, transposed(x.get())) : Tensor(), db};
                });
}

struct Determinant {
  Tensor sign, logarithm, value;
};

Determinant determinant(const char* op, const Tensor& a) {
  internal::check_matrices(op, a, true);
  Determinant d;
  for (Tensor* t : {&d.sign, &d.logarithm, &d.value}) {
    *t = empty(internal::front_of(a, 2), a.dtype(), a.device(), op);
  }
  on_cpu(op, a, [&](Cpu cpu) {
    Tensor lu = internal::to_columns(a);
    kernels::determinant(cpu, lu, d.sign, d.logarithm, d.value);
  });
  return d;
}

/// One number for each matrix, against its elements.
Tensor of_matrices(const Tensor& x) { return unsqueeze(unsqueeze(x, -1), -1); }

SignAndLog determinant_parts(const char* op, const Tensor& a) {
  const Determinant d = determinant(op, a);
  const std::vector<Tensor> ys =
      record(op, {a}, std::vector{d.sign, d.logarithm},
             [a = save(a)](const std::vector<Tensor>& dys, Needs) -> Grads {
               if (!dys[1].defined()) return {zeros_like(a.get())};
               return {of_matrices(dys[1]) * transposed(inverse(a.get()))};
             });
  return {ys[0], ys[1]};
}

}  // namespace

Tensor internal::solve_triangle(const char* op, const Tensor& a, const Tensor& b, bool upper) {
  Tensor left = a, right = b;
  check_matrices(op, a, true);
  share_batch(op, left, right);
  Tensor x = to_columns(right);
  on_cpu(op, left, [&](Cpu cpu) {
    const Tensor columns = to_columns(left);
    check_codes(op, left, kernels::solve_triangular(cpu, upper, columns, x),
                "is singular: there is a 0 on its diagonal");
  });
  x = from_columns(x, right);
  return record(
      op, {left, right}, x,
      [a = save(left), x = save_output(x), upper](const Tensor& dx, Needs needs) -> Grads {
        const Tensor db = solve_triangular(transposed(a.get()), dx, !upper);
        if (!needs[0]) return {Tensor(), db};
        const Tensor da = -matmul(db, transposed(x.get()));
        const Tensor mask = upper_mask(da.size(-1), da.device());
        return {where(upper ? mask : transposed(mask), da, 0), db};
      });
}

Tensor inverse(const Tensor& a) {
  internal::check_matrices("inverse", a, true);
  Tensor y = internal::to_columns(expand(eye(a.size(-1), a.dtype(), a.device()), a.shape()));
  solve_columns("inverse", a, y);
  y = internal::from_columns(y, a);
  return record("inverse", {a}, y, [y = save_output(y)](const Tensor& dy, Needs) -> Grads {
    const Tensor t = transposed(y.get());
    return {-matmul(t, matmul(dy, t))};
  });
}

Tensor det(const Tensor& a) {
  Tensor y = determinant("det", a).value;
  return record("det", {a}, y, [a = save(a), y = save_output(y)](const Tensor& dy, Needs) -> Grads {
    return {of_matrices(dy * y.get()) * transposed(inverse(a.get()))};
  });
}

SignAndLog slogdet(const Tensor& a) { return determinant_parts("slogdet", a); }

Tensor logdet(const Tensor& a) {
  const SignAndLog parts = determinant_parts("logdet", a);
  return where(lt(parts.sign, 0), std::numeric_limits<double>::quiet_NaN(), parts.log_magnitude);
}

Tensor solve(const Tensor& a, const Tensor& b) {
  internal::check_matrices("solve", a, true);
  const bool vectors = internal::are_vectors(a, b);
  Tensor left = a, right = vectors ? unsqueeze(b, -1) : b;
  internal::share_batch("solve", left, right);
  const Tensor x = solve_matrices(left, right);
  return vectors ? squeeze(x, -1) : x;
}

Tensor solve_triangular(const Tensor& a, const Tensor& b, bool upper) {
  return internal::solve_triangle("solve_triangular", a, b, upper);
}

Tensor cholesky(const Tensor& a) {
  internal::check_matrices("cholesky", a, true);
  Tensor y = internal::to_columns(a);
  on_cpu("cholesky", a, [&](Cpu cpu) {
    internal::check_codes("cholesky", a, kernels::cholesky(cpu, y), "is not positive definite");
  });
  y = internal::from_columns(y, a);
  return record("cholesky", {a}, y, [y = save_output(y)](const Tensor& dy, Needs) -> Grads {
    // Murray, "Differentiation of the Cholesky decomposition", 2016.
    const Tensor l = y.get(), lt = transposed(l);
    const Tensor m = matmul(lt, dy);
    const Tensor upper = internal::upper_mask(m.size(-1), m.device());
    const Tensor diagonal = internal::diagonal_mask(m.size(-1), m.device());
    const Tensor phi = where(diagonal, 0.5 * m, where(upper, 0, m));
    const Tensor half = solve_triangular(lt, phi, true);
    const Tensor da = transposed(solve_triangular(lt, transposed(half), true));
    return {0.5 * (da + transposed(da))};
  });
}

Tensor cholesky_solve(const Tensor& b, const Tensor& l, bool upper) {
  const char* op = "cholesky_solve";
  internal::check_matrices(op, l, true);
  const Tensor first = upper ? transposed(l) : l;
  const Tensor half = internal::solve_triangle(op, first, b, false);
  return internal::solve_triangle(op, transposed(first), half, true);
}

}  // namespace strata
