#include "strata/data/samplers.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <map>
#include <numeric>
#include <utility>

#include <fmt/format.h>

#include "strata/base/error.h"

namespace strata {
namespace {

void shuffle(std::vector<int64_t>& order, Generator& random) {
  for (size_t i = order.size(); i > 1; --i) std::swap(order[i - 1], order[random.below(i)]);
}

std::vector<int64_t> first_numbers(int64_t count) {
  std::vector<int64_t> out(static_cast<size_t>(count));
  std::iota(out.begin(), out.end(), 0);
  return out;
}

/// Draws by the running sums of the weights.
std::vector<int64_t> draw(const std::vector<double>& sums, int64_t count, Generator& random) {
  std::vector<int64_t> order(static_cast<size_t>(count));
  for (int64_t& i : order) {
    const double at = random.uniform() * sums.back();
    // A sample of weight 0 has the sum of the one before it, which upper_bound passes.
    i = std::upper_bound(sums.begin(), sums.end(), at) - sums.begin();
    i = std::min(i, static_cast<int64_t>(sums.size()) - 1);
  }
  return order;
}

/// The `count` first of an exponential race, in which i arrives after e / weights[i].
std::vector<int64_t> race(const std::vector<double>& weights, int64_t count, Generator& random) {
  std::vector<std::pair<double, int64_t>> arrivals;
  for (size_t i = 0; i < weights.size(); ++i) {
    const double wait = -std::log1p(-random.uniform());
    if (weights[i] > 0) arrivals.emplace_back(wait / weights[i], static_cast<int64_t>(i));
  }
  std::partial_sort(arrivals.begin(), arrivals.begin() + count, arrivals.end());
  std::vector<int64_t> order;
  for (int64_t i = 0; i < count; ++i) order.push_back(arrivals[static_cast<size_t>(i)].second);
  return order;
}

/// Brings the largest weight to [0.5, 1), so that neither the sums nor waits over weights overflow.
/// By a power of two, which keeps the bits of what is drawn. No weight above 0 becomes 0.
void scale(std::vector<double>& weights) {
  int exponent = 0;
  std::frexp(*std::max_element(weights.begin(), weights.end()), &exponent);
  for (double& w : weights) {
    if (w > 0) w = std::max(std::ldexp(w, -exponent), std::numeric_limits<double>::denorm_min());
  }
}

int64_t count_or_all(const char* name, int64_t count, size_t all) {
  if (count < 0) throw ValueError(name, fmt::format("count is out of range: {}", count));
  return count > 0 ? count : static_cast<int64_t>(all);
}

}  // namespace

namespace samplers {

Sampler weighted(std::vector<double> weights, int64_t count, bool replacement) {
  int64_t possible = 0;
  for (const double w : weights) {
    if (!(w >= 0) || !std::isfinite(w)) {
      throw ValueError("weighted", fmt::format("a weight is out of range: {}", w));
    }
    possible += w > 0;
  }
  if (possible == 0) throw ValueError("weighted", "no weight is above 0");
  count = count_or_all("weighted", count, weights.size());
  if (!replacement && count > possible) {
    throw ValueError("weighted", fmt::format("{} samples without replacement, but {} weights above "
                                             "0",
                                             count, possible));
  }
  scale(weights);
  if (!replacement) {
    return {count, [weights = std::move(weights), count](Generator& random) {
              return race(weights, count, random);
            }};
  }
  std::partial_sum(weights.begin(), weights.end(), weights.begin());
  // Draws never reach the last sample by rounding unless it has a weight.
  while (weights.size() > 1 && weights[weights.size() - 2] == weights.back()) weights.pop_back();
  return {count, [sums = std::move(weights), count](Generator& random) {
            return draw(sums, count, random);
          }};
}

Sampler balanced(const std::vector<int64_t>& labels, int64_t count) {
  if (labels.empty()) throw ValueError("balanced", "no labels");
  std::map<int64_t, int64_t> sizes;
  for (const int64_t label : labels) ++sizes[label];
  std::vector<double> weights;
  for (const int64_t label : labels) weights.push_back(1 / static_cast<double>(sizes[label]));
  return weighted(std::move(weights), count);
}

Sampler subset(std::vector<int64_t> indices, bool shuffled) {
  for (const int64_t i : indices) {
    if (i < 0) throw ValueError("subset", fmt::format("an index is negative: {}", i));
  }
  const auto count = static_cast<int64_t>(indices.size());
  return {count, [indices = std::move(indices), shuffled](Generator& random) {
            std::vector<int64_t> order = indices;
            if (shuffled) shuffle(order, random);
            return order;
          }};
}

Sampler shard(int64_t samples, int64_t rank, int64_t parts, bool shuffled) {
  if (samples < 1 || parts < 1 || rank < 0 || rank >= parts) {
    throw ValueError("shard", fmt::format("no part {} of {} of {} samples", rank, parts, samples));
  }
  const int64_t count = (samples - 1) / parts + 1;
  return {count, [=](Generator& random) {
            std::vector<int64_t> all = first_numbers(samples);
            if (shuffled) shuffle(all, random);
            std::vector<int64_t> order;
            for (int64_t i = 0; i < count; ++i) {
              order.push_back(all[static_cast<size_t>((rank + i * parts) % samples)]);
            }
            return order;
          }};
}

}  // namespace samplers

Tensor class_weights(const std::vector<int64_t>& labels, int64_t classes) {
  if (classes < 1) throw ValueError("class_weights", "no classes");
  std::vector<double> sizes(static_cast<size_t>(classes));
  for (const int64_t label : labels) {
    if (label < 0 || label >= classes) {
      throw ValueError("class_weights", fmt::format("label {} of {} classes", label, classes));
    }
    ++sizes[static_cast<size_t>(label)];
  }
  std::vector<float> out;
  for (const double n : sizes) {
    const double all = static_cast<double>(labels.size()) / static_cast<double>(classes);
    out.push_back(n > 0 ? static_cast<float>(all / n) : 0);
  }
  return tensor(out, {classes});
}

Subset::Subset(std::shared_ptr<const Dataset> data, std::vector<int64_t> indices)
    : data_(std::move(data)), indices_(std::move(indices)) {
  if (!data_) throw ValueError("Subset", "no data set");
  for (const int64_t i : indices_) {
    if (i < 0 || i >= data_->size()) {
      throw IndexError("Subset", fmt::format("no sample {}: there are {}", i, data_->size()));
    }
  }
}

std::vector<int64_t> Subset::in_whole(std::span<const int64_t> indices) const {
  std::vector<int64_t> there;
  for (const int64_t i : indices) {
    if (i < 0 || i >= size()) {
      throw IndexError("Subset", fmt::format("no sample {}: there are {}", i, size()));
    }
    there.push_back(indices_[static_cast<size_t>(i)]);
  }
  return there;
}

Batch Subset::get(std::span<const int64_t> indices) const { return data_->get(in_whole(indices)); }

Batch Subset::draw(std::span<const int64_t> indices, Generator& random) const {
  return data_->draw(in_whole(indices), random);
}

HeldOut hold_out(std::shared_ptr<const Dataset> data, double share, uint64_t seed) {
  if (!(share >= 0 && share < 1)) {
    throw ValueError("hold_out", fmt::format("the share must lie in [0, 1), got {}", share));
  }
  if (share == 0) return {std::move(data), nullptr};
  const int64_t n = data->size();
  if (n < 2) throw ValueError("hold_out", fmt::format("{} samples cannot be cut in two", n));
  std::vector<int64_t> order = first_numbers(n);
  Generator random(seed);
  shuffle(order, random);
  const auto held =
      std::clamp<int64_t>(static_cast<int64_t>(share * static_cast<double>(n)), 1, n - 1);
  const auto cut = order.begin() + held;
  std::sort(cut, order.end());
  return {std::make_shared<Subset>(data, std::vector<int64_t>(cut, order.end())),
          std::make_shared<Subset>(data, std::vector<int64_t>(order.begin(), cut))};
}

}  // namespace strata
