#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <vector>

#include "strata/base/random.h"
#include "strata/data/dataset.h"

namespace strata {

/// Which samples an epoch visits, and in which order. The generator's numbers depend on the
/// loader's seed and the epoch alone, so that a loader with a sampler resumes as any other.
struct Sampler {
  int64_t count = 0;  ///< samples an epoch
  std::function<std::vector<int64_t>(Generator&)> order = {};
};

/// Give LoaderConfig::sampler one of these, after torch.utils.data.
namespace samplers {

/// `count` samples (0: as many as weights), each drawn in proportion to its weight: again and again
/// (replacement), or each at most once (Efraimidis and Spirakis 2006). Throws ValueError for
/// weights that are negative, not finite or all 0, and without replacement for fewer weights above
/// 0 than samples.
Sampler weighted(std::vector<double> weights, int64_t count = 0, bool replacement = true);

/// `count` samples (0: as many as labels) with each class as often as any other on average. Throws
/// ValueError without labels.
Sampler balanced(const std::vector<int64_t>& labels, int64_t count = 0);

/// Some of the samples, in their order or shuffled. Throws ValueError for a negative index.
Sampler subset(std::vector<int64_t> indices, bool shuffle = false);

/// The part of process `rank` of `parts`: all see the same order, and each takes every parts-th
/// sample; the first ones come again where the number does not divide (DistributedSampler). Throws
/// ValueError for numbers out of range.
Sampler shard(int64_t samples, int64_t rank, int64_t parts, bool shuffle = true);

}  // namespace samplers

/// Weights for a loss that make up for classes of unequal size: n / (classes * samples of the
/// class), f32[classes]; 0 for a class without samples. Throws ValueError for a label out of range.
Tensor class_weights(const std::vector<int64_t>& labels, int64_t classes);

/// Some samples of another data set.
class Subset final : public Dataset {
 public:
  /// Throws IndexError for an index that the data set does not have.
  Subset(std::shared_ptr<const Dataset> data, std::vector<int64_t> indices);

  int64_t size() const override { return static_cast<int64_t>(indices_.size()); }
  Batch get(std::span<const int64_t> indices) const override;
  Batch draw(std::span<const int64_t> indices, Generator& random) const override;

 private:
  std::vector<int64_t> in_whole(std::span<const int64_t> indices) const;

  std::shared_ptr<const Dataset> data_;
  std::vector<int64_t> indices_;
};

/// A data set cut in two at random: a share to hold out, at least one sample, and the rest.
struct HeldOut {
  std::shared_ptr<const Dataset> rest, held;
};
/// With a share of 0, `held` is null. Throws ValueError outside of [0, 1) and for too few samples.
HeldOut hold_out(std::shared_ptr<const Dataset> data, double share, uint64_t seed);

}  // namespace strata
