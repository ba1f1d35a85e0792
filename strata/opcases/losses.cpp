#include "strata/ops/losses.h"

#include "strata/opcases/op_case.h"
#include "strata/ops/softmax.h"

namespace strata::opcases {
namespace {

const Input kX = {.shape = {4, 7}, .low = -3, .high = 3};
const Input kLogits = {.shape = {2, 3, 5}, .low = -3, .high = 3};
const Input kClasses = {.shape = {2, 3}, .low = 0, .high = 5, .integer = true};
const Input kWeight = {.shape = {5}, .low = 0.5, .high = 2, .grad = false};

OpCase pair(const char* name, Tensor (*loss)(const Tensor&, const Tensor&, Reduction),
            Reduction reduction) {
  return {.name = name, .inputs = {kX, kX}, .run = [=](auto in) {
            return std::vector{loss(in[0], in[1], reduction)};
          }};
}

OpCase classes(const char* name, const CrossEntropyOptions& options, bool weighed = false) {
  OpCase c = {.name = name, .inputs = {kLogits, kClasses}, .run = [=](auto in) {
                CrossEntropyOptions o = options;
                if (weighed) o.weight = in[2];
                return std::vector{cross_entropy(in[0], in[1], o)};
              }};
  if (weighed) c.inputs.push_back(kWeight);
  return c;
}

std::vector<OpCase> cross_entropy_cases() {
  const Input probabilities = {.shape = {2, 3, 5}, .low = 0, .high = 0.4};
  return {
      classes("cross_entropy", {}),
      classes("cross_entropy/sum", {.ignore_index = 3, .reduction = Reduction::sum}),
      classes("cross_entropy/none",
              {.ignore_index = 1, .label_smoothing = 0.2, .reduction = Reduction::none}, true),
      classes("cross_entropy/smooth", {.label_smoothing = 0.1}),
      classes("cross_entropy/weight", {.ignore_index = 2}, true),
      classes("cross_entropy/weight_smooth", {.ignore_index = 2, .label_smoothing = 0.1}, true),
      {.name = "cross_entropy/probabilities",
       .inputs = {kLogits, probabilities, kWeight},
       .run =
           [](auto in) {
             return std::vector{
                 cross_entropy(in[0], in[1], {.weight = in[2], .label_smoothing = 0.1})};
           }},
      {.name = "nll_loss",
       .inputs = {kLogits, kClasses, kWeight},
       .run =
           [](auto in) {
             return std::vector{
                 nll_loss(log_softmax(in[0]), in[1], {.weight = in[2], .ignore_index = 4})};
           }},
  };
}

std::vector<OpCase> composed_cases() {
  const Input share = {.shape = {4, 7}, .low = 0.05, .high = 0.95};
  const Input element = {.shape = {7}, .low = 0.5, .high = 2, .grad = false};
  const Input variance = {.shape = {4, 7}, .low = 0.3, .high = 2};
  const auto divergence = [](const char* name, const Input& target, const KlOptions& o) -> OpCase {
    return {.name = name, .inputs = {kX, target}, .run = [o](auto in) {
              return std::vector{kl_div(in[0], in[1], o)};
            }};
  };
  const auto gaussian = [](const char* name, const Input& v,
                           const GaussianNllOptions& o) -> OpCase {
    return {.name = name, .inputs = {kX, kX, v}, .run = [o](auto in) {
              return std::vector{gaussian_nll_loss(in[0], in[1], in[2], o)};
            }};
  };
  const auto poisson = [](const char* name, const Input& x, const PoissonNllOptions& o) -> OpCase {
    return {.name = name,
            .inputs = {x, {.shape = {4, 7}, .low = 0.2, .high = 4}},
            .run = [o](auto in) { return std::vector{poisson_nll_loss(in[0], in[1], o)}; }};
  };
  return {
      {.name = "huber_loss",
       .inputs = {kX, kX},
       .run = [](auto in) { return std::vector{huber_loss(in[0], in[1], 1.5)}; }},
      {.name = "huber_loss/none",
       .inputs = {kX, kX},
       .run = [](auto in) { return std::vector{huber_loss(in[0], in[1], 0.8, Reduction::none)}; }},
      {.name = "smooth_l1_loss",
       .inputs = {kX, kX},
       .run =
           [](auto in) {
             return std::vector{smooth_l1_loss(in[0], in[1], 1.5, Reduction::sum),
                                smooth_l1_loss(in[0], in[1], 0)};
           }},
      {.name = "bce_loss",
       .inputs = {share, share},
       .run = [](auto in) { return std::vector{bce_loss(in[0], in[1])}; }},
      {.name = "bce_loss/weight",
       .inputs = {share, share, element},
       .run = [](auto in) { return std::vector{bce_loss(in[0], in[1], in[2], Reduction::sum)}; }},
      divergence("kl_div", share, {}),
      divergence("kl_div/batch_mean", share, {.batch_mean = true}),
      divergence("kl_div/log_target", kX, {.log_target = true, .reduction = Reduction::none}),
      gaussian("gaussian_nll_loss", variance, {}),
      gaussian("gaussian_nll_loss/full", {.shape = {4}, .low = 0.3, .high = 2},
               {.full = true, .reduction = Reduction::none}),
      gaussian("gaussian_nll_loss/axis", {.shape = {1, 7}, .low = 0.3, .high = 2}, {}),
      poisson("poisson_nll_loss", kX, {.full = true}),
      poisson("poisson_nll_loss/rate", share, {.log_input = false, .reduction = Reduction::sum}),
  };
}

}  // namespace

std::vector<OpCase> losses_cases() {
  const Input target = {.shape = {4, 7}, .low = 0, .high = 1};
  const Input weight = {.shape = {7}, .low = 0.5, .high = 2, .grad = false};
  std::vector<OpCase> cases = {
      pair("mse_loss", mse_loss, Reduction::mean),
      pair("mse_loss/sum", mse_loss, Reduction::sum),
      pair("mse_loss/none", mse_loss, Reduction::none),
      pair("l1_loss", l1_loss, Reduction::mean),
      pair("l1_loss/none", l1_loss, Reduction::none),
      {.name = "bce_with_logits",
       .inputs = {kX, target},
       .run = [](auto in) { return std::vector{bce_with_logits(in[0], in[1])}; }},
      {.name = "bce_with_logits/weights",
       .inputs = {kX, target, weight, weight},
       .run =
           [](auto in) {
             return std::vector{bce_with_logits(
                 in[0], in[1],
                 {.weight = in[2], .pos_weight = in[3], .reduction = Reduction::sum})};
           }},
  };
  for (OpCase& c : cross_entropy_cases()) cases.push_back(std::move(c));
  for (OpCase& c : composed_cases()) cases.push_back(std::move(c));
  return cases;
}

}  // namespace strata::opcases
