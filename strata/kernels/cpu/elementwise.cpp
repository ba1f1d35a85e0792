#include "strata/kernels/elementwise.h"

#include <cmath>
#include <type_traits>
#include <vector>

#include "strata/tensor/strided.h"

namespace strata::kernels {
namespace {

template <class F>
void binary(const Tensor& a, const Tensor& b, Tensor& y, F f) {
  std::vector<int64_t> at;
  for_each_offset(b.shape(), b.strides(), [&](int64_t i) { at.push_back(i); });
  visit_dtype(y.dtype(), [&](auto tag) {
    using T = typename decltype(tag)::type;
    const T *p = a.data<T>(), *q = b.data<T>();
    T* out = y.data<T>();
    size_t i = 0;
    for_each_offset(a.shape(), a.strides(), [&](int64_t j) {
      out[i] = static_cast<T>(f(p[j], q[at[i]]));
      ++i;
    });
  });
}

}  // namespace

void exp(Cpu, const Tensor& x, Tensor& y) {
  visit_dtype(y.dtype(), [&](auto tag) {
    using T = typename decltype(tag)::type;
    const T* p = x.data<T>();
    T* out = y.data<T>();
    size_t i = 0;
    for_each_offset(x.shape(), x.strides(), [&](int64_t j) {
      if constexpr (std::is_same_v<T, double>) {
        out[i++] = std::exp(p[j]);
      } else {
        out[i++] = static_cast<T>(std::exp(static_cast<float>(p[j])));
      }
    });
  });
}

void add(Cpu, const Tensor& a, const Tensor& b, Tensor& y) {
  binary(a, b, y, [](auto p, auto q) { return p + q; });
}

void mul(Cpu, const Tensor& a, const Tensor& b, Tensor& y) {
  binary(a, b, y, [](auto p, auto q) { return p * q; });
}

}  // namespace strata::kernels
