#include "strata/text/beam_search.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <utility>

#include <fmt/format.h>

#include "strata/base/error.h"
#include "strata/tape/grad_mode.h"

namespace strata {
namespace {

constexpr const char* kName = "beam_search";

void check(const BeamSearchConfig& c, std::span<const int64_t> prompt) {
  const std::pair<const char*, int64_t> sizes[] = {
      {"beams", c.beams}, {"max_new_tokens", c.max_new_tokens}, {"results", c.results}};
  for (const auto& [name, value] : sizes) {
    if (value < 1)
      throw ValueError(kName, fmt::format("{} must be at least 1, got {}", name, value));
  }
  if (c.results > c.beams) {
    throw ValueError(kName, fmt::format("{} beams do not give {} results", c.beams, c.results));
  }
  if (!std::isfinite(c.length_penalty)) {
    throw ValueError(kName, fmt::format("length_penalty must be finite, got {}", c.length_penalty));
  }
  if (prompt.empty()) throw ValueError(kName, "the prompt is empty", "begin with a first token");
}

/// A sequence that goes on: the prompt and what follows, and its log probability.
struct Beam {
  std::vector<int64_t> ids;
  double sum = 0;
  int64_t parent = 0;
};

struct Candidate {
  double sum;
  int64_t row, token;
};

Tensor ids_of(const std::vector<Beam>& beams) {
  std::vector<int64_t> all;
  for (const Beam& beam : beams) all.insert(all.end(), beam.ids.begin(), beam.ids.end());
  const auto rows = static_cast<int64_t>(beams.size());
  return from_span<int64_t>(all, {rows, static_cast<int64_t>(all.size()) / rows});
}

Tensor parents_of(const std::vector<Beam>& beams) {
  std::vector<int64_t> parents;
  for (const Beam& beam : beams) parents.push_back(beam.parent);
  return tensor(parents);
}

/// The best `count` tokens that may follow, best first.
std::vector<Candidate> best_of(const std::vector<Beam>& beams, const Tensor& scores, size_t count) {
  if (scores.dtype() != DType::f32 && scores.dtype() != DType::f64) {
    throw DTypeError(kName,
                     fmt::format("log probabilities are f32 or f64, got {}", describe(scores)));
  }
  const auto rows = static_cast<int64_t>(beams.size());
  if (scores.rank() != 2 || scores.size(0) != rows) {
    throw ShapeError(kName, fmt::format("log probabilities of {} sequences are [{}, vocabulary], "
                                        "got {}",
                                        rows, rows, describe(scores)));
  }
  const std::vector<double> values = scores.to_vector<double>();
  const int64_t vocabulary = scores.size(1);
  std::vector<Candidate> all;
  for (int64_t i = 0; i < rows * vocabulary; ++i) {
    const double value = values[static_cast<size_t>(i)];
    const int64_t row = i / vocabulary, token = i % vocabulary;
    if (std::isnan(value)) {
      throw NumericError(kName, fmt::format("the log probability of token {} is NaN", token));
    }
    if (value == -std::numeric_limits<double>::infinity()) continue;
    all.push_back({beams[static_cast<size_t>(row)].sum + value, row, token});
  }
  const size_t kept = std::min(count, all.size());
  const auto better = [](const Candidate& a, const Candidate& b) {
    if (a.sum != b.sum) return a.sum > b.sum;
    return a.row != b.row ? a.row < b.row : a.token < b.token;
  };
  std::partial_sort(all.begin(), all.begin() + static_cast<std::ptrdiff_t>(kept), all.end(),
                    better);
  all.resize(kept);
  return all;
}

/// Adds to the best `most` ended sequences, which stay in order.
void add_ended(std::vector<BeamSequence>& ended, BeamSequence sequence, size_t most) {
  const auto place = std::find_if(ended.begin(), ended.end(), [&](const BeamSequence& other) {
    return other.score < sequence.score;
  });
  ended.insert(place, std::move(sequence));
  if (ended.size() > most) ended.pop_back();
}

}  // namespace

std::vector<BeamSequence> beam_search(
    std::span<const int64_t> prompt, const BeamSearchConfig& config,
    FunctionRef<Tensor(const Tensor& ids, const Tensor& parents)> step) {
  check(config, prompt);
  const NoGrad no_grad;
  const auto most = static_cast<size_t>(config.beams);
  std::vector<Beam> beams(1, Beam{.ids = {prompt.begin(), prompt.end()}});
  std::vector<BeamSequence> ended;
  for (int64_t length = 1; !beams.empty(); ++length) {
    const double scale = std::pow(static_cast<double>(length), config.length_penalty);
    const Tensor scores = step(ids_of(beams), parents_of(beams));
    std::vector<Beam> next;
    // Twice as many: where all of the first end, the others go on.
    const std::vector<Candidate> best = best_of(beams, scores, 2 * most);
    for (size_t rank = 0; rank < best.size(); ++rank) {
      const auto& [sum, row, token] = best[rank];
      const bool ends = token == config.end_token || length == config.max_new_tokens;
      if (ends ? rank >= most : next.size() == most) continue;
      std::vector<int64_t> ids = beams[static_cast<size_t>(row)].ids;
      ids.push_back(token);
      if (!ends) {
        next.push_back({.ids = std::move(ids), .sum = sum, .parent = row});
        continue;
      }
      ids.erase(ids.begin(), ids.begin() + static_cast<std::ptrdiff_t>(prompt.size()));
      add_ended(ended, {.tokens = std::move(ids), .score = sum / scale}, most);
    }
    beams = std::move(next);
    if (ended.size() < most || beams.empty()) continue;
    if (config.early_stopping || ended.back().score >= beams[0].sum / scale) break;
  }
  ended.resize(std::min(ended.size(), static_cast<size_t>(config.results)));
  return ended;
}

}  // namespace strata
