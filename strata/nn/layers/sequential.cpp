#include "strata/nn/layers/sequential.h"

#include <fmt/format.h>

#include "strata/base/error.h"
#include "strata/nn/layers/module_dict.h"
#include "strata/nn/layers/module_list.h"

namespace strata::nn {

void Sequential::put(size_t i, std::string name, std::unique_ptr<Module> module) {
  internal::check_given("Sequential", module.get());
  internal::check_place("Sequential", i, size());
  // With room for both nothing throws between the two.
  given_.reserve(size() + 1);
  stages_.reserve(size() + 1);
  const auto at = static_cast<std::ptrdiff_t>(i);
  given_.insert(given_.begin() + at, std::move(name));
  stages_.insert(stages_.begin() + at, std::move(module));
}

void Sequential::add(std::string_view name, std::unique_ptr<Module> module) {
  internal::check_new_name("Sequential", name, given_);
  if (name.find_first_not_of("0123456789") == std::string_view::npos) {
    throw ValueError(
        "Sequential",
        fmt::format("the name \"{}\" is a number: modules without a name have those", name),
        "add the module without a name, or under one with a letter");
  }
  put(size(), std::string(name), std::move(module));
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
