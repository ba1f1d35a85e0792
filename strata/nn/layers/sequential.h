#pragma once

#include <concepts>
#include <cstddef>
#include <cstdint>
#include <iterator>
#include <memory>
#include <string>
#include <string_view>
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

  /// Adds a module at the end, or before number i, -size() ... size(), which count from the end
  /// below 0. Throws ValueError for a null pointer and where a module would be called by its number
  /// as another is by name; IndexError for another i.
  void add(std::unique_ptr<Module> module) { insert(std::ssize(stages_), std::move(module)); }
  void insert(int64_t i, std::unique_ptr<Module> module) { put(i, {}, std::move(module)); }
  /// Adds a module at the end under a name of its own, as PyTorch's of an OrderedDict does. Throws
  /// ValueError for a null pointer and for a name that is empty, holds a point or is taken, be it
  /// as the number of a module without a name.
  void add(std::string_view name, std::unique_ptr<Module> module);
  template <std::derived_from<Module> M>
  M& add(M module) {
    auto owned = std::make_unique<M>(std::move(module));
    M& added = *owned;
    add(std::move(owned));
    return added;
  }
  template <std::derived_from<Module> M>
  M& add(std::string_view name, M module) {
    auto owned = std::make_unique<M>(std::move(module));
    M& added = *owned;
    add(name, std::move(owned));
    return added;
  }

  std::string type() const override { return "Sequential"; }
  void members(Visitor& v) override;
  Tensor forward(const Tensor& x) override;
  size_t size() const { return stages_.size(); }
  /// Number i, from the end below 0: -1 is the last. Throws IndexError where there is none.
  Module& operator[](int64_t i);
  /// By name or number, "conv1" or "0". Throws ValueError listing them where there is none.
  Module& operator[](std::string_view name);
  auto begin() { return stages_.begin(); }
  auto end() { return stages_.end(); }

 private:
  void put(int64_t i, std::string name, std::unique_ptr<Module> module);

  std::vector<std::string> given_;  // empty for those that are called by their number
  std::vector<std::unique_ptr<Module>> stages_;
};

}  // namespace strata::nn
