#pragma once

#include <cstdint>
#include <span>

#include "strata/base/random.h"
#include "strata/tensor/tensor.h"

namespace strata {

/// Which part of a data set: the one to learn from, or the one that judges.
enum class Split { train, test };

/// Some samples: row i of `x` is an input, row i of `y` its target. `y` may be undefined.
struct Batch {
  Tensor x;
  Tensor y;

  int64_t size() const { return x.size(0); }
};

/// Samples that can be asked for by number. Any number of threads may ask at once.
class Dataset {
 public:
  virtual ~Dataset() = default;
  virtual int64_t size() const = 0;
  /// The samples of those indices, in that order. Throws IndexError.
  virtual Batch get(std::span<const int64_t> indices) const = 0;
  /// The same for a training, which a DataLoader asks for: changed at random by the generator's
  /// numbers where a data set does so.
  virtual Batch draw(std::span<const int64_t> indices, Generator& /*random*/) const {
    return get(indices);
  }
};

/// Samples held in memory: the rows of one tensor, or of two of equal length.
class TensorDataset final : public Dataset {
 public:
  /// Throws ShapeError for tensors of rank 0 and different lengths.
  explicit TensorDataset(Tensor x, Tensor y = {});
  /// Keeps x, u8, as bytes: a quarter of the memory, and of the time to fetch it. Batches hold
  /// x / 255 as f32. Throws DTypeError, and as above.
  static TensorDataset of_bytes(Tensor x, Tensor y = {});

  int64_t size() const override { return x_.size(0); }
  Batch get(std::span<const int64_t> indices) const override;
  /// All samples as one batch.
  Batch all() const;

 private:
  Tensor x_;
  Tensor y_;
  bool to_unit_ = false;
};

}  // namespace strata
