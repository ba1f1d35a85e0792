#pragma once

#include "strata/kernels/conv.h"

namespace strata::kernels {

/// Whether Winograd's way is the fastest for this shape: windows of 3 x 3 without gaps, enough
/// channels, and enough tiles of 4 x 4 results to make the transformed weights worth their time.
bool winograd_fits(const Conv2dShape& s);

/// The three passes by Winograd's F(4 x 4, 3 x 3) (Lavin and Gray, 2016), with the points 0, +-3/4,
/// +-3/2 and infinity, whose errors stay within ten times those of the plain sums. A quarter of the
/// multiplications. An infinity or NaN spreads over its tile on the way: where a result is not
/// finite they return false, and the caller computes it from the plain sums.
bool conv2d_winograd(const Conv2dShape& s, const float* x, const float* w, const float* bias,
                     bool relu, float* y);
bool conv2d_winograd_data(const Conv2dShape& s, const float* dy, const float* w, float* dx);
bool conv2d_winograd_weights(const Conv2dShape& s, const float* x, const float* dy, float* dw);

}  // namespace strata::kernels
