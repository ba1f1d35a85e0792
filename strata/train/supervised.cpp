#include "strata/train/supervised.h"

#include <algorithm>
#include <numeric>
#include <string>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "strata/base/error.h"
#include "strata/base/function_ref.h"
#include "strata/ops/extremes.h"
#include "strata/ops/views.h"
#include "strata/train/fit_checks.h"

namespace strata::train {
namespace {

constexpr int64_t kEvaluationBatch = 1000;
constexpr int64_t kMostConfused = 100;  // classes of a table that people can still read

/// At most `count` samples from `begin` on.
Batch rows(const Dataset& samples, int64_t begin, int64_t count) {
  if (count < 1) throw ValueError("evaluate", fmt::format("a batch of {} samples", count));
  std::vector<int64_t> indices(static_cast<size_t>(std::min(count, samples.size() - begin)));
  std::iota(indices.begin(), indices.end(), begin);
  return samples.get(indices);
}

struct Guesses {
  std::vector<int64_t> guesses, truths;
  int64_t classes = 0;

  double share_right() const {
    int64_t right = 0;
    for (size_t i = 0; i < truths.size(); ++i) right += guesses[i] == truths[i];
    return static_cast<double>(right) / static_cast<double>(truths.size());
  }
};

/// The largest output along the last axis, for each sample. `told` is called before each batch.
Guesses guess(nn::Module& model, const Dataset& samples, int64_t batch,
              FunctionRef<void(int64_t done)> told) {
  Guesses out;
  const auto append = [](std::vector<int64_t>& to, const std::vector<int64_t>& more) {
    to.insert(to.end(), more.begin(), more.end());
  };
  for (int64_t begin = 0; begin < samples.size(); begin += batch) {
    told(begin);
    const Batch part = rows(samples, begin, batch);
    const Tensor outputs = model(part.x);
    out.classes = outputs.size(-1);
    append(out.guesses, argmax(outputs, -1).to_vector<int64_t>());
    append(out.truths, part.y.to_vector<int64_t>());
    for (size_t i = static_cast<size_t>(begin); i < out.truths.size(); ++i) {
      if (out.truths[i] >= 0 && out.truths[i] < out.classes) continue;
      throw IndexError("evaluate", fmt::format("sample {} is of class {}, the model knows {}", i,
                                               out.truths[i], out.classes));
    }
  }
  return out;
}

HeldOut cut(std::shared_ptr<const Dataset> train_set, const SupervisedConfig& config) {
  require_part("Supervised", train_set != nullptr, "a training set");
  if (config.holdout != 0 && config.sampler.order) {
    throw ValueError("Supervised", "both a sampler and a share held out");
  }
  return hold_out(std::move(train_set), config.holdout, config.seed);
}

}  // namespace

Supervised::Supervised(nn::Module& model, std::unique_ptr<Optimizer> optimizer,
                       std::shared_ptr<const Dataset> train_set,
                       std::shared_ptr<const Dataset> test_set, SupervisedConfig config)
    : Supervised(model, std::move(optimizer), cut(std::move(train_set), config),
                 std::move(test_set), config) {}

Supervised::Supervised(nn::Module& model, std::unique_ptr<Optimizer> optimizer, HeldOut train_sets,
                       std::shared_ptr<const Dataset> test_set, SupervisedConfig config)
    : model_(model),
      optimizer_(std::move(optimizer)),
      test_set_(std::move(test_set)),
      held_out_(std::move(train_sets.held)),
      config_(std::move(config)),
      loader_(std::move(train_sets.rest), {.batch = config_.batch,
                                           .shuffle = !config_.sampler.order,
                                           .seed = config_.seed,
                                           .transform = config_.transform,
                                           .sampler = config_.sampler}) {
  require_part("Supervised", optimizer_ != nullptr, "an optimiser");
  require_part("Supervised", test_set_ != nullptr, "a test set");
  if (test_set_->size() < 1) throw ValueError("Supervised", "the test set has no sample");
  require_part("Supervised", config_.loss != nullptr, "a loss");
  require_part("Supervised", config_.schedule != nullptr, "a schedule of the learning rate");
  check_metric_name(config_.metric_name);
}

void Supervised::seek(int64_t epoch, int64_t batch) {
  loader_.set_state({.seed = config_.seed, .epoch = epoch, .position = batch});
}

void Supervised::next_batch() {
  const Batch* batch = loader_.next();
  if (!batch) throw ValueError("next_batch", "the epoch has no further batch", "seek() first");
  batch_ = *batch;
}

Tensor Supervised::loss() { return config_.loss(model_(batch_.x), batch_.y); }

double Supervised::learning_rate(int64_t step, int64_t total) const {
  if (total != scheduled_total_) {
    schedule_ = config_.schedule(total);
    scheduled_total_ = total;
  }
  return schedule_(step);
}

std::string Supervised::label(int64_t number) const {
  const auto i = static_cast<size_t>(number);
  return i < config_.labels.size() ? config_.labels[i] : std::to_string(number);
}

std::vector<Answer> Supervised::answers(int64_t count) {
  std::vector<int64_t> indices(static_cast<size_t>(std::min(count, test_set_->size())));
  std::iota(indices.begin(), indices.end(), 0);
  const Batch batch = test_set_->get(indices);
  if (batch.x.rank() != 4 || (batch.x.size(3) != 1 && batch.x.size(3) != 3)) return {};
  const auto guesses = argmax(model_(batch.x), -1).to_vector<int64_t>();
  const auto truths = batch.y.to_vector<int64_t>();
  std::vector<Answer> out;
  for (size_t i = 0; i < guesses.size(); ++i) {
    out.push_back({.seen = select(batch.x, 0, static_cast<int64_t>(i)),
                   .answer = label(guesses[i]),
                   .truth = label(truths[i])});
  }
  return out;
}

double Supervised::mean_of(const Dataset& samples, const BatchMean& value) {
  int64_t done = 0;
  return mean_over(samples, [&](const Batch& b) {
    tell({.done = done, .all = samples.size()});
    done += b.size();
    return value(model_(b.x), b.y);
  });
}

Metric Supervised::evaluate() {
  if (config_.metric) {
    return {config_.metric_name, mean_of(*test_set_, config_.metric), test_set_->size()};
  }
  const Guesses g = guess(model_, *test_set_, kEvaluationBatch,
                          [&](int64_t done) { tell({.done = done, .all = test_set_->size()}); });
  Metric metric{"accuracy", g.share_right(), test_set_->size()};
  if (g.classes > kMostConfused) return metric;
  const auto n = static_cast<size_t>(g.classes);
  for (int64_t i = 0; i < g.classes; ++i) metric.confusion.labels.push_back(label(i));
  metric.confusion.counts.resize(n * n);
  for (size_t i = 0; i < g.guesses.size(); ++i) {
    ++metric.confusion
          .counts[static_cast<size_t>(g.truths[i]) * n + static_cast<size_t>(g.guesses[i])];
  }
  return metric;
}

std::optional<double> Supervised::validate() {
  if (!held_out_) return std::nullopt;
  return mean_of(*held_out_, config_.loss);
}

double mean_over(const Dataset& samples, const std::function<Tensor(const Batch&)>& mean,
                 int64_t batch) {
  double sum = 0;
  for (int64_t begin = 0; begin < samples.size(); begin += batch) {
    const Batch part = rows(samples, begin, batch);
    sum += mean(part).item<double>() * static_cast<double>(part.size());
  }
  return sum / static_cast<double>(samples.size());
}

double accuracy(nn::Module& model, const Dataset& samples, int64_t batch) {
  return guess(model, samples, batch, [](int64_t) {}).share_right();
}

}  // namespace strata::train
