#pragma once

#include <cstddef>
#include <deque>
#include <string>
#include <string_view>
#include <vector>

#include "strata/nn/module.h"

namespace strata::nn {

/// Parameters by name, in the order of adding, as in PyTorch; what is done with them is the
/// owner's.
class ParameterDict final : public Module {
 public:
  std::string type() const override { return "ParameterDict"; }
  void members(Visitor& v) override;

  /// Adds one more as ParameterList::add does. Throws ValueError for a name that is empty, holds a
  /// point or is taken, else as that.
  Tensor& add(std::string_view name, const Tensor& t);

  /// Throws ValueError listing the names where there is none of that name.
  Tensor& operator[](std::string_view name);
  bool contains(std::string_view name) const;
  /// In the order of adding.
  const std::vector<std::string>& names() const { return names_; }
  size_t size() const { return items_.size(); }
  auto begin() { return items_.begin(); }
  auto end() { return items_.end(); }

 private:
  std::vector<std::string> names_;
  std::deque<Tensor> items_;  // which moves none of them when it grows
};

}  // namespace strata::nn
