#include "strata/nn/layers/parameter_dict.h"

#include <algorithm>

#include "strata/nn/layers/module_dict.h"
#include "strata/nn/layers/parameter_list.h"

namespace strata::nn {

void ParameterDict::members(Visitor& v) {
  for (size_t i = 0; i < items_.size(); ++i) v(names_[i], items_[i]);
}

Tensor& ParameterDict::add(std::string_view name, const Tensor& t) {
  internal::check_new_name("ParameterDict", name, names_);
  Tensor one = internal::as_parameter(t);
  // With room for both nothing throws between the two but for want of the name's memory.
  items_.reserve(size() + 1);
  names_.emplace_back(name);
  return items_.emplace_back(std::move(one));
}

Tensor& ParameterDict::operator[](std::string_view name) {
  return items_[internal::place_of("ParameterDict", name, names_)];
}

bool ParameterDict::contains(std::string_view name) const {
  return std::find(names_.begin(), names_.end(), name) != names_.end();
}

}  // namespace strata::nn
