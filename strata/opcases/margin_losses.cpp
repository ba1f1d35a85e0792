#include "strata/ops/margin_losses.h"

#include <utility>

#include "strata/opcases/op_case.h"
#include "strata/ops/arithmetic.h"
#include "strata/ops/distances.h"
#include "strata/ops/select.h"

namespace strata::opcases {
namespace {

const Input kX = {.shape = {4, 6}, .low = -3, .high = 3};
const Input kBits = {.shape = {4}, .low = 0, .high = 2, .integer = true};
const Input kClasses = {.shape = {4}, .low = 0, .high = 6, .integer = true};

/// 1 or -1 of bits.
Tensor sign_of(const Tensor& bits) { return bits * 2 - 1; }

OpCase loss(const char* name, std::vector<Input> inputs,
            std::function<Tensor(std::span<const Tensor>)> run) {
  return {.name = name, .inputs = std::move(inputs), .run = [run = std::move(run)](auto in) {
            return std::vector{run(in)};
          }};
}

}  // namespace

std::vector<OpCase> margin_losses_cases() {
  const Input bits = {.shape = {4, 6}, .low = 0, .high = 2, .integer = true};
  const Input labels = {.shape = {4, 6}, .low = 0, .high = 7, .integer = true};
  const Input row = {.shape = {6}, .low = -3, .high = 3};
  const Input share = {.shape = {4, 6}, .low = 0.05, .high = 0.95};
  const Input weight = {.shape = {6}, .low = 0.5, .high = 2, .grad = false};
  return {
      loss("hinge_embedding_loss", {kX, bits},
           [](auto in) { return hinge_embedding_loss(in[0], sign_of(in[1]), 1.25); }),
      loss("margin_ranking_loss", {kX, kX, bits},
           [](auto in) {
             return margin_ranking_loss(in[0], in[1], sign_of(in[2]), 0.3, Reduction::sum);
           }),
      loss("cosine_embedding_loss", {kX, kX, kBits},
           [](auto in) {
             return cosine_embedding_loss(in[0], in[1], sign_of(in[2]), -0.5, Reduction::none);
           }),
      loss("multi_margin_loss", {kX, kClasses},
           [](auto in) { return multi_margin_loss(in[0], in[1]); }),
      loss("multi_margin_loss/square", {kX, kClasses, weight},
           [](auto in) {
             return multi_margin_loss(
                 in[0], in[1],
                 {.p = 2, .margin = 0.7, .weight = in[2], .reduction = Reduction::none});
           }),
      loss("triplet_margin_loss", {kX, kX, kX},
           [](auto in) { return triplet_margin_loss(in[0], in[1], in[2], {.margin = 2}); }),
      loss("triplet_margin_loss/swap", {kX, kX, kX},
           [](auto in) {
             return triplet_margin_loss(
                 in[0], in[1], in[2],
                 {.margin = 5, .p = 1, .swap = true, .reduction = Reduction::none});
           }),
      loss("triplet_margin_with_distance_loss", {kX, kX, kX},
           [](auto in) {
             return triplet_margin_with_distance_loss(
                 in[0], in[1], in[2],
                 [](const Tensor& a, const Tensor& b) { return 1 - cosine_similarity(a, b); },
                 {.margin = 0.7, .swap = true, .reduction = Reduction::sum});
           }),
      loss("soft_margin_loss", {kX, bits},
           [](auto in) { return soft_margin_loss(in[0], sign_of(in[1])); }),
      loss("soft_margin_loss/none", {kX, bits},
           [](auto in) { return soft_margin_loss(in[0], sign_of(in[1]), Reduction::none); }),
      loss("multilabel_margin_loss", {kX, labels},
           [](auto in) { return multilabel_margin_loss(in[0], in[1] - 1); }),
      loss("multilabel_margin_loss/row",
           {row, {.shape = {6}, .low = 0, .high = 7, .integer = true}},
           [](auto in) { return multilabel_margin_loss(in[0], in[1] - 1, Reduction::none); }),
      loss(
          "multilabel_margin_loss/few",
          {kX, {.shape = {4, 6}, .low = -4, .high = 6, .integer = true}},
          [](auto in) { return multilabel_margin_loss(in[0], clamp(in[1], -1), Reduction::none); }),
      loss("multilabel_soft_margin_loss", {kX, bits},
           [](auto in) { return multilabel_soft_margin_loss(in[0], in[1]); }),
      loss("multilabel_soft_margin_loss/weight", {kX, share, weight},
           [](auto in) {
             return multilabel_soft_margin_loss(in[0], in[1], in[2], Reduction::none);
           }),
      loss("cosine_similarity", {kX, {.shape = {6}, .low = -3, .high = 3}},
           [](auto in) { return cosine_similarity(in[0], in[1]); }),
      loss("cosine_similarity/axis0", {kX, kX},
           [](auto in) { return cosine_similarity(in[0], in[1], 0); }),
      loss("pairwise_distance", {kX, kX},
           [](auto in) { return pairwise_distance(in[0], in[1], 2, 1e-6, true); }),
      loss("pairwise_distance/p3", {kX, kX},
           [](auto in) { return pairwise_distance(in[0], in[1], 3); }),
  };
}

}  // namespace strata::opcases
