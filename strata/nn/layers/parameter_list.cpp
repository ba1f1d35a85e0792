#include "strata/nn/layers/parameter_list.h"

#include "strata/base/error.h"
#include "strata/nn/layers/module_list.h"

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

Tensor& ParameterList::operator[](int64_t i) {
  return items_[internal::place_of("ParameterList", "parameter", i, size())];
}

}  // namespace strata::nn
