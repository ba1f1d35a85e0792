#include "strata/text/sampling.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>

#include <fmt/format.h>

#include "strata/base/error.h"

namespace strata {
namespace {

constexpr double kNever = -std::numeric_limits<double>::infinity();

void check(const SamplingConfig& c) {
  if (!(c.temperature >= 0) || std::isinf(c.temperature)) {
    throw ValueError("TokenSampler",
                     fmt::format("temperature must be at least 0, got {}", c.temperature));
  }
  if (c.top_k < 0) {
    throw ValueError("TokenSampler", fmt::format("top_k must be at least 0, got {}", c.top_k));
  }
  if (!(c.top_p > 0 && c.top_p <= 1)) {
    throw ValueError("TokenSampler", fmt::format("top_p must be in (0, 1], got {}", c.top_p));
  }
  if (!(c.repetition_penalty > 0) || std::isinf(c.repetition_penalty)) {
    throw ValueError("TokenSampler", fmt::format("repetition_penalty must be above 0, got {}",
                                                 c.repetition_penalty));
  }
}

std::vector<double> checked_scores(std::span<const float> logits) {
  std::vector<double> scores(logits.begin(), logits.end());
  const bool bad = std::any_of(scores.begin(), scores.end(),
                               [](double v) { return std::isnan(v) || v == -kNever; });
  const bool none = std::all_of(scores.begin(), scores.end(), [](double v) { return v == kNever; });
  if (bad || none) {
    throw NumericError("TokenSampler",
                       bad ? "NaN or infinity among the logits" : "there are no logits");
  }
  return scores;
}

void penalize(std::vector<double>& scores, std::span<const int64_t> previous, double penalty) {
  std::vector<bool> done(scores.size());
  for (const int64_t id : previous) {
    if (id < 0 || id >= static_cast<int64_t>(scores.size())) {
      throw IndexError("TokenSampler", fmt::format("token {} of {}", id, scores.size()));
    }
    const auto i = static_cast<size_t>(id);
    if (done[i]) continue;
    done[i] = true;
    scores[i] = scores[i] > 0 ? scores[i] / penalty : scores[i] * penalty;
  }
}

void keep_top_k(std::vector<double>& scores, int64_t k) {
  if (k == 0 || k >= static_cast<int64_t>(scores.size())) return;
  std::vector<double> sorted = scores;
  std::nth_element(sorted.begin(), sorted.begin() + (k - 1), sorted.end(), std::greater<>());
  const double least = sorted[static_cast<size_t>(k - 1)];
  for (double& v : scores) {
    if (v < least) v = kNever;
  }
}

std::vector<double> softmax_of(const std::vector<double>& scores) {
  const double most = *std::max_element(scores.begin(), scores.end());
  std::vector<double> p(scores.size());
  double sum = 0;
  for (size_t i = 0; i < p.size(); ++i) sum += p[i] = std::exp(scores[i] - most);
  for (double& v : p) v /= sum;
  return p;
}

/// Takes away the least likely tokens that together have at most 1 - top_p, but not the likeliest.
void keep_top_p(std::vector<double>& scores, double top_p) {
  if (top_p >= 1) return;
  const std::vector<double> p = softmax_of(scores);
  std::vector<size_t> order(p.size());
  std::iota(order.begin(), order.end(), size_t{0});
  std::stable_sort(order.begin(), order.end(), [&](size_t a, size_t b) { return p[a] < p[b]; });
  double sum = 0;
  for (size_t i = 0; i + 1 < order.size(); ++i) {
    sum += p[order[i]];
    if (sum > 1 - top_p) break;
    scores[order[i]] = kNever;
  }
}

}  // namespace

TokenSampler::TokenSampler(const SamplingConfig& config, uint64_t seed)
    : config_(config), generator_(seed) {
  check(config);
}

std::vector<double> TokenSampler::probabilities(std::span<const float> logits,
                                                std::span<const int64_t> previous) const {
  std::vector<double> scores = checked_scores(logits);
  if (config_.repetition_penalty != 1) penalize(scores, previous, config_.repetition_penalty);
  if (config_.temperature == 0) {
    const auto likeliest = std::max_element(scores.begin(), scores.end()) - scores.begin();
    std::vector<double> p(scores.size(), 0.0);
    p[static_cast<size_t>(likeliest)] = 1;
    return p;
  }
  // Differences to the largest, as scores themselves over a tiny temperature would be infinite.
  const double most = *std::max_element(scores.begin(), scores.end());
  for (double& v : scores) v = (v - most) / config_.temperature;
  keep_top_k(scores, config_.top_k);
  keep_top_p(scores, config_.top_p);
  return softmax_of(scores);
}

int64_t TokenSampler::next(std::span<const float> logits, std::span<const int64_t> previous) {
  const std::vector<double> p = probabilities(logits, previous);
  double left = generator_.uniform();
  int64_t last = 0;
  for (size_t i = 0; i < p.size(); ++i) {
    if (p[i] == 0) continue;
    last = static_cast<int64_t>(i);
    left -= p[i];
    if (left < 0) break;
  }
  return last;  // where rounding left a little, the last one possible
}

}  // namespace strata
