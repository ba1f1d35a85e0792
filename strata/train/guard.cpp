#include "strata/train/guard.h"

#include <cmath>
#include <cstddef>
#include <cstring>
#include <map>

#include <fmt/format.h>

#include "strata/base/generator_scope.h"
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

/// Whether a value is infinite or NaN: all bits of its exponent are set.
template <class Bits>
bool has_fault(const void* values, int64_t count, Bits exponent) {
  const auto* at = static_cast<const std::byte*>(values);
  bool fault = false;
  for (int64_t i = 0; i < count; ++i) {
    Bits bits;
    std::memcpy(&bits, at + i * static_cast<int64_t>(sizeof(Bits)), sizeof(Bits));
    fault |= (bits & exponent) == exponent;
  }
  return fault;
}

bool has_fault(const Tensor& t) {
  if (t.is_meta()) return false;
  if (t.is_contiguous()) {
    if (t.dtype() == DType::f32) return has_fault(t.raw(), t.numel(), uint32_t{0x7f800000});
    if (t.dtype() == DType::f64) return has_fault(t.raw(), t.numel(), uint64_t{0x7ff} << 52);
  }
  return fault_of(t) != nullptr;
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

std::string bad_parameter(nn::Module& model) {
  for (const nn::NamedTensor& t : model.named_tensors()) {
    if (t.trained && has_fault(*t.tensor)) {
      return fmt::format("parameter {} holds {}", t.name, fault_of(*t.tensor));
    }
  }
  return {};
}

std::string first_bad_place(Training& training, const Generator& random) {
  const NoGrad no_grad;
  // Running statistics have taken in the bad batch already and tell nothing.
  if (std::string parameter = bad_parameter(training.model()); !parameter.empty()) return parameter;
  const auto tensors = training.model().named_tensors();
  FirstFault observer(training.model());
  bool loss_is_bad = false;
  {
    const GeneratorScope same_numbers(random);
    const nn::ObserverScope scope(observer);
    loss_is_bad = fault_of(training.loss()) != nullptr;
  }
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
