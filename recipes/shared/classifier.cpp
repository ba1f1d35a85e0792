#include "recipes/shared/classifier.h"

#include <fmt/format.h>

#include "strata/base/error.h"
#include "strata/ops/losses.h"
#include "strata/optim/schedules.h"
#include "strata/vision/augment.h"

namespace strata::recipes {
namespace {

constexpr int64_t kLeastSide = 28;  // of the pictures that recipes move: those of digits

}  // namespace

train::SupervisedConfig classifier_config(const Source& source, int64_t batch, double max_lr) {
  return {.batch = batch,
          .seed = source.seed,
          .holdout = source.holdout,
          .loss = [](const Tensor& y, const Tensor& target) { return cross_entropy(y, target); },
          .schedule =
              [max_lr](int64_t total) {
                return schedules::one_cycle({.max_lr = max_lr, .steps = total});
              }};
}

Transform random_moves(int64_t shift, double flip) {
  if (shift < 0 || shift >= kLeastSide) {
    throw ValueError("shift",
                     fmt::format("must be from 0 to {}, less than a picture's side; got {}",
                                 kLeastSide - 1, shift));
  }
  return [shift, flip](Batch b, Generator& generator) {
    if (shift) b.x = random_shift(b.x, shift, generator);
    if (flip > 0) b.x = random_flip(b.x, flip, generator);
    return b;
  };
}

}  // namespace strata::recipes
