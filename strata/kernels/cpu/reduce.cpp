#include "strata/kernels/reduce.h"

#include <type_traits>

#include "strata/tensor/strided.h"

namespace strata::kernels {

void sum(Cpu, const Tensor& x, Tensor& y) {
  Shape kept, reduced;
  Strides kept_strides, reduced_strides;
  for (int i = 0; i < x.rank(); ++i) {
    const bool keep = y.shape()[i] == x.shape()[i];
    (keep ? kept : reduced).push_back(x.shape()[i]);
    (keep ? kept_strides : reduced_strides).push_back(x.strides()[i]);
  }
  visit_dtype(x.dtype(), [&](auto from) {
    visit_dtype(y.dtype(), [&](auto to) {
      using S = typename decltype(from)::type;
      using D = typename decltype(to)::type;
      using Sum = std::conditional_t<std::is_integral_v<D>, int64_t, double>;
      const S* in = x.data<S>();
      D* out = y.data<D>();
      int64_t i = 0;
      for_each_offset(kept, kept_strides, [&](int64_t base) {
        Sum total = 0;
        for_each_offset(reduced, reduced_strides,
                        [&](int64_t at) { total += static_cast<Sum>(in[base + at]); });
        out[i++] = static_cast<D>(total);
      });
    });
  });
}

}  // namespace strata::kernels
