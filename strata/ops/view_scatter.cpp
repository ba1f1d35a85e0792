#include "strata/ops/view_scatter.h"

#include <fmt/format.h>

#include "strata/base/error.h"
#include "strata/ops/axes.h"
#include "strata/ops/copy.h"
#include "strata/ops/creation.h"
#include "strata/ops/views.h"
#include "strata/tape/record.h"

namespace strata {
namespace {

/// A copy of x with `source` where `view` looks.
template <class View>
Tensor scattered(const char* op, const Tensor& x, const Tensor& source, View view) {
  Tensor y;
  {
    const NoGrad no_grad;
    const Tensor seen = view(x);
    if (source.shape() != seen.shape()) {
      throw ShapeError(op, fmt::format("the source {} does not fill {}, what is written of {}",
                                       describe(source), to_string(seen.shape()), describe(x)));
    }
    internal::check_same_device(op, x, source);
    y = copy(x);
    copy_(view(y), source);
  }
  if (!is_floating(y.dtype())) return y;
  return record(op, {x, source}, y,
                [=, shape = source.shape()](const Tensor& dy, Needs needs) -> Grads {
                  const auto cleared = [&] {
                    return scattered(op, dy, zeros(shape, dy.dtype(), dy.device()), view);
                  };
                  return {needs[0] ? cleared() : Tensor(), needs[1] ? view(dy) : Tensor()};
                });
}

}  // namespace

Tensor select_scatter(const Tensor& x, const Tensor& source, int axis, int64_t index) {
  return scattered("select_scatter", x, source,
                   [=](const Tensor& t) { return select(t, axis, index); });
}

Tensor slice_scatter(const Tensor& x, const Tensor& source, int axis, int64_t begin, int64_t end,
                     int64_t step) {
  return scattered("slice_scatter", x, source,
                   [=](const Tensor& t) { return slice(t, axis, begin, end, step); });
}

Tensor diagonal_scatter(const Tensor& x, const Tensor& source, int64_t offset, int axis_a,
                        int axis_b) {
  return scattered("diagonal_scatter", x, source,
                   [=](const Tensor& t) { return diagonal(t, offset, axis_a, axis_b); });
}

}  // namespace strata
