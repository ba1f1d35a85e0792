#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "strata/data/loader.h"
#include "strata/optim/schedules.h"
#include "strata/train/training.h"

namespace strata::train {

struct SupervisedConfig {
  int64_t batch = 64;
  uint64_t seed = 0;   ///< of the order of the samples
  double holdout = 0;  ///< share of the training set that validate() judges by instead
  std::function<Tensor(const Tensor& output, const Tensor& target)> loss;
  /// Learning rate over a run of `total` steps.
  std::function<Schedule(int64_t total)> schedule;
  Transform transform = {};  ///< of training batches, for instance to augment them
  double clip_norm = 0;      ///< see Training::clip_norm
  Sampler sampler = {};      ///< of the training set, see LoaderConfig; not with `holdout`
  std::vector<std::string> labels = {};  ///< of the classes; their numbers where left out
  /// The mean over the test set of `metric`, a mean over a batch itself, is what a run is judged
  /// by; where left out, accuracy.
  std::string metric_name = {};
  std::function<Tensor(const Tensor& output, const Tensor& target)> metric = {};
};

/// Learning from inputs and targets: shuffled batches, a loss between the model's output and the
/// target, a metric on the test set: accuracy (the share of samples whose largest output is the
/// target) or the config's own.
class Supervised final : public Training {
 public:
  /// The model must outlive it. Throws ValueError for a sampler besides a share to hold out, where
  /// the optimiser, a data set, the loss or the schedule is missing, for a test set without a
  /// sample, and for a metric that is named as another column of the log.
  Supervised(nn::Module& model, std::unique_ptr<Optimizer> optimizer,
             std::shared_ptr<const Dataset> train_set, std::shared_ptr<const Dataset> test_set,
             SupervisedConfig config);

  nn::Module& model() override { return model_; }
  Optimizer& optimizer() override { return *optimizer_; }
  int64_t batches_per_epoch() const override { return loader_.size(); }
  void seek(int64_t epoch, int64_t batch) override;
  void next_batch() override;
  Tensor loss() override;
  int64_t batch_samples() const override { return batch_.size(); }
  double learning_rate(int64_t step, int64_t total) const override;
  double clip_norm() const override { return config_.clip_norm; }
  /// For inputs that are pictures f32[N, H, W, C] with C = 1 or 3; values are shown as they are.
  std::vector<Answer> answers(int64_t count) override;
  /// Throws IndexError for a class that the model has no output for.
  Metric evaluate() override;
  bool holds_out() const override { return held_out_ != nullptr; }
  std::optional<double> validate() override;

 private:
  Supervised(nn::Module& model, std::unique_ptr<Optimizer> optimizer, HeldOut train_sets,
             std::shared_ptr<const Dataset> test_set, SupervisedConfig config);
  std::string label(int64_t number) const;
  using BatchMean = std::function<Tensor(const Tensor& output, const Tensor& target)>;
  double mean_of(const Dataset& samples, const BatchMean& value);

  nn::Module& model_;
  std::unique_ptr<Optimizer> optimizer_;
  std::shared_ptr<const Dataset> test_set_, held_out_;
  SupervisedConfig config_;
  DataLoader loader_;
  Batch batch_;
  mutable int64_t scheduled_total_ = -1;
  mutable Schedule schedule_;
};

/// The mean over a data set of what `mean` gives of each batch of it, a mean itself; NaN where it
/// has no sample. Throws ValueError for a batch below 1.
double mean_over(const Dataset& samples, const std::function<Tensor(const Batch&)>& mean,
                 int64_t batch = 1000);

/// Share of samples whose largest output along the last axis is their class; NaN where there is no
/// sample. Throws as mean_over; IndexError for a class that the model has no output for.
double accuracy(nn::Module& model, const Dataset& samples, int64_t batch = 1000);

}  // namespace strata::train
