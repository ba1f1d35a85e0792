#include "strata/nn/layers/parameter_list.h"

#include <fmt/format.h>

#include "strata/base/error.h"

namespace strata::nn {

Tensor internal::as_parameter(const Tensor& t) {
  if (!t.defined()) throw ValueError("parameter", "takes a tensor, not an undefined one");
  const bool is_one = t.requires_grad() && (!t.node() || t.node()->is_leaf());
  return is_one ? t : parameter(t);
}

void ParameterList::members(Visitor& v) {
  for (size_t i = 0; i < items_.size(); ++i) v(std::to_string(i), items_[i]);
}

Tensor& ParameterList::add(const Tensor& t) {
  return items_.emplace_back(internal::as_parameter(t));
}

Tensor& ParameterList::operator[](size_t i) {
  if (i < size()) return items_[i];
  throw IndexError("ParameterList", fmt::format("no parameter {}: there are {}", i, size()));
}

}  // namespace strata::nn
