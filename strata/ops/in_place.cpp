#include "strata/ops/in_place.h"

#include <algorithm>
#include <utility>

#include <fmt/format.h>

#include "strata/base/error.h"
#include "strata/kernels/arithmetic.h"
#include "strata/kernels/bitwise.h"
#include "strata/kernels/copy.h"
#include "strata/ops/arithmetic.h"
#include "strata/ops/bitwise.h"
#include "strata/ops/copy.h"
#include "strata/tape/record.h"
#include "strata/tensor/on_device.h"

namespace strata {
namespace {

struct Step {
  const char* name;
  char sign;  ///< as in x + y
  void (*kernel)(Cpu, const Tensor& a, const Tensor& b, Tensor& y);
};

/// As torch.can_cast.
bool can_hold(DType to, DType result) {
  if (is_floating(result)) return is_floating(to);
  return to != DType::boolean || result == DType::boolean;
}

/// x and y, for a result of `dtype` that is written into x.
Operands operands_into(const Step& step, const Tensor& x, const Operand& y, DType dtype) {
  internal::check_elements_apart(step.name, x);
  Operands in = operands(step.name, x, y, dtype);
  if (in.shape != x.shape()) {
    throw ShapeError(step.name, fmt::format("{} does not broadcast to {}, which it is written into",
                                            describe(in.b), describe(x)));
  }
  if (!can_hold(x.dtype(), dtype)) {
    throw DTypeError(
        step.name,
        fmt::format("{} cannot hold the result, which is {}", describe(x), name_of(dtype)),
        fmt::format("x = x {} y makes a new tensor of that dtype", step.sign));
  }
  return in;
}

/// First and last place of the storage that t looks at.
std::pair<int64_t, int64_t> reach(const Tensor& t) {
  std::pair<int64_t, int64_t> ends(t.offset(), t.offset());
  for (int i = 0; i < t.rank(); ++i) {
    const int64_t length = (t.shape()[i] - 1) * t.strides()[i];
    (length < 0 ? ends.first : ends.second) += length;
  }
  return ends;
}

/// Whether an element of y may be written, as one of x, before it is read.
bool is_overwritten(const Tensor& y, const Tensor& x) {
  if (!y.shares_storage(x) || x.numel() == 0) return false;
  const bool same =
      y.offset() == x.offset() && y.shape() == x.shape() && y.strides() == x.strides();
  const auto [x_first, x_last] = reach(x);
  const auto [y_first, y_last] = reach(y);
  return !same && x_first <= y_last && y_first <= x_last;
}

/// Whether a kernel computes results of both dtypes alike, so that it may write `to` at once.
bool computes_alike(DType result, DType to) {
  if (result == to) return true;
  if (is_integral(result)) return is_integral(to);
  return is_floating(result) && result != DType::f64 && to != DType::f64;
}

/// One pass over memory, but where the result is of a wider dtype, or y is about to be overwritten.
void write(const Step& step, Tensor& x, const Operands& in) {
  const NoGrad no_grad;
  on_cpu(step.name, x, [&](Cpu cpu) {
    if (!computes_alike(in.dtype, x.dtype())) {
      Tensor y = empty(in.shape, in.dtype, kCpu, step.name);
      step.kernel(cpu, in.a, in.b, y);
      kernels::copy(cpu, y, x);
    } else {
      step.kernel(cpu, in.a, is_overwritten(in.b, x) ? copy(in.b) : in.b, x);
    }
  });
  x.bump_version();
}

void check_recordable(const Step& step, const Tensor& x) {
  internal::check_owned(step.name, x,
                        fmt::format("write inside a NoGrad scope, as an optimiser does, or "
                                    "x = x {} y",
                                    step.sign),
                        fmt::format("x = x {} y makes a new tensor", step.sign));
}

/// x as it was, memory and gradient, for the way back of what overwrites it.
Tensor kept(const Tensor& x) {
  const NoGrad no_grad;
  Tensor before = copy(x);
  if (x.requires_grad()) before.set_node(x.node(), x.output_index());
  return before;
}

bool wants_record(const Tensor& x, const Operand& y) {
  return grad_enabled() && (x.requires_grad() || (y.is_tensor() && y.tensor().requires_grad()));
}

/// `way_back(in)` gives the closure for record(). One that `keeps_x`, for the gradient of y, saves
/// in.a: then it is a copy of what x was.
template <class WayBack>
Tensor& in_place(const Step& step, bool keeps_x, Tensor& x, const Operand& y, DType dtype,
                 WayBack way_back) {
  const bool recorded = wants_record(x, y);
  if (recorded) check_recordable(step, x);
  const Operands in = operands_into(step, x, y, dtype);
  if (!recorded) {
    write(step, x, in);
    return x;
  }
  Operands before = in;
  if (keeps_x && in.b.requires_grad()) {
    before.a = kept(x);
    if (in.b.same_as(x)) before.b = before.a;
  }
  auto backward = way_back(before);
  write(step, x, in);
  // x is the only handle on its tensor, so this is seen as widely as a new node of it would be.
  x = record(step.name, {in.a, in.b}, x.detach(), std::move(backward));
  return x;
}

}  // namespace

Tensor& add_(Tensor& x, const Operand& y) {
  return in_place({"add_", '+', kernels::add}, false, x, y, result_type(x, y),
                  [](const Operands& in) {
                    return [to_y = FitGradient(in.b)](const Tensor& dy, Needs needs) -> Grads {
                      return {needs[0] ? dy : Tensor(), needs[1] ? to_y(dy) : Tensor()};
                    };
                  });
}

Tensor& sub_(Tensor& x, const Operand& y) {
  const DType dtype = result_type(x, y);
  internal::check_no_bools("sub_", dtype);
  return in_place({"sub_", '-', kernels::sub}, false, x, y, dtype, [](const Operands& in) {
    return [to_y = FitGradient(in.b)](const Tensor& dy, Needs needs) -> Grads {
      return {needs[0] ? dy : Tensor(), needs[1] ? to_y(-dy) : Tensor()};
    };
  });
}

Tensor& mul_(Tensor& x, const Operand& y) {
  return in_place(
      {"mul_", '*', kernels::mul}, true, x, y, result_type(x, y), [](const Operands& in) {
        return [a = in.b.requires_grad() ? save(in.a) : Saved(),
                b = in.a.requires_grad() ? save(in.b) : Saved(),
                to_y = FitGradient(in.b)](const Tensor& dy, Needs needs) -> Grads {
          return {needs[0] ? dy * b.get() : Tensor(), needs[1] ? to_y(dy * a.get()) : Tensor()};
        };
      });
}

Tensor& div_(Tensor& x, const Operand& y) {
  DType dtype = result_type(x, y);
  if (!is_floating(dtype)) dtype = DType::f32;
  return in_place({"div_", '/', kernels::div}, true, x, y, dtype, [](const Operands& in) {
    return [a = in.b.requires_grad() ? save(in.a) : Saved(), b = save(in.b),
            to_y = FitGradient(in.b)](const Tensor& dy, Needs needs) -> Grads {
      const Tensor by = b.get();
      return {needs[0] ? dy / by : Tensor(),
              needs[1] ? to_y(-(dy * (a.get() / by / by))) : Tensor()};
    };
  });
}

namespace {

Tensor& bits_in_place(const Step& step, Tensor& x, const Operand& y) {
  internal::check_bits(step.name, x, y);
  write(step, x, operands_into(step, x, y, result_type(x, y)));
  return x;
}

}  // namespace

Tensor& bitwise_and_(Tensor& x, const Operand& y) {
  return bits_in_place({"bitwise_and_", '&', kernels::bitwise_and}, x, y);
}
Tensor& bitwise_or_(Tensor& x, const Operand& y) {
  return bits_in_place({"bitwise_or_", '|', kernels::bitwise_or}, x, y);
}
Tensor& bitwise_xor_(Tensor& x, const Operand& y) {
  return bits_in_place({"bitwise_xor_", '^', kernels::bitwise_xor}, x, y);
}

}  // namespace strata
