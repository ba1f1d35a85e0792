#include "strata/ops/attention.h"

#include "strata/opcases/op_case.h"
#include "strata/ops/compare.h"
#include "strata/ops/joining.h"
#include "strata/ops/views.h"

namespace strata::opcases {
namespace {

using In = std::span<const Tensor>;

Input heads(int64_t queries, int64_t width) {
  return {.shape = {2, 3, queries, width}, .low = -2, .high = 2};
}

OpCase attend(const char* name, int64_t queries, int64_t keys, AttentionOptions options,
              int64_t width = 5, int64_t value_width = 5) {
  return {.name = name,
          .inputs = {heads(queries, width), heads(keys, width), heads(keys, value_width)},
          .run = [options](In in) {
            return std::vector{scaled_dot_product_attention(in[0], in[1], in[2], options)};
          }};
}

OpCase weights(const char* name, int64_t queries, int64_t keys, AttentionOptions options) {
  return {.name = name, .inputs = {heads(queries, 5), heads(keys, 5)}, .run = [options](In in) {
            return std::vector{attention_weights(in[0], in[1], options)};
          }};
}

/// With a mask made from a fourth input.
OpCase masked(const char* name, const Input& mask, bool boolean, bool causal = false) {
  return {.name = name, .inputs = {heads(4, 5), heads(7, 5), heads(7, 3), mask}, .run = [=](In in) {
            const Tensor m = boolean ? in[3] > 0 : in[3];
            return std::vector{
                scaled_dot_product_attention(in[0], in[1], in[2], {.causal = causal, .mask = m})};
          }};
}

/// Heads cut out of one packed projection [B, T, 3 * H * D].
std::vector<Tensor> packed(In in) {
  const Tensor qkv = permute(reshape(in[0], {2, 6, 3, 2, 4}), {2, 0, 3, 1, 4});
  const Tensor y = scaled_dot_product_attention(select(qkv, 0, 0), select(qkv, 0, 1),
                                                select(qkv, 0, 2), {.causal = true});
  return {reshape(permute(y, {0, 2, 1, 3}), {2, 6, 8})};
}

/// The same by split, whose way back finds the gradients joined.
std::vector<Tensor> split_up(In in) {
  const std::vector<Tensor> parts = split(in[0], 8, -1);
  const auto cut = [](const Tensor& t) { return permute(reshape(t, {2, 6, 2, 4}), {0, 2, 1, 3}); };
  const Tensor y =
      scaled_dot_product_attention(cut(parts[0]), cut(parts[1]), cut(parts[2]), {.causal = true});
  return {reshape(permute(y, {0, 2, 1, 3}), {2, 6, 8})};
}

}  // namespace

std::vector<OpCase> attention_cases() {
  const Input rows = {.shape = {4, 7}, .low = -1, .high = 1, .grad = false};
  const Input padding = {.shape = {2, 1, 1, 7}, .low = -1, .high = 1, .grad = false};
  const Input none = {.shape = {2, 1, 4, 1}, .low = -1, .high = 1, .grad = false};
  const Input bias = {.shape = {3, 4, 7}, .low = -1, .high = 1};
  return {
      attend("attention", 4, 7, {}, 5, 3),
      attend("attention/causal", 6, 6, {.causal = true}),
      attend("attention/causal_cache", 3, 7, {.causal = true}),
      attend("attention/causal_short", 7, 4, {.causal = true}),
      attend("attention/scale", 5, 5, {.scale = 0.3}),
      attend("attention/one", 1, 9, {.causal = true}),
      weights("attention_weights", 4, 7, {}),
      weights("attention_weights/causal", 3, 7, {.causal = true, .scale = 0.3}),
      // More than one block of queries and of keys, none of them whole.
      {.name = "attention/blocks",
       .inputs = {{.shape = {1, 1, 50, 1}}, {.shape = {1, 1, 259, 1}}, {.shape = {1, 1, 259, 1}}},
       .run =
           [](In in) {
             return std::vector{
                 scaled_dot_product_attention(in[0], in[1], in[2], {.causal = true})};
           }},
      masked("attention/bool_mask", rows, true),
      masked("attention/padding", padding, true, true),
      masked("attention/dead_rows", none, true),
      masked("attention/added", rows, false),
      masked("attention/bias", bias, false, true),
      {.name = "attention/packed",
       .inputs = {{.shape = {2, 6, 24}, .low = -2, .high = 2}},
       .run = packed},
      {.name = "attention/split",
       .inputs = {{.shape = {2, 6, 24}, .low = -2, .high = 2}},
       .run = split_up},
      {.name = "attention/dropout",
       .inputs = {heads(4, 5), heads(7, 5), heads(7, 3)},
       .run =
           [](In in) {
             Generator generator(7);  // the same choice at every call
             return std::vector{
                 scaled_dot_product_attention(in[0], in[1], in[2], {.dropout = 0.4}, generator)};
           },
       .second_order = false,
       .golden = false},
  };
}

}  // namespace strata::opcases
