#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>

#include "strata/data/text_windows.h"
#include "strata/optim/schedules.h"
#include "strata/train/training.h"

namespace strata::train {

struct TextTrainingConfig {
  TextWindowsConfig windows = {};
  double holdout = 0;  ///< share of the training text, its end, that validate() judges by instead
  double clip_norm = 1;
  /// Learning rate over a run of `total` steps.
  std::function<Schedule(int64_t total)> schedule;
  /// Logits f32[N, T, symbols] of the number that follows each of i64[N, T]; undefined: the model's
  /// call with one input.
  std::function<Tensor(const Tensor& ids)> logits = {};
  /// The metric on a text kept apart, the lower the better, which tells now and then how many
  /// numbers are done; undefined: nats_per_symbol of `logits` in windows of the training's length.
  std::function<Metric(const Tensor& ids, const std::function<void(int64_t done)>& told)> evaluate =
      {};
};

/// Learning to tell what follows: windows at random places of a text of numbers, cross-entropy of
/// each next one.
class TextTraining final : public Training {
 public:
  /// The model must outlive it. `train` and `test` are i64[n]. Throws as TextWindows; ValueError
  /// for a share outside of [0, 1) and for one of fewer than two numbers, where the optimiser, the
  /// test text or the schedule is missing, and for a test text of fewer than two numbers that the
  /// config has no metric for.
  TextTraining(nn::Module& model, std::unique_ptr<Optimizer> optimizer, const Tensor& train,
               Tensor test, TextTrainingConfig config);

  nn::Module& model() override { return model_; }
  Optimizer& optimizer() override { return *optimizer_; }
  int64_t batches_per_epoch() const override { return windows_.batches_per_epoch(); }
  void seek(int64_t epoch, int64_t batch) override;
  void next_batch() override;
  Tensor loss() override;
  int64_t batch_samples() const override { return batch_.size(); }
  double learning_rate(int64_t step, int64_t total) const override;
  double clip_norm() const override { return config_.clip_norm; }
  Metric evaluate() override { return judge(test_); }
  bool holds_out() const override { return held_out_.defined(); }
  std::optional<double> validate() override;

 private:
  Metric judge(const Tensor& ids) const;

  nn::Module& model_;
  std::unique_ptr<Optimizer> optimizer_;
  TextWindows windows_;
  Tensor test_, held_out_;
  TextTrainingConfig config_;
  int64_t epoch_ = 0, next_ = 0;
  Batch batch_;
  mutable int64_t scheduled_total_ = -1;
  mutable Schedule schedule_;
};

/// Mean cross-entropy in nats of every number of `ids`, i64[n], but the first, in consecutive
/// windows of `length` that know nothing of each other.
double nats_per_symbol(const std::function<Tensor(const Tensor& ids)>& logits, const Tensor& ids,
                       int64_t length, int64_t batch = 32);

}  // namespace strata::train
