#pragma once

#include <string>

#include "strata/tensor/tensor.h"

namespace strata {

/// A contiguous copy of x with memory of its own. Gradient: passes through.
Tensor copy(const Tensor& x);

/// x itself if it is contiguous, else a contiguous copy. Gradient: passes through.
Tensor contiguous(const Tensor& x);

/// x converted to `dtype`; x itself if it has it already. Gradient: converted back.
Tensor cast(const Tensor& x, DType dtype);

/// Writes x, broadcast and converted, over `into`; bumps its version. Recorded, it gives x its
/// gradient and what `into` was none; that needs an `into` as in_place.h says, which nobody else
/// looks at: no view. For those `x = select_scatter(x, y, 0, 1)` is `x[1] = y`. Throws GradError
/// for others, inside NoGrad none. Throws ShapeError where x does not broadcast to `into`, and
/// where several elements of that lie in one place, as expand() makes them; DeviceError where x's
/// values are on another device, or its gradient would be.
void copy_(Tensor& into, const Tensor& x);
/// The same for a view without a name: `copy_(select(x, 0, 1), y)` is `x[1] = y`, without gradient.
inline void copy_(Tensor&& into, const Tensor& x) { copy_(into, x); }

/// Writes `value` over all of `into`; bumps its version. Throws as copy_.
void fill_(Tensor& into, double value);
inline void fill_(Tensor&& into, double value) { fill_(into, value); }

namespace internal {

/// t in f32, or f64 as it is: halves have too few digits for sums.
Tensor widened(const Tensor& t);

/// Throws ShapeError, tagged `op`, where several elements of `into` lie in one place.
void check_elements_apart(const char* op, const Tensor& into);

/// Throws GradError, tagged `op` and with one of the hints, for a leaf that requires a gradient and
/// where somebody else looks at x's memory: x cannot become the result of a recorded write.
void check_owned(const char* op, const Tensor& x, const std::string& of_leaf,
                 const std::string& of_shared);

}  // namespace internal

}  // namespace strata
