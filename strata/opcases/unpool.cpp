#include "strata/ops/unpool.h"

#include "strata/opcases/op_case.h"

namespace strata::opcases {
namespace {

/// A pooling and its way back, as SegNet has them.
template <class Pool, class Unpool, class Options, class Size>
OpCase pair(std::string name, Shape shape, Pool pool, Unpool unpool, Options options, Size size) {
  return {.name = std::move(name),
          .inputs = {{.shape = shape}},
          .run =
              [=](auto in) {
                const auto [y, index] = pool(in[0], options);
                return std::vector{unpool(y, index, options, size)};
              },
          .bf16_tolerance = 0};  // other pixels may be the largest
}

OpCase there_and_back(std::string name, Pool2dOptions pool, Size2 size) {
  return pair(std::move(name), {2, 7, 6, 3}, max_pool2d_with_indices, max_unpool2d, pool, size);
}
OpCase sequence(std::string name, Pool1dOptions pool, int64_t size) {
  return pair(std::move(name), {2, 9, 3}, max_pool1d_with_indices, max_unpool1d, pool, size);
}
OpCase volume(std::string name, Pool3dOptions pool, Size3 size) {
  return pair(std::move(name), {2, 5, 4, 6, 2}, max_pool3d_with_indices, max_unpool3d, pool, size);
}

}  // namespace

std::vector<OpCase> unpool_cases() {
  return {
      there_and_back("max_unpool2d", {}, {7, 6}),
      there_and_back("max_unpool2d/smaller", {}, 0),
      there_and_back("max_unpool2d/apart", {.kernel = 2, .stride = 3, .padding = 1}, {7, 6}),
      there_and_back("max_unpool2d/oblong", {.kernel = {3, 2}, .stride = {3, 2}, .padding = {1, 0}},
                     {7, 6}),
      sequence("max_unpool1d", {}, 9),
      sequence("max_unpool1d/apart", {.kernel = 3, .stride = 4, .padding = 1}, 0),
      volume("max_unpool3d", {}, {5, 4, 6}),
      volume("max_unpool3d/oblong",
             {.kernel = {2, 3, 2}, .stride = {3, 3, 2}, .padding = {1, 1, 0}}, {5, 4, 6}),
      {.name = "max_unpool2d/places",
       .inputs = {{.shape = {1, 2, 1, 4}},
                  {.shape = {1, 2, 1, 4}, .low = 0, .high = 8, .integer = true}},
       .run = [](auto in) { return std::vector{max_unpool2d(in[0], in[1], {}, 0)}; },
       .golden = false},
  };
}

}  // namespace strata::opcases
