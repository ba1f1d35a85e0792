#include "strata/ops/dropout.h"

#include "strata/opcases/op_case.h"

namespace strata::opcases {

namespace {

using Drop = Tensor (*)(const Tensor&, double, bool, Generator&);

/// PyTorch draws other numbers: the tests compare with the rule instead.
OpCase with(std::string name, Shape shape, double p, Drop drop) {
  return {.name = std::move(name),
          .inputs = {{.shape = shape}},
          .run =
              [=](auto in) {
                Generator generator(7);  // the same choice at every call
                return std::vector{drop(in[0], p, true, generator)};
              },
          .golden = false};
}

}  // namespace

std::vector<OpCase> dropout_cases() {
  return {
      with("dropout", {5, 7}, 0.3, dropout),
      with("dropout/all", {3, 2}, 1, dropout),
      with("dropout1d", {3, 2, 5}, 0.4, dropout1d),
      with("dropout2d", {2, 3, 2, 5}, 0.3, dropout2d),
      with("dropout2d/all", {1, 2, 2, 3}, 1, dropout2d),
      with("dropout3d", {2, 2, 1, 3, 4}, 0.5, dropout3d),
      with("alpha_dropout", {5, 7}, 0.3, alpha_dropout),
      with("alpha_dropout/all", {3, 2}, 1, alpha_dropout),
      with("feature_alpha_dropout", {3, 4, 5}, 0.3, feature_alpha_dropout),
  };
}

}  // namespace strata::opcases
