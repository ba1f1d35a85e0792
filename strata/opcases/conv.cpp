#include "strata/ops/conv.h"

#include "strata/opcases/op_case.h"

namespace strata::opcases {
namespace {

OpCase conv(std::string name, std::vector<Input> inputs, Conv2dOptions options) {
  return {.name = std::move(name), .inputs = std::move(inputs), .run = [options](auto in) {
            return std::vector{conv2d(in[0], in[1], in.size() > 2 ? in[2] : Tensor(), options)};
          }};
}

OpCase transposed(std::string name, std::vector<Input> inputs, ConvTranspose2dOptions options) {
  return {.name = std::move(name), .inputs = std::move(inputs), .run = [options](auto in) {
            return std::vector{
                conv_transpose2d(in[0], in[1], in.size() > 2 ? in[2] : Tensor(), options)};
          }};
}

}  // namespace

std::vector<OpCase> conv_cases() {
  return {
      conv("conv2d", {{{2, 6, 5, 3}}, {{4, 3, 2, 3}}, {{4}}}, {.padding = {1, 0}}),
      conv("conv2d/stride", {{{2, 7, 8, 2}}, {{3, 3, 4, 2}}, {{3}}},
           {.stride = {2, 3}, .padding = {1, 2}}),
      conv("conv2d/dilation", {{{1, 8, 7, 2}}, {{3, 3, 2, 2}}}, {.padding = 2, .dilation = {2, 3}}),
      conv("conv2d/groups", {{{2, 4, 5, 6}}, {{4, 3, 3, 3}}, {{4}}}, {.padding = 1, .groups = 2}),
      conv("conv2d/depthwise", {{{2, 5, 4, 9}}, {{9, 3, 3, 1}}, {{9}}},
           {.stride = 2, .padding = 1, .groups = 9}),
      conv("conv2d/pointwise", {{{2, 3, 4, 5}}, {{7, 1, 1, 5}}}, {}),
      conv("conv2d/relu", {{{2, 4, 5, 1}}, {{6, 3, 3, 1}}, {{6}}}, {.padding = 1, .relu = true}),
      conv("conv2d/same", {{{2, 4, 5, 3}}, {{4, 2, 4, 3}}, {{4}}}, {.padding = kSamePadding}),
      conv("conv2d/same_dilation", {{{1, 5, 4, 4}}, {{2, 2, 3, 2}}},
           {.padding = kSamePadding, .dilation = {3, 1}, .groups = 2}),
      {.name = "conv2d/residual",
       .inputs = {{{2, 4, 5, 9}}, {{6, 1, 1, 9}}, {{6}}, {{2, 4, 5, 6}}},
       .run =
           [](auto in) {
             return std::vector{conv2d(in[0], in[1], in[2], {.relu = true}, in[3]),
                                conv2d(in[0], in[1], in[2], {}, in[3])};
           }},
      transposed("conv_transpose2d", {{{2, 3, 4, 3}}, {{3, 3, 2, 4}}, {{4}}}, {.padding = {1, 0}}),
      transposed("conv_transpose2d/stride", {{{2, 3, 4, 3}}, {{3, 4, 3, 2}}, {{2}}},
                 {.stride = {2, 3}, .padding = 1, .output_padding = {1, 2}}),
      transposed("conv_transpose2d/groups", {{{1, 4, 3, 4}}, {{4, 3, 3, 3}}, {{6}}},
                 {.stride = 2, .output_padding = {1, 0}, .dilation = 2, .groups = 2}),
  };
}

}  // namespace strata::opcases
