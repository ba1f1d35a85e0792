#include "strata/nn/layers/sequential.h"

#include "strata/nn/layers/module_dict.h"

namespace strata::nn {

void Sequential::insert(size_t i, std::unique_ptr<Module> module) {
  const auto at = static_cast<std::ptrdiff_t>(i);
  given_.insert(given_.begin() + at, std::string());
  stages_.insert(stages_.begin() + at, std::move(module));
}

void Sequential::add(std::string_view name, std::unique_ptr<Module> module) {
  internal::check_new_name("Sequential", name, names());
  given_.emplace_back(name);
  stages_.push_back(std::move(module));
}

std::vector<std::string> Sequential::names() const {
  std::vector<std::string> all = given_;
  for (size_t i = 0; i < all.size(); ++i) {
    if (all[i].empty()) all[i] = std::to_string(i);
  }
  return all;
}

Module& Sequential::operator[](std::string_view name) {
  return *stages_[internal::place_of("Sequential", name, names())];
}

void Sequential::members(Visitor& v) {
  const std::vector<std::string> all = names();
  for (size_t i = 0; i < all.size(); ++i) v(all[i], *stages_[i]);
}

Tensor Sequential::forward(const Tensor& x) {
  Tensor y = x;
  for (const auto& stage : stages_) y = (*stage)(y);
  return y;
}

}  // namespace strata::nn
