#include "strata/train/supervised.h"

#include <algorithm>
#include <numeric>
#include <utility>
#include <vector>

#include "strata/base/error.h"
#include "strata/ops/extremes.h"

namespace strata::train {

Supervised::Supervised(nn::Module& model, std::unique_ptr<Optimizer> optimizer,
                       std::shared_ptr<const Dataset> train_set,
                       std::shared_ptr<const Dataset> test_set, SupervisedConfig config)
    : model_(model),
      optimizer_(std::move(optimizer)),
      test_set_(std::move(test_set)),
      config_(std::move(config)),
      loader_(std::move(train_set), {.batch = config_.batch,
                                     .shuffle = true,
                                     .seed = config_.seed,
                                     .transform = config_.transform}) {}

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

Metric Supervised::evaluate() {
  return {"accuracy", accuracy(model_, *test_set_), test_set_->size()};
}

double accuracy(nn::Module& model, const Dataset& samples, int64_t batch) {
  int64_t right = 0;
  for (int64_t begin = 0; begin < samples.size(); begin += batch) {
    std::vector<int64_t> indices(static_cast<size_t>(std::min(batch, samples.size() - begin)));
    std::iota(indices.begin(), indices.end(), begin);
    const Batch part = samples.get(indices);
    const auto guesses = argmax(model(part.x), -1).to_vector<int64_t>();
    const auto labels = part.y.to_vector<int64_t>();
    for (size_t i = 0; i < labels.size(); ++i) right += guesses[i] == labels[i];
  }
  return samples.size() ? static_cast<double>(right) / static_cast<double>(samples.size()) : 0;
}

}  // namespace strata::train
