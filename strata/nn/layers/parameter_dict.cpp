#include "strata/nn/layers/parameter_dict.h"

#include <algorithm>
#include <utility>

#include "strata/nn/layers/module_dict.h"
#include "strata/nn/layers/parameter_list.h"

namespace strata::nn {

void ParameterDict::members(Visitor& v) {
  for (size_t i = 0; i < items_.size(); ++i) v(names_[i], items_[i]);
}

Tensor& ParameterDict::add(std::string_view name, const Tensor& t) {
  internal::check_new_name("ParameterDict", name, names_);
  const Tensor one = internal::as_parameter(t);
  std::string own(name);
  names_.reserve(size() + 1);
  Tensor& added = items_.emplace_back(one);
  names_.push_back(std::move(own));  // which has its memory already
  return added;
}

Tensor& ParameterDict::operator[](std::string_view name) {
  return items_[internal::place_of("ParameterDict", name, names_)];
}

bool ParameterDict::contains(std::string_view name) const {
  return std::find(names_.begin(), names_.end(), name) != names_.end();
}

}  // namespace strata::nn
