#include "strata/ops/unfold.h"

#include "strata/opcases/op_case.h"

namespace strata::opcases {

std::vector<OpCase> unfold_cases() {
  const UnfoldOptions plain{.kernel = 2};
  const UnfoldOptions all{
      .kernel = {2, 3}, .stride = {2, 1}, .padding = {1, 2}, .dilation = {2, 1}};
  return {
      {.name = "unfold",
       .inputs = {{.shape = {2, 3, 4, 3}}},
       .run = [=](auto in) { return std::vector{unfold(in[0], plain)}; }},
      {.name = "unfold/options",
       .inputs = {{.shape = {1, 5, 4, 2}}},
       .run = [=](auto in) { return std::vector{unfold(in[0], all)}; }},
      {.name = "unfold/axis",
       .inputs = {{.shape = {2, 7, 3}}},
       .run = [](auto in) { return std::vector{unfold(in[0], 1, 3, 2)}; }},
      {.name = "fold",
       .inputs = {{.shape = {2, 6, 12}}},
       .run =
           [=](auto in) {
             return std::vector{fold(in[0], {3, 4}, plain)};
           }},
      {.name = "fold/options",
       .inputs = {{.shape = {1, 18, 12}}},
       .run =
           [=](auto in) {
             return std::vector{fold(in[0], {5, 4}, all)};
           }},
  };
}

}  // namespace strata::opcases
