#include "strata/nn/layers/adaptive_log_softmax.h"

#include <algorithm>
#include <cmath>
#include <functional>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "strata/base/error.h"
#include "strata/nn/config_check.h"
#include "strata/ops/arithmetic.h"
#include "strata/ops/compare.h"
#include "strata/ops/copy.h"
#include "strata/ops/creation.h"
#include "strata/ops/extremes.h"
#include "strata/ops/indexing.h"
#include "strata/ops/joining.h"
#include "strata/ops/masks.h"
#include "strata/ops/reduce.h"
#include "strata/ops/select.h"
#include "strata/ops/softmax.h"
#include "strata/ops/views.h"

namespace strata::nn {
namespace {

constexpr const char* kType = "AdaptiveLogSoftmaxWithLoss";

/// The head's config, once all is checked.
LinearConfig head_of(const AdaptiveLogSoftmaxConfig& config) {
  require_positive(kType, {{"in", config.in}, {"classes", config.classes}});
  std::vector<int64_t> bounds = config.cutoffs;
  bounds.insert(bounds.begin(), 0);
  bounds.push_back(config.classes);
  const auto wrong = std::adjacent_find(bounds.begin(), bounds.end(), std::greater_equal<>());
  if (config.cutoffs.empty() || wrong != bounds.end()) {
    throw ValueError(kType, fmt::format(".cutoffs must increase within (0, {}), got [{}]",
                                        config.classes, fmt::join(config.cutoffs, ", ")));
  }
  if (!(config.div_value > 0)) {
    throw ValueError(kType, fmt::format(".div_value must be above 0, got {}", config.div_value));
  }
  const auto clusters = static_cast<int64_t>(config.cutoffs.size());
  return {.in = config.in, .out = config.cutoffs[0] + clusters, .bias = config.head_bias};
}

void check_rows(const Tensor& x, int64_t in) {
  if (x.rank() == 2 && x.size(1) == in) return;
  throw ShapeError(kType, fmt::format("takes rows [n, {}], got {}", in, describe(x)));
}

void check_target(const Tensor& target, int64_t classes) {
  if (is_floating(target.dtype()) || target.dtype() == DType::boolean) {
    throw DTypeError(kType, fmt::format("targets are integers, got {}", describe(target)));
  }
  if (target.is_meta() || target.numel() == 0) return;
  const auto least = min(target).item<int64_t>(), most = max(target).item<int64_t>();
  if (least >= 0 && most < classes) return;
  throw IndexError(
      kType, fmt::format("target {} is outside of [0, {})", least < 0 ? least : most, classes));
}

/// The numbers of the rows where `members` is true; of all where values are not known.
Tensor rows_of(const Tensor& members) {
  if (members.is_meta()) {
    return arange(static_cast<double>(members.numel()), DType::i64, members.device());
  }
  return select(nonzero(members), 1, 0);
}

/// x[i][at[i]] of each row.
Tensor picked(const Tensor& x, const Tensor& at) {
  return squeeze(gather(x, 1, unsqueeze(at, 1)), 1);
}

}  // namespace

AdaptiveLogSoftmaxWithLoss::AdaptiveLogSoftmaxWithLoss(const AdaptiveLogSoftmaxConfig& config)
    : head(head_of(config)), config_(config) {
  for (size_t i = 0; i < config.cutoffs.size(); ++i) {
    const double share = std::pow(config.div_value, static_cast<double>(i + 1));
    // As Python's //: a quotient just below a whole number must not be rounded up to it.
    const auto in = static_cast<double>(config.in);
    const int64_t width = std::llround((in - std::fmod(in, share)) / share);
    if (width < 1) {
      throw ValueError(kType, fmt::format("cluster {} would have no features: {} / {}^{}", i,
                                          config.in, config.div_value, i + 1));
    }
    Sequential& cluster = tail.add();
    cluster.add(Linear({.in = config.in, .out = width, .bias = false}));
    cluster.add(Linear({.in = width, .out = begin_of(i + 1) - begin_of(i), .bias = false}));
  }
}

int64_t AdaptiveLogSoftmaxWithLoss::begin_of(size_t i) const {
  return i < config_.cutoffs.size() ? config_.cutoffs[i] : config_.classes;
}

AdaptiveLogSoftmaxWithLoss::Result AdaptiveLogSoftmaxWithLoss::operator()(const Tensor& x,
                                                                          const Tensor& target) {
  return observe_call(*this, [&]() -> Result {
    if (x.rank() == 1 && target.rank() == 0) {
      const Result one = rows(unsqueeze(x, 0), unsqueeze(target, 0));
      return {squeeze(one.output, 0), one.loss};
    }
    return rows(x, target);
  });
}

AdaptiveLogSoftmaxWithLoss::Result AdaptiveLogSoftmaxWithLoss::rows(const Tensor& x,
                                                                    const Tensor& target) {
  check_rows(x, config_.in);
  if (target.shape() != Shape{x.size(0)}) {
    throw ShapeError(kType,
                     fmt::format("target {} does not fit x {}", describe(target), describe(x)));
  }
  check_target(target, config_.classes);
  const Tensor classes = cast(target, DType::i64);
  Tensor at = classes;  // in the head
  Tensor output = zeros({x.size(0)}, x.dtype(), x.device());
  for (size_t i = 0; i < tail.size(); ++i) {
    const Tensor members = logical_and(classes >= begin_of(i), classes < begin_of(i + 1));
    at = where(members, shortlist() + static_cast<int64_t>(i), at);
    const Tensor numbers = rows_of(members);
    if (numbers.numel() == 0) continue;
    const Tensor within = index_select(classes, 0, numbers) - begin_of(i);
    const Tensor all = log_softmax(tail[i](index_select(x, 0, numbers)));
    output = index_add(output, 0, numbers, picked(all, within));
  }
  output = output + picked(log_softmax(head(x)), at);
  return {output, -mean(output)};
}

Tensor AdaptiveLogSoftmaxWithLoss::log_prob(const Tensor& x) {
  check_rows(x, config_.in);
  const Tensor first = log_softmax(head(x));
  std::vector<Tensor> parts = {slice(first, 1, 0, shortlist())};
  for (size_t i = 0; i < tail.size(); ++i) {
    const int64_t at = shortlist() + static_cast<int64_t>(i);
    parts.push_back(log_softmax(tail[i](x)) + slice(first, 1, at, at + 1));
  }
  return concat(parts, 1);
}

Tensor AdaptiveLogSoftmaxWithLoss::predict(const Tensor& x) { return argmax(log_prob(x), 1); }

}  // namespace strata::nn
