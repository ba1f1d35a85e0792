#include "strata/train/guard.h"

#include <cmath>
#include <map>

#include <fmt/format.h>

#include "strata/tape/grad_mode.h"

namespace strata::train {
namespace {

/// "NaN", "infinity" or nullptr for tensors that are finite throughout.
const char* fault_of(const Tensor& t) {
  if (!t.defined() || !is_floating(t.dtype())) return nullptr;
  const char* fault = nullptr;
  for (double v : t.to_vector<double>()) {
    if (std::isnan(v)) return "NaN";
    if (std::isinf(v)) fault = "infinity";
  }
  return fault;
}

/// Remembers the first module whose output is not finite. Inner modules leave before outer ones,
/// so the first to be noticed is the innermost.
class FirstFault final : public nn::CallObserver {
 public:
  std::string text;

  explicit FirstFault(nn::Module& root) {
    for (auto& [name, module] : root.named_modules()) names_[module] = name;
  }
  void enter(nn::Module&) override {}
  void leave(nn::Module& module, const Tensor& output) override {
    if (!text.empty()) return;
    const char* fault = fault_of(output);
    if (!fault) return;
    const std::string& name = names_[&module];
    text = fmt::format("layer {} ({}) is the first to give {}",
                       name.empty() ? "the model itself" : name, module.type(), fault);
  }

 private:
  std::map<const nn::Module*, std::string> names_;
};

}  // namespace

std::string first_bad_place(Training& training, const Generator& random) {
  const NoGrad no_grad;
  const auto tensors = training.model().named_tensors();
  for (const nn::NamedTensor& t : tensors) {
    if (!t.trained) continue;  // running statistics have taken in the bad batch already
    if (const char* fault = fault_of(*t.tensor)) {
      return fmt::format("parameter {} holds {}", t.name, fault);
    }
  }
  const Generator now = default_generator();
  default_generator() = random;
  FirstFault observer(training.model());
  bool loss_is_bad = false;
  {
    const nn::ObserverScope scope(observer);
    loss_is_bad = fault_of(training.loss()) != nullptr;
  }
  default_generator() = now;
  if (!observer.text.empty()) return observer.text;
  if (loss_is_bad) return "all layers are finite, the loss function itself is not";
  for (auto it = tensors.rbegin(); it != tensors.rend(); ++it) {
    if (const char* fault = fault_of(it->tensor->grad())) {
      return fmt::format("the gradient of {} holds {}", it->name, fault);
    }
  }
  return "no single place was found";
}

}  // namespace strata::train
