#include "strata/nn/layers/module_list.h"

#include <fmt/format.h>

#include "strata/base/error.h"

namespace strata::nn::internal {

void check_given(const char* where, const Module* module) {
  if (!module) throw ValueError(where, "takes a module, not a null pointer");
}

void check_place(const char* where, size_t i, size_t size) {
  if (i <= size) return;
  throw IndexError(where, fmt::format("no place {} among {} modules", i, size));
}

}  // namespace strata::nn::internal
