#include "strata/ops/embedding_bag.h"

#include "strata/opcases/op_case.h"

namespace strata::opcases {
namespace {

OpCase rows(std::string name, BagMode mode, std::optional<int64_t> padding_idx) {
  return {.name = std::move(name),
          .inputs = {{.shape = {5, 3}}, {.shape = {4, 6}, .low = 0, .high = 5, .integer = true}},
          .run =
              [=](auto in) {
                return std::vector{
                    embedding_bag(in[0], in[1], {}, {.mode = mode, .padding_idx = padding_idx})};
              },
          // In bf16 other rows may be the largest.
          .bf16_tolerance = mode == BagMode::max ? 0 : 2e-2};
}

/// Bags of three indices, none, two, four and none.
OpCase uneven(std::string name, BagMode mode) {
  return {.name = std::move(name),
          .inputs = {{.shape = {5, 3}}, {.shape = {9}, .low = 0, .high = 5, .integer = true}},
          .run =
              [=](auto in) {
                const Tensor offsets = tensor<int64_t>({0, 3, 3, 5, 9});
                return std::vector{embedding_bag(
                    in[0], in[1], in[1].is_meta() ? empty({5}, DType::i64, kMeta) : offsets,
                    {.mode = mode, .padding_idx = -2})};
              },
          .bf16_tolerance = mode == BagMode::max ? 0 : 2e-2};
}

}  // namespace

std::vector<OpCase> embedding_bag_cases() {
  return {
      rows("embedding_bag/sum", BagMode::sum, {}),
      rows("embedding_bag/mean", BagMode::mean, {}),
      rows("embedding_bag/max", BagMode::max, {}),
      rows("embedding_bag/sum_padded", BagMode::sum, 2),
      rows("embedding_bag/mean_padded", BagMode::mean, 2),
      rows("embedding_bag/max_padded", BagMode::max, 2),
      uneven("embedding_bag/sum_uneven", BagMode::sum),
      uneven("embedding_bag/mean_uneven", BagMode::mean),
      uneven("embedding_bag/max_uneven", BagMode::max),
      {.name = "embedding_bag/weighted",
       .inputs = {{.shape = {5, 3}},
                  {.shape = {4, 6}, .low = 0, .high = 5, .integer = true},
                  {.shape = {4, 6}}},
       .run =
           [](auto in) {
             return std::vector{embedding_bag(
                 in[0], in[1], {},
                 {.mode = BagMode::sum, .per_sample_weights = in[2], .padding_idx = 1})};
           }},
  };
}

}  // namespace strata::opcases
