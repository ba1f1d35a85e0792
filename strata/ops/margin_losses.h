#pragma once

#include <functional>

#include "strata/ops/losses.h"
#include "strata/tensor/tensor.h"

namespace strata {

// Losses that ask for a margin, as those of torch.nn.functional, made of other ops. `sign` is a
// tensor of 1 and -1 that says which of two cases an element is. All throw DTypeError for an x (a,
// anchor) of integers and ShapeError where shapes do not broadcast.

/// x where sign is 1, max(0, margin - x) where it is -1.
Tensor hinge_embedding_loss(const Tensor& x, const Tensor& sign, double margin = 1,
                            Reduction reduction = Reduction::mean);

/// max(0, margin - sign (a - b)). Throws ShapeError unless all three have one rank: of [n, 1]
/// against [n] it would be the loss of all pairs.
Tensor margin_ranking_loss(const Tensor& a, const Tensor& b, const Tensor& sign, double margin = 0,
                           Reduction reduction = Reduction::mean);

/// log(1 + e^(-sign x)), without overflow, where PyTorch gives inf from about x = -89 on.
Tensor soft_margin_loss(const Tensor& x, const Tensor& sign, Reduction reduction = Reduction::mean);

/// 1 - cos(a, b) along the last axis where sign is 1, max(0, cos(a, b) - margin) where it is -1: of
/// rows [n, width] with a sign [n], or of vectors [width] with a scalar sign. Throws ShapeError for
/// other ranks.
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
/// ValueError for another p; ShapeError for a target or weight of another shape and for no classes;
/// IndexError for a class that does not exist.
Tensor multi_margin_loss(const Tensor& x, const Tensor& target,
                         const MultiMarginOptions& options = {});

/// For rows with several classes: the sum over those classes t and all others j of max(0, 1 - x[t]
/// + x[j]), over the number of classes. x and `target` are [classes] or [n, classes]; a row of the
/// target holds class numbers up to its first -1. Losses of each row. It takes memory for rows *
/// the most classes of one * classes. Throws ShapeError, DTypeError where the target is not of
/// integers, IndexError for a class that does not exist, behind a -1 too.
Tensor multilabel_margin_loss(const Tensor& x, const Tensor& target,
                              Reduction reduction = Reduction::mean);

/// The mean over the last axis, the classes, of the elements of bce_with_logits(x, target), weighed
/// by `weight` if that is defined. Losses of each row. Throws ShapeError for an x of rank 0.
Tensor multilabel_soft_margin_loss(const Tensor& x, const Tensor& target, const Tensor& weight = {},
                                   Reduction reduction = Reduction::mean);

struct TripletMarginOptions {
  double margin = 1;
  double p = 2;       ///< of the distance
  double eps = 1e-6;  ///< added to each difference
  bool swap = false;  ///< the negative's distance is the smaller of those to anchor and positive
  Reduction reduction = Reduction::mean;
};

/// max(0, margin + |anchor - positive| - |anchor - negative|), distances along the last axis
/// (Balntas et al., "Learning shallow convolutional feature descriptors with triplet losses",
/// 2016). Throws ShapeError unless all three have one rank, ValueError unless the margin is above
/// 0.
Tensor triplet_margin_loss(const Tensor& anchor, const Tensor& positive, const Tensor& negative,
                           const TripletMarginOptions& options = {});

struct TripletDistanceOptions {
  double margin = 1;
  bool swap = false;  ///< as in TripletMarginOptions
  Reduction reduction = Reduction::mean;
};

/// The same with a distance of one's own. Throws ValueError for an empty function too.
///
///   triplet_margin_with_distance_loss(a, p, n, [](const Tensor& x, const Tensor& y) {
///     return 1 - cosine_similarity(x, y);
///   });
Tensor triplet_margin_with_distance_loss(
    const Tensor& anchor, const Tensor& positive, const Tensor& negative,
    const std::function<Tensor(const Tensor&, const Tensor&)>& distance,
    const TripletDistanceOptions& options = {});

}  // namespace strata
