#pragma once

#include <algorithm>
#include <concepts>

#include "strata/distributions/distribution.h"
#include "strata/tensor/tensor.h"

namespace strata::distributions {

/// A function y of x with an inverse, or something like one, as Abs and Softmax have. It keeps the
/// shape unless it has a function shape(x) that says y's.
template <class T>
concept Map = requires(const T& t, const Tensor& x, const Tensor& y) {
  { t.forward(x) } -> std::same_as<Tensor>;
  { t.inverse(y) } -> std::same_as<Tensor>;
};

/// An invertible one. log_abs_det_jacobian(x, y) is log |dy/dx| of each element; or, where the
/// transform couples the last k axes and says so by a `static constexpr int event_rank = k`, the
/// logarithm of the determinant's magnitude, of x's shape without them. A function valid(y), if
/// there is one, says by bools which elements y can be results.
template <class T>
concept Transform = Map<T> && requires(const T& t, const Tensor& x, const Tensor& y) {
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

/// x^exponent for positive x; the exponent broadcasts to x.
struct Power {
  Tensor exponent;

  Tensor forward(const Tensor& x) const;
  Tensor inverse(const Tensor& y) const;
  Tensor log_abs_det_jacobian(const Tensor& x, const Tensor& y) const;
  Tensor valid(const Tensor& y) const;
};

/// log(1 + e^x).
struct Softplus {
  Tensor forward(const Tensor& x) const;
  Tensor inverse(const Tensor& y) const;
  Tensor log_abs_det_jacobian(const Tensor& x, const Tensor& y) const;
  Tensor valid(const Tensor& y) const;
};

/// |x|, whose inverse is taken to be y.
struct Abs {
  Tensor forward(const Tensor& x) const;
  Tensor inverse(const Tensor& y) const;
};

/// softmax(x) along the last axis; of the x with this result, the inverse is log(y).
struct Softmax {
  static constexpr int event_rank = 1;

  Tensor forward(const Tensor& x) const;
  Tensor inverse(const Tensor& y) const;
};

/// Vectors [n] as vectors [n + 1] of positive numbers of sum 1: number i is the share
/// sigmoid(x[i] - log(n - i)) of what those before it left, the last one the rest. 0 gives equal
/// numbers.
struct StickBreaking {
  static constexpr int event_rank = 1;

  Shape shape(const Shape& x) const;
  Tensor forward(const Tensor& x) const;
  Tensor inverse(const Tensor& y) const;
  Tensor log_abs_det_jacobian(const Tensor& x, const Tensor& y) const;
};

/// Matrices [n, n] as lower triangular ones with a positive diagonal: e to the power of x's
/// diagonal, x itself below. What x has above has no part in it.
struct LowerCholesky {
  static constexpr int event_rank = 2;

  Tensor forward(const Tensor& x) const;
  Tensor inverse(const Tensor& y) const;
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

/// The shape of t.forward(x).
template <Map T>
Shape shape_after(const T& t, const Shape& x) {
  if constexpr (requires { t.shape(x); }) {
    return t.shape(x);
  } else {
    return x;
  }
}

/// Throws ShapeError where the shape has fewer axes than a transform couples.
void check_coupled(int axes, const Shape& shape);
Tensor difference(const Tensor& a, const Tensor& b);
Tensor total(const Tensor& a, const Tensor& b);

}  // namespace internal

/// `second` of `first`; of more than two by Compose{Compose{a, b}, c}.
template <Transform First, Transform Second>
struct Compose {
  static constexpr int event_rank =
      std::max(internal::coupled_axes<First>(), internal::coupled_axes<Second>());

  First first;
  Second second;

  Shape shape(const Shape& x) const {
    return internal::shape_after(second, internal::shape_after(first, x));
  }
  Tensor forward(const Tensor& x) const { return second.forward(first.forward(x)); }
  Tensor inverse(const Tensor& y) const { return first.inverse(second.inverse(y)); }
  Tensor log_abs_det_jacobian(const Tensor& x, const Tensor& y) const {
    const Tensor between = first.forward(x);
    return internal::total(part(first, x, between), part(second, between, y));
  }
  Tensor valid(const Tensor& y) const requires requires(const Second& t) { t.valid(y); }
  { return second.valid(y); }

 private:
  template <Transform T>
  static Tensor part(const T& t, const Tensor& x, const Tensor& y) {
    return internal::sum_last(t.log_abs_det_jacobian(x, y),
                              event_rank - internal::coupled_axes<T>());
  }
};
template <Transform First, Transform Second>
Compose(First, Second) -> Compose<First, Second>;

/// `base` with its last `axes` axes taken for one event: log_abs_det_jacobian is summed over them.
template <Transform Base, int axes = 1>
struct IndependentTransform {
  static constexpr int event_rank = internal::coupled_axes<Base>() + axes;

  Base base = {};

  Shape shape(const Shape& x) const { return internal::shape_after(base, x); }
  Tensor forward(const Tensor& x) const { return base.forward(x); }
  Tensor inverse(const Tensor& y) const { return base.inverse(y); }
  Tensor log_abs_det_jacobian(const Tensor& x, const Tensor& y) const {
    return internal::sum_last(base.log_abs_det_jacobian(x, y), axes);
  }
  Tensor valid(const Tensor& y) const requires requires(const Base& t) { t.valid(y); }
  { return base.valid(y); }
};

}  // namespace strata::distributions
