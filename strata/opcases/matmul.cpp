#include "strata/ops/matmul.h"

#include "strata/opcases/op_case.h"
#include "strata/ops/views.h"

namespace strata::opcases {
namespace {

OpCase case_of(const char* name, const Shape& a, const Shape& b) {
  return {.name = name, .inputs = {{.shape = a}, {.shape = b}}, .run = [](auto in) {
            return std::vector{matmul(in[0], in[1])};
          }};
}

}  // namespace

std::vector<OpCase> matmul_cases() {
  std::vector<OpCase> cases = {
      case_of("matmul", {5, 7}, {7, 3}),
      case_of("matmul/vector_matrix", {4}, {4, 6}),
      case_of("matmul/matrix_vector", {5, 4}, {4}),
      case_of("matmul/vector_batch", {4}, {2, 4, 3}),
      case_of("matmul/batch_vector", {2, 3, 4}, {4}),
      case_of("matmul/batch_matrix", {2, 3, 4}, {4, 5}),
      case_of("matmul/matrix_batch", {3, 4}, {2, 4, 5}),
      case_of("matmul/batch", {3, 2, 4}, {3, 4, 5}),
      case_of("matmul/broadcast", {2, 1, 3, 4}, {3, 4, 2}),
      case_of("matmul/no_rows", {0, 4}, {4, 3}),
      case_of("matmul/no_inner", {3, 0}, {0, 2}),
      case_of("matmul/row_times_column", {1, 1}, {1, 1}),
      case_of("matmul/long_inner", {2, 40}, {40, 2}),
      case_of("matmul/many", {13, 9}, {9, 18}),
  };
  // Positive numbers: a single sum that cancels says little about bf16.
  cases.push_back({.name = "matmul/dot",
                   .inputs = {{.shape = {9}, .low = 0}, {.shape = {9}, .low = 0}},
                   .run = [](auto in) { return std::vector{matmul(in[0], in[1])}; }});
  cases.push_back({.name = "matmul/transposed_views",
                   .inputs = {{.shape = {4, 3}}, {.shape = {5, 4}}},
                   .run = [](auto in) {
                     return std::vector{matmul(transpose(in[0], 0, 1), transpose(in[1], 0, 1))};
                   }});
  cases.push_back(
      {.name = "matmul/strided_views",
       .inputs = {{.shape = {6, 8}}, {.shape = {2, 4, 3, 2}}},
       .run = [](auto in) {
         return std::vector{matmul(slice(in[0], 1, 0, 8, 2), permute(in[1], {0, 3, 1, 2}))};
       }});
  return cases;
}

}  // namespace strata::opcases
