#include "recipes/shared/digits.h"

#include "strata/data/digits.h"
#include "strata/data/mnist.h"

namespace strata::recipes {
namespace {

constexpr int64_t kGeneratedTrain = 12000, kGeneratedTest = 2000;

}  // namespace

std::shared_ptr<const Dataset> digits(const Source& source, Split split) {
  if (!source.data.empty()) {
    return std::make_shared<TensorDataset>(load_mnist(source.data, split));
  }
  const int64_t count = split == Split::train ? kGeneratedTrain : kGeneratedTest;
  return std::make_shared<TensorDataset>(generate_digits(count, split));
}

}  // namespace strata::recipes
