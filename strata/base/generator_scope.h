#pragma once

#include "strata/base/random.h"

namespace strata {

/// Sets this thread's default generator back to where it was when it ends; meanwhile it is as it
/// was, or in another state.
class GeneratorScope {
 public:
  GeneratorScope() = default;
  explicit GeneratorScope(const Generator& state) { default_generator() = state; }
  ~GeneratorScope() { default_generator() = before_; }
  GeneratorScope(const GeneratorScope&) = delete;
  GeneratorScope& operator=(const GeneratorScope&) = delete;

 private:
  Generator before_ = default_generator();
};

}  // namespace strata
