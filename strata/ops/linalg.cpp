#include "strata/ops/linalg.h"

#include <fmt/format.h>

#include "strata/base/error.h"
#include "strata/kernels/linalg.h"
#include "strata/ops/arithmetic.h"
#include "strata/ops/axes.h"
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

/// Throws unless a and b fit a x = b; both with their common batch.
void broadcast_batches(const char* op, Tensor& a, Tensor& b) {
  internal::check_matrices(op, a, true);
  internal::check_matrices(op, b, false);
  if (a.dtype() != b.dtype()) {
    throw DTypeError(op, fmt::format("the dtypes differ: {} and {}", describe(a), describe(b)));
  }
  if (a.size(-1) != b.size(-2)) {
    throw ShapeError(op, fmt::format("b {} does not fit a {}", describe(b), describe(a)));
  }
  const Shape batch = broadcast_shapes(op, internal::front_of(a, 2), internal::front_of(b, 2));
  const auto whole = [&](const Tensor& x) {
    Shape shape = batch;
    shape.push_back(x.size(-2));
    shape.push_back(x.size(-1));
    return x.shape() == shape ? x : expand(x, shape);
  };
  a = whole(a);
  b = whole(b);
}

Tensor solve_matrices(const Tensor& a, const Tensor& b) {
  Tensor x = internal::to_columns(b);
  on_cpu("solve", a, [&](Cpu cpu) {
    Tensor lu = internal::to_columns(a);
    internal::check_codes("solve", a, kernels::solve(cpu, lu, x), "is singular");
  });
  x = internal::from_columns(x, b);
  return record("solve", {a, b}, x,
                [a = save(a), x = save_output(x)](const Tensor& dx, Needs needs) -> Grads {
                  const Tensor db = solve(transposed(a.get()), dx);
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

}  // namespace

Tensor inverse(const Tensor& a) {
  internal::check_matrices("inverse", a, true);
  Tensor y = empty(a.shape(), a.dtype(), a.device());
  on_cpu("inverse", a, [&](Cpu cpu) {
    const NoGrad no_grad;
    Tensor lu = internal::to_columns(a);
    Tensor x = internal::to_columns(expand(eye(a.size(-1), a.dtype()), a.shape()));
    internal::check_codes("inverse", a, kernels::solve(cpu, lu, x), "is singular");
    y = internal::from_columns(x, a);
  });
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

SignAndLog slogdet(const Tensor& a) {
  const Determinant d = determinant("slogdet", a);
  const std::vector<Tensor> ys =
      record("slogdet", {a}, std::vector{d.sign, d.logarithm},
             [a = save(a)](const std::vector<Tensor>& dys, Needs) -> Grads {
               if (!dys[1].defined()) return {zeros_like(a.get())};
               return {of_matrices(dys[1]) * transposed(inverse(a.get()))};
             });
  return {ys[0], ys[1]};
}

Tensor solve(const Tensor& a, const Tensor& b) {
  Shape without_last = a.shape();
  if (a.rank() > 0) without_last.erase(a.rank() - 1);
  const bool vectors = b.rank() == 1 || (a.rank() > 2 && b.shape() == without_last);
  Tensor left = a, right = vectors ? unsqueeze(b, -1) : b;
  broadcast_batches("solve", left, right);
  const Tensor x = solve_matrices(left, right);
  return vectors ? squeeze(x, -1) : x;
}

Tensor solve_triangular(const Tensor& a, const Tensor& b, bool upper) {
  Tensor left = a, right = b;
  broadcast_batches("solve_triangular", left, right);
  Tensor x = internal::to_columns(right);
  on_cpu("solve_triangular", left, [&](Cpu cpu) {
    const Tensor columns = internal::to_columns(left);
    internal::check_codes("solve_triangular", left,
                          kernels::solve_triangular(cpu, upper, columns, x),
                          "is singular: there is a 0 on its diagonal");
  });
  x = internal::from_columns(x, right);
  return record(
      "solve_triangular", {left, right}, x,
      [a = save(left), x = save_output(x), upper](const Tensor& dx, Needs needs) -> Grads {
        const Tensor db = solve_triangular(transposed(a.get()), dx, !upper);
        if (!needs[0]) return {Tensor(), db};
        const Tensor da = -matmul(db, transposed(x.get()));
        const Tensor mask = internal::upper_mask(da.size(-1), da.device());
        return {where(upper ? mask : transposed(mask), da, 0), db};
      });
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

}  // namespace strata
