#include "strata/optim/ema.h"

#include <algorithm>
#include <cmath>
#include <unordered_set>
#include <utility>

#include <fmt/format.h>

#include "strata/base/error.h"
#include "strata/kernels/optim.h"
#include "strata/ops/copy.h"
#include "strata/tape/grad_mode.h"
#include "strata/tensor/on_device.h"

namespace strata {
namespace {

constexpr const char* kUpdates = "ema.updates";

std::string key_of(size_t i) { return fmt::format("ema.{}", i); }

/// Whether the two can be exchanged element by element in memory.
bool lies_as(const Tensor& param, const Tensor& average) {
  return param.is_contiguous() && param.device() == average.device();
}

/// The parameter has another dtype where it was converted while it held its average.
template <class T>
void swap_values(Tensor& param, Tensor& average) noexcept {
  const int64_t n = param.numel();
  visit_dtype(param.dtype(), [&](auto tag) {
    using P = typename decltype(tag)::type;
    auto* values = static_cast<P*>(param.raw());
    auto* means = static_cast<T*>(average.raw());
    for (int64_t i = 0; i < n; ++i) {
      const P value = values[i];
      values[i] = static_cast<P>(means[i]);
      means[i] = static_cast<T>(value);
    }
  });
}

}  // namespace

EMA::EMA(std::vector<Tensor> params, const EMAConfig& config)
    : params_(std::move(params)), config_(config) {
  if (params_.empty()) throw ValueError("EMA", "no parameters");
  if (!(config.decay >= 0 && config.decay < 1)) {
    throw ValueError("EMA", fmt::format("decay must lie in [0, 1), got {}", config.decay));
  }
  std::unordered_set<const void*> seen;
  for (size_t i = 0; i < params_.size(); ++i) {
    const Tensor& p = params_[i];
    if (!p.is_contiguous()) {
      throw ShapeError("EMA", describe(p) + " is not contiguous",
                       "use contiguous() before set_requires_grad()");
    }
    if (p.dtype() != DType::f32 && p.dtype() != DType::f64) {
      throw DTypeError("EMA", fmt::format("parameters are f32 or f64, one is {}", describe(p)));
    }
    // swap() would exchange it with its average twice.
    if (p.numel() > 0 && !p.is_meta() && !seen.insert(p.raw()).second) {
      throw ValueError("EMA", fmt::format("parameter {} occurs twice", i));
    }
    averages_.push_back(copy(p.detach()));
  }
}

void EMA::check_params() const {
  for (size_t i = 0; i < params_.size(); ++i) {
    const Tensor &p = params_[i], &average = averages_[i];
    if (p.dtype() != average.dtype()) {
      throw DTypeError("EMA",
                       fmt::format("parameter {} is {}, its average {}", i, describe(p),
                                   name_of(average.dtype())),
                       "make the averages after Module::to(), or convert back");
    }
    if (p.device() != average.device()) {
      throw DeviceError("EMA", fmt::format("parameter {} is on {}, its average on {}", i,
                                           to_string(p.device()), to_string(average.device())));
    }
    if (!p.is_contiguous()) {
      throw ShapeError("EMA", fmt::format("parameter {}, {}, is not contiguous", i, describe(p)),
                       "use contiguous() before set_data()");
    }
  }
}

void EMA::update() {
  if (swapped_) {
    throw ValueError("EMA", "update() while the parameters hold the averages",
                     "call swap() again before training goes on");
  }
  check_params();
  const auto n = static_cast<double>(updates_ + 1);
  double decay = config_.warm_up ? std::min(config_.decay, (1 + n) / (10 + n)) : config_.decay;
  if (config_.equal) decay = (n - 1) / n;
  // All memory is there before the first average changes: without it nothing does.
  std::vector<kernels::OptimPart> singles, doubles;
  singles.reserve(params_.size());
  doubles.reserve(params_.size());
  for (size_t i = 0; i < params_.size(); ++i) {
    if (params_[i].is_meta()) continue;
    const Tensor& p = params_[i];
    (p.dtype() == DType::f64 ? doubles : singles)
        .push_back({averages_[i].raw(), p.raw(), {}, p.numel(), updates_ + 1});
    averages_[i].bump_version();
  }
  on_cpu("EMA", params_[0], [&](Cpu cpu) {
    if (!singles.empty()) kernels::average(cpu, DType::f32, decay, singles);
    if (!doubles.empty()) kernels::average(cpu, DType::f64, decay, doubles);
  });
  ++updates_;
}

void EMA::swap() {
  if (!swapped_) check_params();
  exchange();
}

void EMA::exchange() noexcept {
  for (size_t i = 0; i < params_.size(); ++i) {
    if (params_[i].is_meta() || !lies_as(params_[i], averages_[i])) continue;
    if (averages_[i].dtype() == DType::f64) {
      swap_values<double>(params_[i], averages_[i]);
    } else {
      swap_values<float>(params_[i], averages_[i]);
    }
    params_[i].bump_version();
    averages_[i].bump_version();
  }
  swapped_ = !swapped_;
}

OptimizerState EMA::state() const {
  if (swapped_) throw ValueError("EMA", "state() while the parameters hold the averages");
  OptimizerState out;
  out.numbers[kUpdates] = static_cast<double>(updates_);
  for (size_t i = 0; i < averages_.size(); ++i) out.tensors.emplace(key_of(i), averages_[i]);
  return out;
}

void EMA::check_state(const OptimizerState& state) const {
  check_params();
  if (swapped_) throw ValueError("EMA", "load_state() while the parameters hold the averages");
  const auto updates = state.numbers.find(kUpdates);
  if (updates == state.numbers.end()) {
    throw ValueError("EMA", fmt::format("the state lacks {}", kUpdates));
  }
  if (!(updates->second >= 0 && updates->second <= 0x1p53)) {
    throw ValueError("EMA", fmt::format("{} is out of range: {}", kUpdates, updates->second));
  }
  for (size_t i = 0; i < averages_.size(); ++i) {
    const auto found = state.tensors.find(key_of(i));
    if (found == state.tensors.end()) throw ValueError("EMA", "the state lacks " + key_of(i));
    const Tensor& t = found->second;
    const std::string text =
        fmt::format("{} is {}, its parameter {}", key_of(i), describe(t), describe(params_[i]));
    if (!t.defined() || t.shape() != params_[i].shape()) throw ShapeError("EMA", text);
    if (t.dtype() != params_[i].dtype()) throw DTypeError("EMA", text);
  }
  if (state.tensors.size() != averages_.size() || state.numbers.size() != 1) {
    throw ValueError("EMA", "the state holds more than these parameters' averages");
  }
}

void EMA::load_state(const OptimizerState& state) {
  check_state(state);
  const NoGrad no_grad;
  for (size_t i = 0; i < averages_.size(); ++i) copy_(averages_[i], state.tensors.at(key_of(i)));
  updates_ = static_cast<int64_t>(state.numbers.at(kUpdates));
}

}  // namespace strata
