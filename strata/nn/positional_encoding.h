#pragma once

#include <cstdint>

#include "strata/tensor/tensor.h"

namespace strata::nn {

/// What tells positions apart, to be added to embeddings [N, length, width]: f32[length, width]
/// with sin(t / 10000^(2i / width)) in column 2i and its cosine in column 2i + 1. Throws ValueError
/// for a negative length and a width below 1. Vaswani et al., "Attention is all you need", 2017.
Tensor positional_encoding(int64_t length, int64_t width, Device device = kCpu);

}  // namespace strata::nn
