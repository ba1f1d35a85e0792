#include "strata/ops/extremes.h"

#include "strata/base/error.h"
#include "strata/kernels/extremes.h"
#include "strata/ops/axes.h"
#include "strata/ops/views.h"
#include "strata/tape/grad_mode.h"
#include "strata/tensor/on_device.h"

namespace strata {
namespace {

struct Extreme {
  Tensor values, indices;
};

/// Along `axis`, which stays unless `keep` is false; without a gradient.
Extreme extreme(const char* op, bool largest, const Tensor& x, int axis, bool keep) {
  if (x.rank() == 0) {
    Extreme e = extreme(op, largest, internal::with_shape(x, {1}), axis, true);
    return {internal::with_shape(e.values, {}), internal::with_shape(e.indices, {})};
  }
  axis = normalize_axis(op, axis, x.rank());
  const internal::ReducedShape r = internal::reduced_shape(op, x, {axis});
  internal::check_not_empty(op, x, r);
  Extreme e{empty(r.kept, x.dtype(), x.device(), op), empty(r.kept, DType::i64, x.device(), op)};
  on_cpu(op, x, [&](Cpu cpu) { kernels::extreme(cpu, largest, x, axis, e.values, e.indices); });
  if (keep) return e;
  return {internal::with_shape(e.values, r.dropped), internal::with_shape(e.indices, r.dropped)};
}

Tensor flat(const Tensor& x) {
  const NoGrad no_grad;
  return reshape(x, {-1});
}

}  // namespace

Tensor argmax(const Tensor& x, int axis, bool keep) {
  return extreme("argmax", true, x, axis, keep).indices;
}
Tensor argmin(const Tensor& x, int axis, bool keep) {
  return extreme("argmin", false, x, axis, keep).indices;
}
Tensor argmax(const Tensor& x) { return extreme("argmax", true, flat(x), 0, false).indices; }
Tensor argmin(const Tensor& x) { return extreme("argmin", false, flat(x), 0, false).indices; }

}  // namespace strata
