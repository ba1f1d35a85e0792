#pragma once

#include <vector>

#include "strata/nn/layers/linear.h"
#include "strata/nn/layers/module_list.h"
#include "strata/nn/layers/sequential.h"
#include "strata/nn/module.h"

namespace strata::nn {

struct AdaptiveLogSoftmaxConfig {
  int64_t in = -1;       ///< required
  int64_t classes = -1;  ///< required
  std::vector<int64_t> cutoffs =
      {};                ///< required: where clusters begin, increasing in (0, classes)
  double div_value = 4;  ///< cluster i is seen through in / div_value^(i + 1) features
  bool head_bias = false;
};

/// A softmax over very many classes that are numbered by falling frequency (Grave et al.,
/// "Efficient softmax approximation for GPUs", 2017): the head tells the most frequent ones and
/// clusters of the others apart, and a cluster's classes are computed for the rows alone whose
/// target lies in it. PyTorch's layer of the same name, with its weights and initial values.
class AdaptiveLogSoftmaxWithLoss final : public Module {
 public:
  /// Throws ValueError for missing sizes, cutoffs out of order or range, and a div_value that is
  /// not above 0 or leaves a cluster without features.
  explicit AdaptiveLogSoftmaxWithLoss(const AdaptiveLogSoftmaxConfig& config);

  struct Result {
    Tensor output;  ///< the log-probability of each target, of the target's shape
    Tensor loss;    ///< minus its mean; a scalar
  };

  std::string type() const override { return "AdaptiveLogSoftmaxWithLoss"; }
  void members(Visitor& v) override { v("head", head)("tail", tail); }
  /// Of x [n, in] with class numbers target [n], or [in] with a scalar one. Throws ShapeError,
  /// DTypeError for a target that is not of integers, IndexError for a class that does not exist.
  Result operator()(const Tensor& x, const Tensor& target);
  /// The log-probabilities of all classes: [n, in] to [n, classes].
  Tensor log_prob(const Tensor& x);
  /// The most probable class of each row; i64[n].
  Tensor predict(const Tensor& x);
  const AdaptiveLogSoftmaxConfig& config() const { return config_; }

  Linear head;                  ///< to the first classes, then one output for each cluster
  ModuleList<Sequential> tail;  ///< of each cluster two Linear layers without bias

 private:
  int64_t shortlist() const { return config_.cutoffs.front(); }
  /// Where cluster i begins; for their count where the last one ends.
  int64_t begin_of(size_t i) const;
  Result rows(const Tensor& x, const Tensor& target);

  AdaptiveLogSoftmaxConfig config_;
};

}  // namespace strata::nn
