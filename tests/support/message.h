#pragma once

#include <string>

namespace strata::testing {

/// The text of the exception of type E that f() throws.
template <class E, class F>
std::string message(F&& f) {
  try {
    f();
  } catch (const E& e) {
    return e.what();
  }
  return "nothing thrown";
}

}  // namespace strata::testing
