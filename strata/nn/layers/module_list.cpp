#include "strata/nn/layers/module_list.h"

#include <fmt/format.h>

#include "strata/base/error.h"

namespace strata::nn::internal {

void check_given(const char* where, const Module* module) {
  if (!module) throw ValueError(where, "takes a module, not a null pointer");
}

size_t place_of(const char* where, const char* what, int64_t i, size_t size) {
  const auto count = static_cast<int64_t>(size);
  if (i < -count || i >= count) {
    throw IndexError(where, fmt::format("no {} {}: there are {}", what, i, size));
  }
  return static_cast<size_t>(i < 0 ? i + count : i);
}

size_t new_place(const char* where, int64_t i, size_t size) {
  const auto count = static_cast<int64_t>(size);
  if (i < -count || i > count) {
    throw IndexError(where, fmt::format("no place {} among {} modules", i, size));
  }
  return static_cast<size_t>(i < 0 ? i + count : i);
}

}  // namespace strata::nn::internal
