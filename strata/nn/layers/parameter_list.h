#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <string>

#include "strata/nn/module.h"

namespace strata::nn {

namespace internal {

/// `t` itself if it is a leaf that gathers a gradient, else a parameter of its values.
Tensor as_parameter(const Tensor& t);

}  // namespace internal

/// Parameters named "0", "1", ... as in PyTorch; what is done with them is the owner's.
class ParameterList final : public Module {
 public:
  std::string type() const override { return "ParameterList"; }
  void members(Visitor& v) override;

  /// Adds one at the end: `t` itself if it is a leaf that gathers a gradient, else a parameter of
  /// its values, copied. References to them last as long as the list. Throws DTypeError unless it
  /// is floating, ValueError for an undefined one.
  Tensor& add(const Tensor& t);

  size_t size() const { return items_.size(); }
  /// Number i, from the end below 0: -1 is the last. Throws IndexError where there is none.
  Tensor& operator[](int64_t i);
  auto begin() { return items_.begin(); }
  auto end() { return items_.end(); }

 private:
  std::deque<Tensor> items_;  // which moves none of them when it grows
};

}  // namespace strata::nn
