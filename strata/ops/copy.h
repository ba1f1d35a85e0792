#pragma once

#include "strata/tensor/tensor.h"

namespace strata {

/// A contiguous copy of x with memory of its own. Gradient: passes through.
Tensor copy(const Tensor& x);

/// x itself if it is contiguous, else a contiguous copy. Gradient: passes through.
Tensor contiguous(const Tensor& x);

/// x converted to `dtype`; x itself if it has it already. Gradient: converted back.
Tensor cast(const Tensor& x, DType dtype);

/// Writes x, broadcast and converted, over `into`; bumps its version. It is not recorded: throws
/// GradError where `into` takes part in a recorded graph or x has a gradient that would be lost.
/// Throws ShapeError where x does not broadcast to `into`, and where several elements of that lie
/// in one place, as expand() makes them.
void copy_(Tensor& into, const Tensor& x);
/// The same for a view without a name: `copy_(select(x, 0, 1), y)` is `x[1] = y`.
inline void copy_(Tensor&& into, const Tensor& x) { copy_(into, x); }

/// Writes `value` over all of `into`; bumps its version. Throws as copy_.
void fill_(Tensor& into, double value);
inline void fill_(Tensor&& into, double value) { fill_(into, value); }

namespace internal {

/// t in f32, or f64 as it is: halves have too few digits for sums.
Tensor widened(const Tensor& t);

/// Throws ShapeError, tagged `op`, where several elements of `into` lie in one place.
void check_elements_apart(const char* op, const Tensor& into);

}  // namespace internal

}  // namespace strata
