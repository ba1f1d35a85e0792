#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "strata/base/error.h"
#include "strata/nn/module.h"
#include "strata/optim/ema.h"
#include "strata/optim/optimizer.h"
#include "strata/optim/plateau.h"

namespace strata::train {

/// What a classifier said of samples of each class.
struct Confusion {
  std::vector<std::string> labels = {};
  std::vector<int64_t> counts = {};  ///< [truth * labels.size() + guess]
};

/// What a run is judged by, on data it did not train on.
struct Metric {
  std::string name;  ///< "accuracy", "perplexity"
  double value = 0;  ///< accuracies are fractions
  int64_t samples = 0;
  std::map<std::string, double> details = {};  ///< what else was found on the way
  Confusion confusion = {};                    ///< of classifiers with up to a hundred classes
};

/// What a model makes of one sample.
struct Answer {
  Tensor seen;         ///< f32[H, W, C] in [0, 1]
  std::string answer;  ///< the class it says
  std::string truth;
};

/// How far an evaluation is.
struct Judging {
  int64_t done = 0, all = 0;
  const char* what = "samples";  ///< that are counted
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
  /// Watches what validate() gives, or the epoch's mean loss, and reduces the learning rate; null
  /// where a training has none.
  virtual Plateau* plateau() { return nullptr; }

  virtual int64_t batches_per_epoch() const = 0;
  /// Makes batch number `batch` of `epoch` (both from 0) the next one.
  virtual void seek(int64_t epoch, int64_t batch) = 0;
  /// Takes the next batch; loss() is about this one until the next call.
  virtual void next_batch() = 0;
  /// The scalar loss of the current batch, recorded for backward.
  virtual Tensor loss() = 0;
  /// Samples in the current batch, over which loss() is a mean: what gathered gradients of several
  /// batches are weighted by.
  virtual int64_t batch_samples() const { return 1; }

  /// Learning rate of step `step` (from 0) of `total`, for the optimiser's first group. The others
  /// keep the proportion to it of Optimizer::initial_lr.
  virtual double learning_rate(int64_t step, int64_t total) const = 0;

  /// Norm that a step's gradients are scaled down to; 0 leaves them as they are. FitOptions may ask
  /// for another.
  virtual double clip_norm() const { return 0; }

  /// Some samples that the training has not seen, with the model's answers, for people to look at;
  /// fewer than `count`, or none, where there is nothing to see. Called as evaluate() is.
  virtual std::vector<Answer> answers(int64_t /*count*/) { return {}; }

  /// Whether samples were held out of the training set, for validate().
  virtual bool holds_out() const { return false; }
  /// The loss on the samples held out, by which it is decided when to stop; nothing where none
  /// were. Called as evaluate() is.
  virtual std::optional<double> validate() { return std::nullopt; }

  /// The metric of the model as it is now. Called in evaluation mode, without gradients.
  virtual Metric evaluate() = 0;

  /// Has evaluate() and validate() tell how far they are, as far as a training does so; where
  /// `progress` says not to go on they throw Cancelled.
  void watch_judging(std::function<bool(const Judging&)> progress) {
    judging_ = std::move(progress);
  }

 protected:
  /// For evaluate() and validate(), before each part of their work.
  void tell(const Judging& judging) const {
    if (judging_ && !judging_(judging)) throw Cancelled("evaluate", "stopped before its end");
  }

 private:
  std::function<bool(const Judging&)> judging_;
};

}  // namespace strata::train
