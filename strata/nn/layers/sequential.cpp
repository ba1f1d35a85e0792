#include "strata/nn/layers/sequential.h"

#include <algorithm>

#include <fmt/format.h>

#include "strata/base/error.h"
#include "strata/nn/layers/module_dict.h"
#include "strata/nn/layers/module_list.h"

namespace strata::nn {
namespace {

/// The given names, the number in place of an empty one.
std::vector<std::string> names_of(std::vector<std::string> given) {
  for (size_t i = 0; i < given.size(); ++i) {
    if (given[i].empty()) given[i] = std::to_string(i);
  }
  return given;
}

void check_distinct(std::vector<std::string> names) {
  std::sort(names.begin(), names.end());
  const auto twice = std::adjacent_find(names.begin(), names.end());
  if (twice == names.end()) return;
  throw ValueError(
      "Sequential",
      fmt::format("two modules would be \"{}\", one by name and one by number", *twice),
      "give the module a name, too");
}

}  // namespace

void Sequential::put(int64_t i, std::string name, std::unique_ptr<Module> module) {
  internal::check_given("Sequential", module.get());
  const size_t place = internal::new_place("Sequential", i, size());
  // With room for both nothing throws between the two.
  given_.reserve(size() + 1);
  stages_.reserve(size() + 1);
  const auto at = static_cast<std::ptrdiff_t>(place);
  if (name.empty()) {
    std::vector<std::string> given = given_;
    given.insert(given.begin() + at, name);
    check_distinct(names_of(given));
  }
  given_.insert(given_.begin() + at, std::move(name));
  stages_.insert(stages_.begin() + at, std::move(module));
}

void Sequential::add(std::string_view name, std::unique_ptr<Module> module) {
  internal::check_new_name("Sequential", name, names_of(given_));
  put(std::ssize(stages_), std::string(name), std::move(module));
}

Module& Sequential::operator[](int64_t i) {
  return *stages_[internal::place_of("Sequential", "module", i, size())];
}

Module& Sequential::operator[](std::string_view name) {
  return *stages_[internal::place_of("Sequential", name, names_of(given_))];
}

void Sequential::members(Visitor& v) {
  const std::vector<std::string> all = names_of(given_);
  for (size_t i = 0; i < all.size(); ++i) v(all[i], *stages_[i]);
}

Tensor Sequential::forward(const Tensor& x) {
  Tensor y = x;
  for (const auto& stage : stages_) y = (*stage)(y);
  return y;
}

}  // namespace strata::nn
