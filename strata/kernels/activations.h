#pragma once

#include "strata/device/device.h"
#include "strata/tensor/tensor.h"

// Activations y = f(x), element by element, in any floating dtype, and their first gradients
// dx = dy * f'(x) in one pass.
namespace strata::kernels {

void relu(Cpu, const Tensor& x, Tensor& y);
void relu_backward(Cpu, const Tensor& dy, const Tensor& y, Tensor& dx);
/// y = max(a + b, 0).
void add_relu(Cpu, const Tensor& a, const Tensor& b, Tensor& y);

void leaky_relu(Cpu, const Tensor& x, double slope, Tensor& y);
void leaky_relu_backward(Cpu, const Tensor& dy, const Tensor& x, double slope, Tensor& dx);

void sigmoid(Cpu, const Tensor& x, Tensor& y);
void sigmoid_backward(Cpu, const Tensor& dy, const Tensor& y, Tensor& dx);

void silu(Cpu, const Tensor& x, Tensor& y);
void silu_backward(Cpu, const Tensor& dy, const Tensor& x, Tensor& dx);

void gelu(Cpu, const Tensor& x, Tensor& y);
void gelu_backward(Cpu, const Tensor& dy, const Tensor& x, Tensor& dx);

void gelu_tanh(Cpu, const Tensor& x, Tensor& y);
void gelu_tanh_backward(Cpu, const Tensor& dy, const Tensor& x, Tensor& dx);

void softplus(Cpu, const Tensor& x, double beta, double threshold, Tensor& y);
void softplus_backward(Cpu, const Tensor& dy, const Tensor& x, double beta, double threshold,
                       Tensor& dx);

}  // namespace strata::kernels
