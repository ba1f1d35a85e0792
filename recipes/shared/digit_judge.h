#pragma once

#include <array>
#include <cstdint>
#include <memory>

#include "recipes/recipe.h"
#include "strata/train/frechet.h"

namespace strata::recipes {

/// What a judge says of drawn digits.
struct DigitVerdict {
  double distance = 0;              ///< from the real ones, of the features' distributions (FID)
  double relative = 0;              ///< the same, divided by the distance of pure noise
  std::array<double, 10> shares{};  ///< of the pictures that are taken for each digit
};

/// Looks at drawn digits with a LeNet-5 that it trains on the same data as the recipe lenet5 does,
/// for some seconds: its 84 features of the pictures are compared with those of the test set.
/// Follows the data alone, and leaves the thread's generator as it was.
class DigitJudge {
 public:
  explicit DigitJudge(const Source& source);

  /// Pictures f32[N, 28, 28, 1] in [0, 1], at least two.
  DigitVerdict operator()(const Tensor& pictures);

 private:
  struct Seen {
    Tensor features, digits;
  };
  Seen look(const Tensor& pictures);

  std::unique_ptr<nn::Module> lenet_;
  train::Gaussian real_;
  double of_noise_ = 0;
};

}  // namespace strata::recipes
