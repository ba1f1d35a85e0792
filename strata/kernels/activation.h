#pragma once

#include <cstdint>

namespace strata::kernels {

/// Activations that products and convolutions can apply to their result on the way out.
/// `gelu_erf` is x * Phi(x) exactly, `gelu_tanh` the tanh approximation of it.
enum class Activation : uint8_t { none, relu, gelu_tanh, gelu_erf, sigmoid, tanh, silu };

}  // namespace strata::kernels
