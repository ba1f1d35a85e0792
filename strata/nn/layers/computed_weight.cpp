#include "strata/nn/layers/computed_weight.h"

#include <string_view>

namespace strata::nn {
namespace {

constexpr std::string_view kWeight = "weight";

class FindsLayout final : public Visitor {
 public:
  Layout layout = Layout::plain;

 private:
  void on_module(std::string_view, Module&) override {}
  void on_parameter(std::string_view name, Tensor&, Layout of) override {
    if (name == kWeight) layout = of;
  }
  void on_buffer(std::string_view, Tensor&, Layout) override {}
};

class PassesOn final : public Visitor {
 public:
  explicit PassesOn(Visitor& to) : to_(to) {}

 private:
  void on_module(std::string_view name, Module& child) override { to_(name, child); }
  void on_parameter(std::string_view name, Tensor& t, Layout layout) override {
    if (name != kWeight) to_(name, t, layout);
  }
  void on_buffer(std::string_view name, Tensor& t, Layout layout) override {
    to_.buffer(name, t, layout);
  }

  Visitor& to_;
};

}  // namespace

Layout weight_layout(Module& layer) {
  FindsLayout finder;
  layer.members(finder);
  return finder.layout;
}

int memory_axis(Layout layout, int rank, int axis) {
  if (layout == Layout::plain || axis == 0) return axis;
  return axis == 1 ? rank - 1 : axis - 1;
}

void members_but_weight(Module& layer, Visitor& v) {
  PassesOn passes(v);
  layer.members(passes);
}

bool ComputedWeight::made_of(const std::vector<Tensor>& sources) const {
  if (sources_.size() != sources.size()) return false;
  for (size_t i = 0; i < sources.size(); ++i) {
    const auto& [t, version] = sources_[i];
    if (!t.same_as(sources[i]) || version != sources[i].version()) return false;
  }
  return true;
}

void ComputedWeight::remember(const std::vector<Tensor>& sources) {
  sources_.clear();
  for (const Tensor& t : sources) sources_.emplace_back(t, t.version());
}

}  // namespace strata::nn
