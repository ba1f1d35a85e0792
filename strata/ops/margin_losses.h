#pragma once

#include "strata/ops/losses.h"
#include "strata/tensor/tensor.h"

namespace strata {

// Losses that ask for a margin, as those of torch.nn.functional, made of other ops. `sign` is a
// tensor of 1 and -1 that says which of two cases an element is. All throw DTypeError for integers
// and ShapeError where shapes do not broadcast.

/// x where sign is 1, max(0, margin - x) where it is -1.
Tensor hinge_embedding_loss(const Tensor& x, const Tensor& sign, double margin = 1,
                            Reduction reduction = Reduction::mean);

/// max(0, margin - sign (a - b)).
Tensor margin_ranking_loss(const Tensor& a, const Tensor& b, const Tensor& sign, double margin = 0,
                           Reduction reduction = Reduction::mean);

/// 1 - cos(a, b) along the last axis where sign is 1, max(0, cos(a, b) - margin) where it is -1.
Tensor cosine_embedding_loss(const Tensor& a, const Tensor& b, const Tensor& sign,
                             double margin = 0, Reduction reduction = Reduction::mean);

struct MultiMarginOptions {
  int p = 1;  ///< 1 or 2: the power of each excess
  double margin = 1;
  Tensor weight = {};  ///< [classes]: weighs the rows by their class; none if undefined
  Reduction reduction = Reduction::mean;
};

/// The mean over all classes j of max(0, margin - x[target] + x[j])^p without j = target, along the
/// last axis. `target` holds class numbers and has the shape of x without that axis. Throws
/// ValueError for another p, ShapeError, IndexError for a class that does not exist.
Tensor multi_margin_loss(const Tensor& x, const Tensor& target,
                         const MultiMarginOptions& options = {});

struct TripletMarginOptions {
  double margin = 1;
  double p = 2;       ///< of the distance
  double eps = 1e-6;  ///< added to each difference
  bool swap = false;  ///< the negative's distance is the smaller of those to anchor and positive
  Reduction reduction = Reduction::mean;
};

/// max(0, margin + |anchor - positive| - |anchor - negative|), distances along the last axis
/// (Balntas et al., "Learning shallow convolutional feature descriptors with triplet losses",
/// 2016).
Tensor triplet_margin_loss(const Tensor& anchor, const Tensor& positive, const Tensor& negative,
                           const TripletMarginOptions& options = {});

}  // namespace strata
