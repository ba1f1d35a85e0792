#pragma once

#include <concepts>
#include <cstddef>
#include <cstdint>
#include <iterator>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "strata/nn/module.h"

namespace strata::nn {

namespace internal {

/// Throws ValueError tagged `where` for a null pointer.
void check_given(const char* where, const Module* module);
/// Which of `size` things number i is, -1 the last of them. Throws IndexError tagged `where`, that
/// calls them `what`, for none.
size_t place_of(const char* where, const char* what, int64_t i, size_t size);
/// The place of a new module before number i of `size`, -size ... size. Throws IndexError tagged
/// `where` for another.
size_t new_place(const char* where, int64_t i, size_t size);

}  // namespace internal

/// Modules of one type, named "0", "1", ... as in PyTorch; what is done with them is the owner's:
/// `for (auto& block : blocks) x = (*block)(x);`
/// A `ModuleList<Module>` holds modules of any types: `layers.add(Conv2d({...}));`
template <class M>
class ModuleList final : public Module {
 public:
  std::string type() const override { return "ModuleList"; }
  void members(Visitor& v) override {
    for (size_t i = 0; i < items_.size(); ++i) v(std::to_string(i), *items_[i]);
  }

  /// Makes one more at the end.
  template <class... Arguments>
  requires std::constructible_from<M, Arguments...> M& add(Arguments&&... arguments) {
    items_.push_back(std::make_unique<M>(std::forward<Arguments>(arguments)...));
    return *items_.back();
  }
  /// Adds one of a derived type at the end.
  template <class Derived>
  requires(std::derived_from<Derived, M> && !std::same_as<Derived, M>) Derived& add(Derived item) {
    auto owned = std::make_unique<Derived>(std::move(item));
    Derived& added = *owned;
    items_.push_back(std::move(owned));
    return added;
  }
  /// Adds one at the end, or before number i, -size() ... size(), which count from the end below 0.
  /// Throws ValueError for a null pointer and IndexError for another i.
  void add(std::unique_ptr<M> item) { insert(std::ssize(items_), std::move(item)); }
  void insert(int64_t i, std::unique_ptr<M> item) {
    internal::check_given("ModuleList", item.get());
    const size_t place = internal::new_place("ModuleList", i, size());
    items_.insert(items_.begin() + static_cast<std::ptrdiff_t>(place), std::move(item));
  }

  size_t size() const { return items_.size(); }
  /// Number i, from the end below 0: -1 is the last. Throws IndexError where there is none.
  M& operator[](int64_t i) {
    return *items_[internal::place_of("ModuleList", "module", i, size())];
  }
  auto begin() { return items_.begin(); }
  auto end() { return items_.end(); }

 private:
  std::vector<std::unique_ptr<M>> items_;
};

}  // namespace strata::nn
