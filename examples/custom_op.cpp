// An op of one's own: its value by a loop over memory, its gradient made of other ops, so that
// gradients of gradients come for free; then proved by central differences and used in training.
#include <cmath>
#include <cstdio>
#include <type_traits>

#include "strata/autograd/gradcheck.h"
#include "strata/strata.h"
#include "strata/tape/record.h"
#include "strata/tensor/on_device.h"

using namespace strata;

namespace {

/// x / sqrt(1 + x^2), the inverse square root unit (Carlile et al. 2017). Takes f32 and f64.
Tensor isru(const Tensor& x) {
  const Tensor in = contiguous(x);
  Tensor y = empty_like(in);
  visit_dtype(x.dtype(), [&]<class T>(TypeTag<T>) {
    if constexpr (!std::is_floating_point_v<T>) {
      throw DTypeError("isru", "takes f32 and f64, got " + describe(x));
    } else {
      on_cpu("isru", x, [&](Cpu) {  // nothing to compute on the meta device
        const T* from = in.data<T>();
        T* to = y.data<T>();
        parallel_for(in.numel(), 4096, [&](int64_t begin, int64_t end) {
          for (int64_t i = begin; i < end; ++i) to[i] = from[i] / std::sqrt(1 + from[i] * from[i]);
        });
      });
    }
  });
  return record("isru", {x}, y, [x = save(x)](const Tensor& dy, Needs) -> Grads {
    const Tensor r = rsqrt(square(x.get()) + 1);
    return {dy * r * r * r};
  });
}

}  // namespace

int main() {
  const Tensor x = randn({3, 4}, DType::f64).set_requires_grad();
  const auto f = [](std::span<const Tensor> in) { return std::vector<Tensor>{isru(in[0])}; };
  const double first = gradcheck(f, {&x, 1}).error, second = gradcheck(f, {&x, 1}, 2).error;
  std::printf("errors of the gradients: first order %.1e, second order %.1e\n", first, second);

  Tensor w = full({4}, 3.0).set_requires_grad();
  Adam optimizer({w}, {.lr = 0.1});
  for (int step = 0; step < 200; ++step) {
    optimizer.zero_grad();
    backward(sum(isru(w) * isru(w)));
    optimizer.step();
  }
  const float least = select(w, 0, 0).item<float>();
  std::printf("the least of isru squared is at %.4f\n", least);
  return first < 1e-6 && second < 1e-6 && std::abs(least) < 0.05 ? 0 : 1;
}
