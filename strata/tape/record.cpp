#include "strata/tape/record.h"

#include <utility>

#include "strata/base/error.h"

namespace strata {

void refuse_second_order(const char* name) {
  if (!grad_enabled()) return;
  throw GradError(name, "has no second derivative",
                  "call backward without create_graph, or compose the value from other ops");
}

namespace {

template <class Inputs>
bool any_wants(const Inputs& inputs) {
  if (!grad_enabled()) return false;
  for (const Tensor& x : inputs) {
    if (x.requires_grad()) return true;
  }
  return false;
}

template <class Inputs>
Tensor apart_from(const Inputs& inputs, Tensor y) {
  bool is_input = false;
  for (const Tensor& x : inputs) is_input = is_input || y.same_as(x);
  return is_input || y.node() ? y.detach() : y;
}

}  // namespace

namespace internal {

void graph_was_freed(const char* name) {
  throw GradError(name, "the way back was walked before and its saved values are freed",
                  "pass retain_graph to the first backward");
}

bool wants_record(std::span<const std::reference_wrapper<const Tensor>> inputs) {
  return any_wants(inputs);
}

bool wants_record(std::span<const Tensor> inputs) { return any_wants(inputs); }

Tensor to_record(Tensor y, std::span<const std::reference_wrapper<const Tensor>> inputs) {
  return apart_from(inputs, std::move(y));
}

Tensor to_record(Tensor y, std::span<const Tensor> inputs) {
  return apart_from(inputs, std::move(y));
}

}  // namespace internal
}  // namespace strata
