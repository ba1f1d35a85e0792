#include "strata/ops/unpool.h"

#include "strata/opcases/op_case.h"

namespace strata::opcases {
namespace {

/// A pooling and its way back, as SegNet has them.
OpCase there_and_back(std::string name, Pool2dOptions pool, Size2 size) {
  return {.name = std::move(name),
          .inputs = {{.shape = {2, 7, 6, 3}}},
          .run =
              [=](auto in) {
                const auto [y, index] = max_pool2d_with_indices(in[0], pool);
                return std::vector{max_unpool2d(y, index, pool, size)};
              },
          .bf16_tolerance = 0};  // other pixels may be the largest
}

}  // namespace

std::vector<OpCase> unpool_cases() {
  return {
      there_and_back("max_unpool2d", {}, {7, 6}),
      there_and_back("max_unpool2d/smaller", {}, 0),
      there_and_back("max_unpool2d/apart", {.kernel = 2, .stride = 3, .padding = 1}, {7, 6}),
      there_and_back("max_unpool2d/oblong", {.kernel = {3, 2}, .stride = {3, 2}, .padding = {1, 0}},
                     {7, 6}),
      {.name = "max_unpool2d/places",
       .inputs = {{.shape = {1, 2, 1, 4}},
                  {.shape = {1, 2, 1, 4}, .low = 0, .high = 8, .integer = true}},
       .run = [](auto in) { return std::vector{max_unpool2d(in[0], in[1], {}, 0)}; },
       .golden = false},
  };
}

}  // namespace strata::opcases
