#include "strata/nn/module.h"

#include <unordered_set>

#include <fmt/format.h>

#include "strata/base/error.h"
#include "strata/ops/copy.h"
#include "strata/tape/grad_mode.h"

namespace strata::nn {
namespace {

thread_local CallObserver* t_observer = nullptr;
thread_local int64_t t_parameters_made = 0;

std::string join(const std::string& prefix, std::string_view name) {
  return prefix.empty() ? std::string(name) : prefix + "." + std::string(name);
}

/// Collects everything below a module with dotted paths.
class Collector final : public Visitor {
 public:
  std::vector<NamedTensor> tensors;  // shared ones at each of their places
  std::vector<std::pair<std::string, Module*>> modules;

  void collect(Module& root) {
    modules.emplace_back("", &root);
    root.members(*this);
  }

 private:
  void on_module(std::string_view name, Module& child) override {
    const std::string before = prefix_;
    prefix_ = join(prefix_, name);
    modules.emplace_back(prefix_, &child);
    child.members(*this);
    prefix_ = before;
  }
  void on_parameter(std::string_view name, Tensor& t, Layout layout) override {
    add({join(prefix_, name), &t, layout, true});
  }
  void on_buffer(std::string_view name, Tensor& t, Layout layout) override {
    add({join(prefix_, name), &t, layout, false});
  }
  void add(NamedTensor entry) {
    if (entry.tensor->defined()) tensors.push_back(std::move(entry));
  }

  std::string prefix_;
};

}  // namespace

Visitor& Visitor::operator()(std::string_view name, Module& child) {
  on_module(name, child);
  return *this;
}

Visitor& Visitor::operator()(std::string_view name, Tensor& parameter, Layout layout) {
  on_parameter(name, parameter, layout);
  return *this;
}

Visitor& Visitor::buffer(std::string_view name, Tensor& t, Layout layout) {
  on_buffer(name, t, layout);
  return *this;
}

ObserverScope::ObserverScope(CallObserver& observer) : before_(t_observer) {
  t_observer = &observer;
}

ObserverScope::~ObserverScope() { t_observer = before_; }

CallObserver* call_observer() { return t_observer; }

Tensor Module::forward(const Tensor&) {
  throw ValueError(type(), "does not take one tensor as its input",
                   "call what it has beside forward(), or override that");
}

void Module::train(bool on) {
  for (auto& [name, module] : named_modules()) module->training_ = on;
}

std::vector<NamedTensor> Module::named_tensors() {
  std::vector<NamedTensor> once;
  std::unordered_set<const void*> seen;
  for (NamedTensor& place : named_places()) {
    if (seen.insert(place.identity()).second) once.push_back(std::move(place));
  }
  return once;
}

std::vector<NamedTensor> Module::named_places() {
  Collector collector;
  collector.collect(*this);
  return std::move(collector.tensors);
}

std::vector<std::pair<std::string, Module*>> Module::named_modules() {
  Collector collector;
  collector.collect(*this);
  return std::move(collector.modules);
}

std::vector<Tensor> Module::parameters() {
  std::vector<Tensor> out;
  for (const NamedTensor& t : named_tensors()) {
    if (t.trained) out.push_back(*t.tensor);
  }
  return out;
}

int64_t Module::parameter_count() {
  int64_t n = 0;
  for (const Tensor& p : parameters()) n += p.numel();
  return n;
}

void Module::zero_grad() {
  for (const Tensor& p : parameters()) {
    Tensor handle = p;
    if (handle.requires_grad()) handle.set_grad({});
  }
}

void Module::to(DType dtype) {
  if (!is_floating(dtype)) {
    throw DTypeError(type(), fmt::format("takes no weights in {}", name_of(dtype)));
  }
  const NoGrad no_grad;
  const bool half = dtype == DType::bf16 || dtype == DType::f16;
  for (const NamedTensor& t : named_tensors()) {
    const DType wanted = half && !t.trained ? DType::f32 : dtype;
    if (!is_floating(t.tensor->dtype()) || t.tensor->dtype() == wanted) continue;
    Tensor grad = t.tensor->grad();
    if (grad.defined()) grad = cast(grad, wanted);
    t.tensor->set_data(cast(*t.tensor, wanted));
    if (grad.defined()) t.tensor->set_grad(grad);
  }
}

ModeScope::ModeScope(Module& module, bool training) {
  const auto modules = module.named_modules();
  before_.reserve(modules.size());
  for (const auto& [name, m] : modules) before_.emplace_back(m, m->training_);
  for (const auto& [m, mode] : before_) m->training_ = training;
}

ModeScope::~ModeScope() {
  for (const auto& [m, mode] : before_) m->training_ = mode;
}

Tensor parameter(const Shape& shape) {
  ++t_parameters_made;
  return empty(shape, DType::f32, default_device()).set_requires_grad();
}

Tensor parameter(const Tensor& values) {
  const bool meta = default_device().type == DeviceType::meta;
  Tensor p = meta ? empty(values.shape(), values.dtype(), kMeta) : copy(values.detach());
  p.set_requires_grad();
  ++t_parameters_made;
  return p;
}

int64_t parameters_made() { return t_parameters_made; }

}  // namespace strata::nn
