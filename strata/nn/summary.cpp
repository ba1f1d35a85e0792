#include "strata/nn/summary.h"

#include <map>

#include "strata/base/generator_scope.h"
#include "strata/base/work_counter.h"
#include "strata/ops/creation.h"
#include "strata/tape/grad_mode.h"

namespace strata::nn {
namespace {

/// Own parameters of a module: what its members() lists without descending.
class OwnParameters final : public Visitor {
 public:
  int64_t count = 0;

 private:
  void on_module(std::string_view, Module&) override {}
  void on_parameter(std::string_view, Tensor& t, Layout) override {
    if (t.defined()) count += t.numel();
  }
  void on_buffer(std::string_view, Tensor&, Layout) override {}
};

class Recorder final : public CallObserver {
 public:
  explicit Recorder(Module& root) {
    for (auto& [name, module] : root.named_modules()) names_[module] = name;
  }

  std::vector<LayerSummary> layers;

  void enter(Module& module) override {
    OwnParameters own;
    module.members(own);
    open_.push_back({layers.size(), counter_.macs(), 0});
    layers.push_back({.name = names_[&module],
                      .type = module.type(),
                      .output = {},
                      .parameters = own.count,
                      .macs = 0,
                      .depth = static_cast<int>(open_.size()) - 1});
  }

  void leave(Module&, const Tensor& output) override {
    const Open call = open_.back();
    open_.pop_back();
    LayerSummary& layer = layers[call.layer];
    if (output.defined()) layer.output = output.shape();
    const int64_t all = counter_.macs() - call.macs_before;
    layer.macs = all - call.macs_of_children;
    if (!open_.empty()) open_.back().macs_of_children += all;
  }

  int64_t macs() const { return counter_.macs(); }

 private:
  struct Open {
    size_t layer;
    int64_t macs_before, macs_of_children;
  };
  std::map<const Module*, std::string> names_;
  std::vector<Open> open_;
  WorkCounter counter_;
};

}  // namespace

Summary summarize(Module& model, const Shape& input, DType dtype) {
  const auto tensors = model.named_tensors();
  const Device device = tensors.empty() ? kCpu : tensors.front().tensor->device();
  return summarize(model, [&] { model(zeros(input, dtype, device)); });
}

Summary summarize(Module& model, const std::function<void()>& call) {
  const NoGrad no_grad;
  Summary summary;
  for (const NamedTensor& t : model.named_tensors()) {
    if (!t.trained) {
      summary.buffers += t.tensor->numel();
      continue;
    }
    summary.parameters += t.tensor->numel();
    if (t.tensor->requires_grad()) summary.trainable += t.tensor->numel();
  }
  Recorder recorder(model);
  {
    const ModeScope evaluation(model, false);
    const GeneratorScope generator;  // a model may draw in evaluation mode too
    const ObserverScope observer(recorder);
    call();
  }
  summary.layers = std::move(recorder.layers);
  summary.macs = recorder.macs();
  return summary;
}

}  // namespace strata::nn
