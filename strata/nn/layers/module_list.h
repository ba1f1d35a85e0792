#pragma once

#include <memory>
#include <utility>
#include <vector>

#include "strata/nn/module.h"

namespace strata::nn {

/// Modules of one type, named "0", "1", ... as in PyTorch; what is done with them is the owner's:
/// `for (auto& block : blocks) x = (*block)(x);`
template <class M>
class ModuleList final : public Module {
 public:
  std::string type() const override { return "ModuleList"; }
  void members(Visitor& v) override {
    for (size_t i = 0; i < items_.size(); ++i) v(std::to_string(i), *items_[i]);
  }

  /// Makes one more at the end.
  template <class... Arguments>
  M& add(Arguments&&... arguments) {
    items_.push_back(std::make_unique<M>(std::forward<Arguments>(arguments)...));
    return *items_.back();
  }

  size_t size() const { return items_.size(); }
  M& operator[](size_t i) { return *items_[i]; }
  auto begin() { return items_.begin(); }
  auto end() { return items_.end(); }

 private:
  std::vector<std::unique_ptr<M>> items_;
};

}  // namespace strata::nn
