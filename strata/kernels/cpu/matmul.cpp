#include "strata/kernels/matmul.h"

#include <span>
#include <type_traits>

#include "strata/kernels/gemm.h"

namespace strata::kernels {
namespace {

template <class T>
MatrixStack<const T> stack_of(const Tensor& x) {
  const int last = x.rank() - 1;
  const int64_t row_step = x.strides()[last - 1], column_step = x.strides()[last];
  const bool rows_in_order = column_step == 1 || x.shape()[last] == 1;
  return {x.data<T>(), rows_in_order ? row_step : column_step, !rows_in_order,
          Strides(std::span(x.strides().begin(), static_cast<size_t>(last - 1)))};
}

template <class T>
void matmul_of(const Tensor& a, const Tensor& b, const Tensor& bias, Activation activation,
               Tensor& y) {
  const int last = y.rank() - 1;
  Gemm<T> g;
  g.batch = Shape(std::span(y.shape().begin(), static_cast<size_t>(last - 1)));
  g.m = y.shape()[last - 1];
  g.n = y.shape()[last];
  g.k = a.shape()[last];
  g.a = stack_of<T>(a);
  g.b = stack_of<T>(b);
  g.c = {y.data<T>(), g.n, false,
         Strides(std::span(y.strides().begin(), static_cast<size_t>(last - 1)))};
  if (bias.defined()) g.bias = bias.data<T>();
  g.activation = activation;
  gemm(g);
}

}  // namespace

bool is_row_or_column_major(const Tensor& x) {
  const int last = x.rank() - 1;
  return x.strides()[last] == 1 || x.strides()[last - 1] == 1 || x.shape()[last] == 1 ||
         x.shape()[last - 1] == 1;
}

void matmul(Cpu, const Tensor& a, const Tensor& b, const Tensor& bias, Activation activation,
            Tensor& y) {
  visit_dtype(y.dtype(), [&](auto tag) {
    using T = typename decltype(tag)::type;
    // The ops refuse booleans.
    if constexpr (!std::is_same_v<T, bool>) matmul_of<T>(a, b, bias, activation, y);
  });
}

}  // namespace strata::kernels
