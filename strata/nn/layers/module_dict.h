#pragma once

#include <concepts>
#include <cstddef>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "strata/nn/layers/module_list.h"
#include "strata/nn/module.h"

namespace strata::nn {

namespace internal {

/// Throws ValueError tagged `where` for a name that is empty, holds a point or is one of `taken`.
void check_new_name(const char* where, std::string_view name,
                    const std::vector<std::string>& taken);
/// The place of `name` among `names`. Throws ValueError listing them where it is none.
size_t place_of(const char* where, std::string_view name, const std::vector<std::string>& names);

}  // namespace internal

/// Modules of one type by name, in the order of adding, as in PyTorch; what is done with them is
/// the owner's. A `ModuleDict<Module>` holds modules of any types:
///
///   ModuleDict<Module> heads;
///   heads.add("boxes", Linear({.in = 64, .out = 4}));
///   const Tensor y = heads["boxes"](x);
template <class M>
class ModuleDict final : public Module {
 public:
  std::string type() const override { return "ModuleDict"; }
  void members(Visitor& v) override {
    for (size_t i = 0; i < items_.size(); ++i) v(names_[i], *items_[i]);
  }

  /// Makes one more. Throws ValueError for a name that is empty, holds a point or is taken.
  template <class... Arguments>
  requires std::constructible_from<M, Arguments...> M& add(std::string_view name,
                                                           Arguments&&... arguments) {
    internal::check_new_name("ModuleDict", name, names_);
    return put(name, std::make_unique<M>(std::forward<Arguments>(arguments)...));
  }
  /// The same with one of a derived type.
  template <class Derived>
  requires(std::derived_from<Derived, M> &&
           !std::same_as<Derived, M>) Derived& add(std::string_view name, Derived item) {
    internal::check_new_name("ModuleDict", name, names_);
    return put(name, std::make_unique<Derived>(std::move(item)));
  }
  /// The same with one that is there. Throws ValueError for a null pointer too.
  void add(std::string_view name, std::unique_ptr<M> item) {
    internal::check_given("ModuleDict", item.get());
    internal::check_new_name("ModuleDict", name, names_);
    put(name, std::move(item));
  }

  /// Throws ValueError listing the names where there is none of that name.
  M& operator[](std::string_view name) {
    return *items_[internal::place_of("ModuleDict", name, names_)];
  }
  bool contains(std::string_view name) const {
    for (const std::string& known : names_) {
      if (known == name) return true;
    }
    return false;
  }
  /// In the order of adding.
  const std::vector<std::string>& names() const { return names_; }
  size_t size() const { return items_.size(); }
  auto begin() { return items_.begin(); }
  auto end() { return items_.end(); }

 private:
  template <class T>
  T& put(std::string_view name, std::unique_ptr<T> item) {
    T& added = *item;
    std::string own(name);
    names_.reserve(size() + 1);
    items_.push_back(std::move(item));
    names_.push_back(std::move(own));  // which has its memory already
    return added;
  }

  std::vector<std::string> names_;
  std::vector<std::unique_ptr<M>> items_;
};

}  // namespace strata::nn
