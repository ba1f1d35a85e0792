#include "recipes/shared/digit_judge.h"

#include <algorithm>
#include <numeric>
#include <vector>

#include "models/vision/lenet.h"
#include "recipes/shared/digits.h"
#include "strata/base/generator_scope.h"
#include "strata/ops/arithmetic.h"
#include "strata/ops/creation.h"
#include "strata/ops/extremes.h"
#include "strata/ops/joining.h"
#include "strata/ops/select.h"
#include "strata/ops/views.h"
#include "strata/tape/grad_mode.h"
#include "strata/train/fit.h"

namespace strata::recipes {
namespace {

constexpr int64_t kLookBatch = 500, kNoisePictures = 2000;

class EachStep final : public train::FitObserver {
 public:
  explicit EachStep(const std::function<void()>& call) : call_(call) {}
  void stepped(const train::Progress&) override {
    if (call_) call_();
  }

 private:
  const std::function<void()>& call_;
};

/// As `strata train lenet5` trains it.
std::unique_ptr<nn::Module> trained_lenet(const Source& source,
                                          const std::function<void()>& between) {
  const GeneratorScope own(Generator(0));
  const GradMode recording(true);
  const Recipe& recipe = find_recipe("lenet5");
  const Settings settings = recipe.settings();
  std::unique_ptr<nn::Module> lenet = recipe.model(settings);
  const auto training = recipe.training(*lenet, settings, {.data = source.data, .seed = 0});
  EachStep observer(between);
  train::fit(*training, {.epochs = recipe.epochs, .evaluate_each_epoch = false}, &observer);
  lenet->eval();
  return lenet;
}

Tensor all_pictures(const Dataset& data) {
  std::vector<int64_t> indices(static_cast<size_t>(data.size()));
  std::iota(indices.begin(), indices.end(), 0);
  return data.get(indices).x;
}

/// Normal noise around grey, cut to what a picture can show.
Tensor noise_pictures() {
  Generator generator(0);
  return clamp(randn({kNoisePictures, 28, 28, 1}, 0.5, 0.5, DType::f32, kCpu, generator), 0, 1);
}

}  // namespace

DigitJudge::DigitJudge(const Source& source, const std::function<void()>& between)
    : lenet_(trained_lenet(source, between)) {
  real_ = train::gaussian_of(look(all_pictures(*digits(source, Split::test))).features);
  of_noise_ = train::frechet_distance(real_, train::gaussian_of(look(noise_pictures()).features));
}

DigitJudge::Seen DigitJudge::look(const Tensor& pictures) {
  const NoGrad no_grad;
  std::vector<Tensor> features, digits;
  for (int64_t at = 0; at < pictures.size(0); at += kLookBatch) {
    auto& l = dynamic_cast<models::LeNet5&>(*lenet_);
    const Tensor x = l.pool2(l.conv2(l.pool1(l.conv1(slice(pictures, 0, at, at + kLookBatch)))));
    features.push_back(l.fc2(l.fc1(l.flatten(x))));
    digits.push_back(argmax(l.fc3(features.back()), -1));
  }
  return {concat(features), concat(digits)};
}

DigitVerdict DigitJudge::operator()(const Tensor& pictures) {
  const Seen seen = look(pictures);
  DigitVerdict out;
  out.distance = train::frechet_distance(real_, train::gaussian_of(seen.features));
  out.relative = out.distance / of_noise_;
  for (int64_t digit : seen.digits.to_vector<int64_t>()) {
    out.shares.at(static_cast<size_t>(digit)) += 1 / static_cast<double>(pictures.size(0));
  }
  return out;
}

}  // namespace strata::recipes
