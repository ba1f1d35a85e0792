#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "strata/nn/module.h"
#include "strata/optim/ema.h"
#include "strata/optim/optimizer.h"

namespace strata::train {

/// What a run is judged by, on data it did not train on.
struct Metric {
  std::string name;  ///< "accuracy", "perplexity"
  double value = 0;  ///< accuracies are fractions
  int64_t samples = 0;
  std::map<std::string, double> details = {};  ///< what else was found on the way
};

/// What a model makes of one sample.
struct Answer {
  Tensor seen;         ///< f32[H, W, C] in [0, 1]
  std::string answer;  ///< the class it says
  std::string truth;
};

/// One training as fit() sees it: a model, its optimiser, batches in an order that follows seed and
/// epoch alone, a loss, a learning rate and a metric. Recipes implement it.
class Training {
 public:
  virtual ~Training() = default;

  virtual nn::Module& model() = 0;
  virtual Optimizer& optimizer() = 0;
  /// Averages of the model's parameters, which fit() updates after each step, evaluates and keeps
  /// as the run's weights; null where a training has none.
  virtual EMA* averages() { return nullptr; }

  virtual int64_t batches_per_epoch() const = 0;
  /// Makes batch number `batch` of `epoch` (both from 0) the next one.
  virtual void seek(int64_t epoch, int64_t batch) = 0;
  /// Takes the next batch; loss() is about this one until the next call.
  virtual void next_batch() = 0;
  /// The scalar loss of the current batch, recorded for backward.
  virtual Tensor loss() = 0;

  /// Learning rate of step `step` (from 0) of `total`.
  virtual double learning_rate(int64_t step, int64_t total) const = 0;

  /// Norm that a step's gradients are scaled down to; 0 leaves them as they are. FitOptions may ask
  /// for another.
  virtual double clip_norm() const { return 0; }

  /// Some samples that the training has not seen, with the model's answers, for people to look at;
  /// fewer than `count`, or none, where there is nothing to see. Called as evaluate() is.
  virtual std::vector<Answer> answers(int64_t /*count*/) { return {}; }

  /// The metric of the model as it is now. Called in evaluation mode, without gradients.
  virtual Metric evaluate() = 0;
};

}  // namespace strata::train
