#include "recipes/shared/digits.h"

#include <algorithm>

#include "strata/data/digits.h"
#include "strata/data/mnist.h"
#include "strata/io/image_file.h"
#include "strata/ops/softmax.h"
#include "strata/ops/views.h"
#include "strata/vision/digit.h"

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

Prediction predict_digit(nn::Module& model, const std::string& path, Outputs outputs) {
  Prediction out;
  out.seen = digit_from_photo(read_image(path, {.upright = true}));
  Tensor y = model(unsqueeze(out.seen, 0));
  if (outputs == Outputs::logits) y = softmax(y, -1);
  const auto values = y.to_vector<double>();
  double total = 0;
  for (double v : values) total += v;
  for (size_t i = 0; i < values.size(); ++i) {
    out.classes.push_back({std::to_string(i), values[i] / total});
  }
  std::stable_sort(out.classes.begin(), out.classes.end(),
                   [](const auto& a, const auto& b) { return a.probability > b.probability; });
  return out;
}

}  // namespace strata::recipes
