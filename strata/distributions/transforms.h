#pragma once

#include <concepts>

#include "strata/tensor/tensor.h"

namespace strata::distributions {

/// An invertible function y of x that keeps the shape. log_abs_det_jacobian(x, y) is log |dy/dx| of
/// each element; or, where the transform couples the last k axes and says so by a `static constexpr
/// int event_rank = k`, the logarithm of the determinant's magnitude, of x's shape without them. A
/// function valid(y), if there is one, says by bools which elements y can be results.
template <class T>
concept Transform = requires(const T& t, const Tensor& x, const Tensor& y) {
  { t.forward(x) } -> std::same_as<Tensor>;
  { t.inverse(y) } -> std::same_as<Tensor>;
  { t.log_abs_det_jacobian(x, y) } -> std::same_as<Tensor>;
};

/// e^x.
struct Exp {
  Tensor forward(const Tensor& x) const;
  Tensor inverse(const Tensor& y) const;
  Tensor log_abs_det_jacobian(const Tensor& x, const Tensor& y) const;
  Tensor valid(const Tensor& y) const;
};

/// tanh(x). The inverse of -1 and 1, to which tanh rounds in f32 from |x| = 9 on, is infinite: see
/// Transformed::rsample_and_log_prob.
struct Tanh {
  Tensor forward(const Tensor& x) const;
  Tensor inverse(const Tensor& y) const;
  Tensor log_abs_det_jacobian(const Tensor& x, const Tensor& y) const;
  Tensor valid(const Tensor& y) const;
};

/// 1 / (1 + e^-x), kept between the dtype's least normal number and 1 - epsilon, as PyTorch's; the
/// inverse takes values beyond as these.
struct Sigmoid {
  Tensor forward(const Tensor& x) const;
  Tensor inverse(const Tensor& y) const;
  Tensor log_abs_det_jacobian(const Tensor& x, const Tensor& y) const;
  Tensor valid(const Tensor& y) const;
};

/// loc + scale x, for a scale that is not 0; both broadcast to x.
struct Affine {
  Tensor loc, scale;

  Tensor forward(const Tensor& x) const;
  Tensor inverse(const Tensor& y) const;
  Tensor log_abs_det_jacobian(const Tensor& x, const Tensor& y) const;
};

namespace internal {

/// How many of the last axes a transform couples.
template <class T>
constexpr int coupled_axes() {
  if constexpr (requires { T::event_rank; }) {
    return T::event_rank;
  } else {
    return 0;
  }
}

/// Throws ShapeError where the shape has fewer axes than a transform couples.
void check_coupled(int axes, const Shape& shape);
Tensor difference(const Tensor& a, const Tensor& b);

}  // namespace internal
}  // namespace strata::distributions
