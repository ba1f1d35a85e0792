#pragma once

#include <array>
#include <cstdint>
#include <functional>
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
  /// `between` is called before each step of the LeNet-5; what it throws ends the training.
  explicit DigitJudge(const Source& source, const std::function<void()>& between = {});

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
