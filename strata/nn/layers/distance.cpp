#include "strata/nn/layers/distance.h"

#include "strata/ops/distances.h"

namespace strata::nn {

Tensor CosineSimilarity::operator()(const Tensor& a, const Tensor& b) {
  return observe_call(*this, [&] { return cosine_similarity(a, b, config_.axis, config_.eps); });
}

Tensor PairwiseDistance::operator()(const Tensor& a, const Tensor& b) {
  return observe_call(
      *this, [&] { return pairwise_distance(a, b, config_.p, config_.eps, config_.keep); });
}

}  // namespace strata::nn
