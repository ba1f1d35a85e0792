#include "strata/ops/index_put.h"

#include <utility>

#include "strata/opcases/op_case.h"
#include "strata/ops/arithmetic.h"
#include "strata/ops/creation.h"

namespace strata::opcases {
namespace {

/// Numbers in [-size, size), or with `low` 0 none that count from the end.
Input numbers(Shape shape, double size, double low) {
  return {.shape = shape, .low = low, .high = size, .integer = true};
}
Input numbers(Shape shape, double size) { return numbers(shape, size, -size); }

std::vector<OpCase> read_cases() {
  const Input cube = {.shape = {4, 5, 3}};
  const std::vector<Input> two = {cube, numbers({2, 1}, 4), numbers({6}, 5)};
  return {
      {.name = "index",
       .inputs = two,
       .run =
           [](auto in) {
             return std::vector{index(in[0], {in[1], in[2]})};
           }},
      {.name = "index/elements",
       .inputs = {cube, numbers({7}, 4), numbers({7}, 5), numbers({2, 1}, 3)},
       .run =
           [](auto in) {
             return std::vector{index(in[0], {in[1], in[2], in[3]})};
           }},
      {.name = "index/last",
       .inputs = {cube, numbers({2, 4}, 5), numbers({4}, 3)},
       .run =
           [](auto in) {
             return std::vector{index(in[0], {{}, in[1], in[2]}), index(in[0], {{}, in[1]})};
           }},
      {.name = "index/apart",
       .inputs = {{.shape = {2, 4, 3, 5}}, numbers({2, 1}, 4), numbers({4}, 5)},
       .run =
           [](auto in) {
             return std::vector{index(in[0], {{}, in[1], {}, in[2]})};
           }},
      {.name = "take",
       .inputs = {cube, numbers({2, 9}, 60)},
       .run = [](auto in) { return std::vector{take(in[0], in[1])}; }},
      {.name = "take_along_dim",
       .inputs = {{.shape = {4, 1, 3}}, numbers({1, 5, 1}, 4, 0), numbers({4, 2, 2}, 3, 0)},
       .run =
           [](auto in) {
             return std::vector{take_along_dim(in[0], in[1], 0), take_along_dim(in[0], in[2], -1)};
           }},
  };
}

/// Places twice would be written in an order that PyTorch does not promise.
std::vector<OpCase> write_cases() {
  const Input cube = {.shape = {4, 5, 3}};
  const auto put = [](std::string name, std::vector<Input> inputs, auto list, bool accumulate) {
    return OpCase{.name = std::move(name), .inputs = std::move(inputs), .run = [=](auto in) {
                    return std::vector{index_put(in[0], list(in), in.back(), accumulate)};
                  }};
  };
  const auto leading = [](auto in) { return std::vector<Tensor>{in[1], in[2]}; };
  const auto apart = [](auto in) { return std::vector<Tensor>{{}, in[1], {}, in[2]}; };
  const Input step = numbers({1}, 2);
  return {
      put("index_put/add", {cube, numbers({2, 1}, 4), numbers({6}, 5), {.shape = {6, 3}}}, leading,
          true),
      put("index_put/add_elements",
          {{.shape = {4, 5}}, numbers({20}, 4), numbers({20}, 5), {.shape = {20}}}, leading, true),
      put("index_put/add_apart",
          {{.shape = {2, 4, 3, 5}}, numbers({2, 1}, 4), numbers({4}, 5), {.shape = {4, 2, 3}}},
          apart, true),
      put("index_put/write", {cube, numbers({1}, 4), numbers({1}, 5), {.shape = {1, 3}}}, leading,
          false),
      put("index_put/number", {cube, numbers({6}, 4), numbers({6}, 5), {.shape = {}}}, leading,
          true),
      put("index_put/write_apart", {{.shape = {2, 4, 3, 5}}, step, step, {.shape = {2, 1}}}, apart,
          false),
      {.name = "index_fill",
       .inputs = {cube, numbers({3}, 5)},
       .run = [](auto in) { return std::vector{index_fill(in[0], 1, in[1], 2.5)}; }},
      {.name = "index_copy",
       .inputs = {cube, numbers({2}, 2, 0), {.shape = {4, 2, 3}}},
       .run =
           [](auto in) {
             // 2 row + value: no place twice.
             const Tensor rows = in[1] + arange(0, 4, 2, DType::i64, in[1].device());
             return std::vector{index_copy(in[0], 1, rows, in[2])};
           }},
  };
}

std::vector<OpCase> put_cases() {
  const Input cube = {.shape = {4, 5, 3}};
  return {
      {.name = "put",
       .inputs = {cube, numbers({1, 1}, 60), {.shape = {1}}},
       .run = [](auto in) { return std::vector{put(in[0], in[1], in[2])}; }},
      {.name = "put/add",
       .inputs = {cube, numbers({9, 2}, 60), {.shape = {18}}},
       .run = [](auto in) { return std::vector{put(in[0], in[1], in[2], true)}; }},
  };
}

}  // namespace

std::vector<OpCase> index_put_cases() {
  std::vector<OpCase> cases = read_cases();
  for (OpCase& c : write_cases()) cases.push_back(std::move(c));
  for (OpCase& c : put_cases()) cases.push_back(std::move(c));
  return cases;
}

}  // namespace strata::opcases
