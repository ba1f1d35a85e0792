#include "strata/ops/conv_nd.h"

#include "strata/opcases/op_case.h"

namespace strata::opcases {
namespace {

template <class Op, class Options>
OpCase conv(std::string name, std::vector<Input> inputs, Op op, Options options) {
  return {.name = std::move(name), .inputs = std::move(inputs), .run = [=](auto in) {
            return std::vector{op(in[0], in[1], in.size() > 2 ? in[2] : Tensor(), options)};
          }};
}

}  // namespace

std::vector<OpCase> conv_nd_cases() {
  using Conv1d = Conv1dOptions;
  using Conv3d = Conv3dOptions;
  using Transpose1d = ConvTranspose1dOptions;
  using Transpose3d = ConvTranspose3dOptions;
  return {
      conv("conv1d", {{{2, 7, 3}}, {{4, 3, 3}}, {{4}}}, conv1d, Conv1d{.padding = 1}),
      conv("conv1d/options", {{{2, 9, 4}}, {{6, 3, 2}}, {{6}}}, conv1d,
           Conv1d{.stride = 2, .padding = 2, .dilation = 2, .groups = 2, .relu = true}),
      conv("conv1d/same", {{{2, 5, 3}}, {{4, 4, 3}}, {{4}}}, conv1d,
           Conv1d{.padding = kSamePadding, .dilation = 3}),
      conv("conv3d/same", {{{1, 3, 2, 4, 2}}, {{3, 2, 3, 4, 2}}}, conv3d,
           Conv3d{.padding = kSamePadding, .dilation = {1, 2, 1}}),
      conv("conv_transpose1d", {{{2, 5, 3}}, {{3, 4, 2}}, {{2}}}, conv_transpose1d,
           Transpose1d{.stride = 3, .padding = 1, .output_padding = 2}),
      conv("conv_transpose1d/groups", {{{2, 4, 4}}, {{4, 3, 3}}}, conv_transpose1d,
           Transpose1d{.stride = 2, .dilation = 2, .groups = 2}),
      conv("conv3d", {{{2, 3, 4, 3, 2}}, {{3, 3, 2, 3, 2}}, {{3}}}, conv3d,
           Conv3d{.padding = {1, 0, 1}}),
      conv("conv3d/options", {{{1, 5, 4, 5, 4}}, {{6, 2, 3, 2, 2}}, {{6}}}, conv3d,
           Conv3d{.stride = {2, 1, 2},
                  .padding = {1, 1, 0},
                  .dilation = {2, 1, 3},
                  .groups = 2,
                  .relu = true}),
      conv("conv3d/flat", {{{1, 2, 3, 3, 2}}, {{3, 1, 2, 2, 2}}}, conv3d, Conv3d{}),
      conv("conv_transpose3d", {{{1, 2, 3, 2, 3}}, {{3, 3, 2, 3, 2}}, {{2}}}, conv_transpose3d,
           Transpose3d{.stride = {2, 1, 2}, .padding = 1, .output_padding = {1, 0, 0}}),
      conv("conv_transpose3d/groups", {{{1, 3, 2, 2, 4}}, {{4, 2, 2, 1, 3}}}, conv_transpose3d,
           Transpose3d{.stride = {1, 2, 1}, .dilation = {2, 1, 1}, .groups = 2}),
  };
}

}  // namespace strata::opcases
