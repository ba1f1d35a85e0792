#include "strata/autograd/gradient_hook.h"

#include <utility>

#include <fmt/format.h>

#include "strata/base/error.h"
#include "strata/tape/record.h"

namespace strata {
namespace {

constexpr const char* kName = "with_gradient_hook";

void check_fits(const Tensor& dx, const Tensor& dy) {
  const std::string what =
      fmt::format("the hook made {} of a gradient that is {}", describe(dx), describe(dy));
  if (dx.shape() != dy.shape()) throw ShapeError(kName, what);
  if (dx.dtype() != dy.dtype()) throw DTypeError(kName, what, "cast() it");
  if (dx.device() != dy.device()) {
    throw DeviceError(kName, fmt::format("the hook's gradient is on {}, the tensor's on {}",
                                         to_string(dx.device()), to_string(dy.device())));
  }
}

}  // namespace

Tensor with_gradient_hook(const Tensor& x, GradientHook hook) {
  if (!hook) throw ValueError(kName, "the hook is empty");
  return record(kName, {x}, x, [hook = std::move(hook)](const Tensor& dy, Needs) -> Grads {
    const Tensor dx = hook(dy);
    if (!dx.defined()) return {dy};
    check_fits(dx, dy);
    return {dx};
  });
}

}  // namespace strata
