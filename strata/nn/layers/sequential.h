#pragma once

#include <memory>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

#include "strata/nn/module.h"

namespace strata::nn {

/// Modules one after the other, named "0", "1", ... as in PyTorch:
/// `Sequential net(Linear({.in = 784, .out = 16}), Sigmoid(), Linear({.in = 16, .out = 10}));`
class Sequential final : public Module {
 public:
  template <class... Modules>
  requires(sizeof...(Modules) > 0 &&
           (std::is_base_of_v<Module, Modules> && ...)) explicit Sequential(Modules... modules) {
    (add(std::make_unique<Modules>(std::move(modules))), ...);
  }
  Sequential() = default;

  /// Adds a module at the end.
  void add(std::unique_ptr<Module> module) { stages_.push_back(std::move(module)); }

  std::string type() const override { return "Sequential"; }
  void members(Visitor& v) override;
  Tensor forward(const Tensor& x) override;
  size_t size() const { return stages_.size(); }
  Module& operator[](size_t i) { return *stages_[i]; }

 private:
  std::vector<std::unique_ptr<Module>> stages_;
};

}  // namespace strata::nn
