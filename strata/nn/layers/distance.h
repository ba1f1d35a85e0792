#pragma once

#include "strata/nn/module.h"

namespace strata::nn {

struct CosineSimilarityConfig {
  int axis = -1;      ///< it disappears; PyTorch's dim, there 1 unless said
  double eps = 1e-8;  ///< least length of a vector
};

/// The cosine of the angle between vectors of a and b; see cosine_similarity.
class CosineSimilarity final : public Module {
 public:
  explicit CosineSimilarity(const CosineSimilarityConfig& config = {}) : config_(config) {}
  std::string type() const override { return "CosineSimilarity"; }
  Tensor operator()(const Tensor& a, const Tensor& b);
  const CosineSimilarityConfig& config() const { return config_; }

 private:
  CosineSimilarityConfig config_;
};

struct PairwiseDistanceConfig {
  double p = 2;
  double eps = 1e-6;  ///< added to each difference
  bool keep = false;  ///< the last axis stays, of size 1
};

/// The p-norm of a - b along the last axis; see pairwise_distance.
class PairwiseDistance final : public Module {
 public:
  explicit PairwiseDistance(const PairwiseDistanceConfig& config = {}) : config_(config) {}
  std::string type() const override { return "PairwiseDistance"; }
  Tensor operator()(const Tensor& a, const Tensor& b);
  const PairwiseDistanceConfig& config() const { return config_; }

 private:
  PairwiseDistanceConfig config_;
};

}  // namespace strata::nn
