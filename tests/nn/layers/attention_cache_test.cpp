#include "strata/nn/layers/attention_cache.h"

#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "strata/base/error.h"
#include "strata/device/cpu_allocator.h"
#include "strata/nn/layers/transformer.h"
#include "strata/ops/arithmetic.h"
#include "strata/ops/creation.h"
#include "strata/ops/in_place.h"
#include "strata/ops/indexing.h"
#include "strata/ops/joining.h"
#include "strata/ops/views.h"
#include "strata/tape/grad_mode.h"
#include "tests/support/difference.h"
#include "tests/support/golden_transformer.h"
#include "tests/support/message.h"

namespace strata::nn {
namespace {

using namespace strata::testing;

constexpr double kSame = 1e-12;  // f64

TransformerStackConfig config_of(bool norm_first) {
  return {.layer = {.width = 8,
                    .heads = 2,
                    .feedforward = 12,
                    .dropout = 0,
                    .norm_first = norm_first,
                    .bias = !norm_first},
          .layers = 2,
          .norm = norm_first};
}

/// x in steps of these lengths, `run(part, end)` each, joined again.
template <class Run>
Tensor in_steps(const Tensor& x, std::initializer_list<int64_t> lengths, Run run) {
  std::vector<Tensor> parts;
  int64_t begin = 0;
  for (const int64_t length : lengths) {
    parts.push_back(run(slice(x, 1, begin, begin + length), begin + length));
    begin += length;
  }
  return concat(parts, 1);
}

TEST(TransformerCache, AnEncoderInStepsIsACausalPass) {
  const NoGrad no_grad;
  for (const bool first : {false, true}) {
    TransformerEncoder encoder(config_of(first));
    prepare(encoder);
    const Tensor x = rule_doubles("x", {2, 11, 8});
    Tensor padding = zeros({2, 11}, DType::boolean);
    select(slice(padding, 1, 0, 2), 0, 1) |= true;
    for (const bool padded : {false, true}) {
      const Tensor hidden = padded ? padding : Tensor();
      const Tensor whole = encoder(x, {.key_padding_mask = hidden, .causal = true});
      TransformerCache cache;
      const Tensor y = in_steps(x, {3, 1, 1, 4, 1, 1}, [&](const Tensor& part, int64_t end) {
        const Tensor seen = padded ? slice(padding, 1, 0, end) : Tensor();
        Tensor out = encoder(part, {.key_padding_mask = seen}, &cache);
        EXPECT_EQ(cache.length(), end);
        return out;
      });
      EXPECT_LE(largest_difference(y, whole), kSame);
    }
    EXPECT_GT(largest_difference(encoder(x), encoder(x, {.causal = true})), 1e-3);
  }
}

TEST(TransformerCache, ADecoderProjectsTheMemoryOnce) {
  const NoGrad no_grad;
  for (const bool first : {false, true}) {
    TransformerDecoder decoder(config_of(first));
    prepare(decoder);
    const Tensor x = rule_doubles("x", {2, 7, 8}), memory = rule_doubles("memory", {2, 5, 8});
    const TransformerDecoderMasks masks = {.tgt = {.causal = true},
                                           .memory = {.key_padding_mask = padded_keys()}};
    const Tensor whole = decoder(x, memory, masks);
    TransformerCache cache;
    const Tensor y = in_steps(x, {1, 1, 3, 1, 1}, [&](const Tensor& part, int64_t end) {
      return decoder(part, end == 1 ? memory : Tensor(), masks, &cache);
    });
    EXPECT_LE(largest_difference(y, whole), kSame);
    // Given again it is not read again.
    cache.truncate(4);
    const Tensor again = decoder(slice(x, 1, 4), memory * 9, masks, &cache);
    EXPECT_LE(largest_difference(again, slice(whole, 1, 4)), kSame);
    // A mask of its own for the last query, by key.
    const Tensor bias = rule_doubles("bias", {7, 7});
    TransformerDecoderMasks biased = masks;
    biased.tgt.attn_mask = bias;
    cache.truncate(0);
    decoder(slice(x, 1, 0, 6), memory,
            {.tgt = {.attn_mask = slice(slice(bias, 0, 0, 6), 1, 0, 6)}, .memory = masks.memory},
            &cache);
    const Tensor last =
        decoder(slice(x, 1, 6), {},
                {.tgt = {.attn_mask = slice(bias, 0, 6)}, .memory = masks.memory}, &cache);
    EXPECT_LE(largest_difference(last, slice(decoder(x, memory, biased), 1, 6)), kSame);
  }
}

TEST(TransformerCache, BeginsAnewAtNoLength) {
  const NoGrad no_grad;
  TransformerDecoder decoder(config_of(false));
  prepare(decoder);
  const Tensor x = rule_doubles("x", {2, 3, 8}), other = rule_doubles("other", {2, 4, 8});
  TransformerCache cache;
  decoder(x, rule_doubles("memory", {2, 5, 8}), {}, &cache);
  cache.truncate(0);
  EXPECT_EQ(cache.length(), 0);
  EXPECT_LE(largest_difference(decoder(x, other, {}, &cache),
                               decoder(x, other, {.tgt = {.causal = true}})),
            kSame);
  // Another batch too.
  cache.truncate(0);
  EXPECT_EQ(decoder(slice(x, 0, 1), slice(other, 0, 1), {}, &cache).shape(), (Shape{1, 3, 8}));
  // There is nothing to reorder then, whatever is left of the memory.
  cache.truncate(0);
  cache.reorder(tensor<int64_t>({0, 1}));
  EXPECT_EQ(decoder(x, other, {}, &cache).shape(), x.shape());
}

TEST(TransformerCache, RowsPartAndAreJoined) {
  const NoGrad no_grad;
  TransformerDecoder decoder(config_of(true));
  prepare(decoder);
  const Tensor x = rule_doubles("x", {2, 4, 8}), memory = rule_doubles("memory", {2, 5, 8});
  const Tensor rows = tensor<int64_t>({1, 0, 1});
  const Tensor next = rule_doubles("next", {3, 2, 8});
  TransformerCache cache;
  decoder(x, memory, {}, &cache);
  cache.reorder(rows);
  const Tensor y = in_steps(
      next, {1, 1}, [&](const Tensor& part, int64_t) { return decoder(part, {}, {}, &cache); });
  const Tensor whole = decoder(concat({index_select(x, 0, rows), next}, 1),
                               index_select(memory, 0, rows), {.tgt = {.causal = true}});
  EXPECT_LE(largest_difference(y, slice(whole, 1, 4)), kSame);
}

TEST(TransformerCache, AFailedStepLeavesItAsItWas) {
  const NoGrad no_grad;
  TransformerDecoder decoder(config_of(false));
  prepare(decoder);
  const Tensor x = rule_doubles("x", {2, 4, 8}), memory = rule_doubles("memory", {2, 5, 8});
  TransformerCache cache;
  EXPECT_EQ(message<ShapeError>([&] { decoder(x, {}, {}, &cache); }),
            "[MultiheadAttention] there are no keys for query f64[2, 4, 8]");
  decoder(slice(x, 1, 0, 3), memory, {}, &cache);
  const Tensor last = slice(x, 1, 3);
  EXPECT_EQ(message<ShapeError>([&] {
              decoder(last, rule_doubles("memory", {2, 6, 8}), {}, &cache);
            }),
            "[TransformerDecoderLayer] memory f64[2, 6, 8] is not what the cache holds the keys "
            "of, f64[2, 2, 5, 4]\n  hint: truncate(0) lets it begin anew");
  EXPECT_EQ(message<ShapeError>([&] { decoder(slice(last, 0, 1), {}, {}, &cache); }),
            "[AttentionCache] keys f64[1, 2, 1, 4] do not continue those kept, f64[2, 2, 3, 4]");
  // Thrown behind the first layer's self-attention.
  EXPECT_THROW(
      decoder(last, {}, {.memory = {.key_padding_mask = zeros({2, 4}, DType::boolean)}}, &cache),
      ShapeError);
  EXPECT_EQ(
      message<ShapeError>([&] {
        decoder(last, {}, {.tgt = {.key_padding_mask = zeros({2, 1}, DType::boolean)}}, &cache);
      }),
      "[MultiheadAttention] key_padding_mask bool[2, 1] is not [N, Tk], with scores [N, "
      "heads, Tq, Tk] of [2, 2, 1, 4]");
  EXPECT_EQ(cache.length(), 3);
  const Tensor whole = decoder(x, memory, {.tgt = {.causal = true}});
  EXPECT_LE(largest_difference(decoder(last, {}, {}, &cache), slice(whole, 1, 3)), kSame);

  TransformerStackConfig longer = config_of(false);
  longer.layers = 3;
  TransformerDecoder other(longer);
  EXPECT_EQ(message<ValueError>([&] { other(last, {}, {}, &cache); }),
            "[TransformerDecoder] the cache holds 2 layers, the stack has 3");
  EXPECT_EQ(message<ValueError>([&] { cache.truncate(-1); }),
            "[TransformerCache] cannot keep -1 positions");
  EXPECT_THROW(cache.reorder(tensor<int64_t>({2})), IndexError);
  const GradMode grads(true);
  EXPECT_EQ(message<GradError>([&] { decoder(last, {}, {}, &cache); }),
            "[AttentionCache] keeps no history of gradients\n  hint: use NoGrad");
}

TEST(TransformerCache, NoPositionsAndNoSequences) {
  const NoGrad no_grad;
  TransformerDecoder decoder(config_of(true));
  const auto shape_of = [&](TransformerCache& cache, const Shape& x, const Shape& memory) {
    return decoder(zeros(x), zeros(memory), {}, &cache).shape();
  };
  TransformerCache cache, of_none, without_memory;
  EXPECT_EQ(shape_of(cache, {2, 0, 8}, {2, 3, 8}), (Shape{2, 0, 8}));
  EXPECT_EQ(shape_of(cache, {2, 1, 8}, {2, 3, 8}), (Shape{2, 1, 8}));
  EXPECT_EQ(shape_of(cache, {2, 0, 8}, {2, 3, 8}), (Shape{2, 0, 8}));
  EXPECT_EQ(cache.length(), 1);
  EXPECT_EQ(shape_of(of_none, {0, 2, 8}, {0, 3, 8}), (Shape{0, 2, 8}));
  EXPECT_EQ(shape_of(of_none, {0, 1, 8}, {0, 3, 8}), (Shape{0, 1, 8}));
  EXPECT_EQ(shape_of(without_memory, {2, 1, 8}, {2, 0, 8}), (Shape{2, 1, 8}));
  EXPECT_EQ(shape_of(without_memory, {2, 1, 8}, {2, 0, 8}), (Shape{2, 1, 8}));
}

TEST(TransformerCache, MetaTensors) {
  const NoGrad no_grad;
  const DeviceScope meta(kMeta);
  TransformerDecoder decoder(config_of(true));
  TransformerCache cache;
  const auto nothing = [](const Shape& shape) { return empty(shape, DType::f32, kMeta); };
  decoder(nothing({2, 3, 8}), nothing({2, 5, 8}), {}, &cache);
  const Tensor y = decoder(nothing({2, 1, 8}), {}, {}, &cache);
  EXPECT_TRUE(y.is_meta());
  EXPECT_EQ(y.shape(), (Shape{2, 1, 8}));
}

TEST(AttentionCache, OfAttentionWithKeysOfItsOwnAndOtherWidths) {
  const NoGrad no_grad;
  MultiheadAttention attention(
      {.width = 8, .heads = 2, .kdim = 6, .vdim = 10, .add_bias_kv = true, .add_zero_attn = true});
  prepare(attention);
  const Tensor x = rule_doubles("x", {2, 5, 8}), key = rule_doubles("key", {2, 5, 6});
  const Tensor value = rule_doubles("value", {2, 5, 10});
  AttentionCache cache;
  const Tensor y = in_steps(x, {2, 1, 2}, [&](const Tensor& part, int64_t end) {
    const int64_t begin = end - part.size(1);
    return attention(part, slice(key, 1, begin, end), slice(value, 1, begin, end), {.causal = true},
                     &cache);
  });
  EXPECT_LE(largest_difference(y, attention(x, key, value, {.causal = true})), kSame);
  // A query alone sees all that is kept.
  EXPECT_LE(largest_difference(attention(x, {}, {}, {}, &cache), attention(x, key, value)), kSame);
  EXPECT_EQ(message<ShapeError>([&] { attention(slice(x, 0, 1), {}, {}, {}, &cache); }),
            "[MultiheadAttention] query f64[1, 5, 8] does not fit the keys that the cache holds, "
            "f64[2, 2, 5, 4]");
  EXPECT_THROW(attention(x, {}, {}), ShapeError);
  EXPECT_THROW(attention(x, key, {}, {}, &cache), ValueError);
}

TEST(AttentionCache, GrowsAndKeepsWhatItHolds) {
  const Tensor x = randn({2, 3, 70, 3}), y = randn({2, 3, 70, 4});
  for (const int64_t capacity : {0, 1, 50, 99}) {
    AttentionCache cache(capacity);
    EXPECT_FALSE(cache.all().first.defined());
    const void* memory = nullptr;
    for (int64_t t = 0; t < 70; ++t) {
      cache.append(slice(x, 2, t, t + 1), slice(y, 2, t, t + 1));
      const void* now = cache.all().second.data<float>();
      if (t > 0 && t < capacity) {
        EXPECT_EQ(now, memory) << capacity << " at " << t;
      }
      memory = now;
    }
    EXPECT_EQ(largest_difference(cache.all().first, x), 0);
    EXPECT_EQ(largest_difference(cache.all().second, y), 0);
  }
  EXPECT_EQ(message<ValueError>([] { AttentionCache cache(-1); }),
            "[AttentionCache] capacity must be at least 0, got -1");
  EXPECT_EQ(message<ValueError>([] { TransformerCache cache(-2); }),
            "[TransformerCache] capacity must be at least 0, got -2");
}

TEST(AttentionCache, TruncateKeepsWhatWasRead) {
  AttentionCache cache;
  cache.append(tensor<float>({1, 2, 3}, {1, 1, 3, 1}), ones({1, 1, 3, 1}));
  for (const auto& [asked, left] : {std::pair{9, 3}, {3, 3}, {1, 1}, {2, 1}}) {
    cache.truncate(asked);
    EXPECT_EQ(cache.length(), left) << asked;
  }
  EXPECT_EQ(message<ValueError>([&] { cache.truncate(-1); }),
            "[AttentionCache] cannot keep -1 positions");
  EXPECT_EQ(cache.length(), 1);
  cache.append(full({1, 1, 1, 1}, 7), ones({1, 1, 1, 1}));
  EXPECT_EQ(cache.all().first.to_vector<float>(), (std::vector<float>{1, 7}));
}

TEST(AttentionCache, ReordersRowsOnceOrNotAtAll) {
  const Tensor x = randn({2, 3, 5, 3}), y = randn({2, 3, 5, 4}), more = randn({3, 3, 1, 3});
  const Tensor rows = tensor<int32_t>({1, 1, 0});
  AttentionCache cache(9);
  cache.append(x, y);
  AttentionCache ordered = cache.reordered(rows);
  EXPECT_EQ(ordered.length(), 5);
  ordered.append(more, randn({3, 3, 1, 4}));
  EXPECT_EQ(largest_difference(ordered.all().first, concat({index_select(x, 0, rows), more}, 2)),
            0);
  EXPECT_EQ(largest_difference(slice(ordered.all().second, 2, 0, 5), index_select(y, 0, rows)), 0);
  EXPECT_EQ(message<IndexError>([&] {
              cache.reorder(tensor<int64_t>({0, 2}));
            }),
            "[index_select] index 2 at [1] is outside of [0, 1]");
  EXPECT_EQ(largest_difference(cache.all().first, x), 0);
  EXPECT_EQ(largest_difference(cache.all().second, y), 0);
  cache.reorder(tensor<int64_t>({}, {0}));
  EXPECT_EQ(cache.all().first.shape(), (Shape{0, 3, 5, 3}));
}

TEST(AttentionCache, SaysWhatDoesNotContinueIt) {
  AttentionCache cache;
  cache.append(zeros({2, 1, 6, 3}), zeros({2, 1, 6, 4}));
  EXPECT_EQ(message<ShapeError>([&] {
              cache.append(zeros({2, 1, 1, 3}), zeros({2, 1, 2, 4}));
            }),
            "[AttentionCache] keys f32[2, 1, 1, 3] and values f32[2, 1, 2, 4] are not of the same "
            "positions");
  EXPECT_THROW(AttentionCache().append(zeros({2, 1, 1, 3}), zeros({2, 2, 1, 3})), ShapeError);
  EXPECT_THROW(cache.append(zeros({2, 2, 1, 3}), zeros({2, 2, 1, 4})), ShapeError);
  EXPECT_EQ(message<DTypeError>([&] {
              cache.append(zeros({2, 1, 1, 3}, DType::bf16), zeros({2, 1, 1, 4}));
            }),
            "[AttentionCache] keys bf16[2, 1, 1, 3] do not continue those kept, f32[2, 1, 6, 3]");
  EXPECT_EQ(message<ShapeError>([&] {
              cache.append(zeros({2, 1, 3}), zeros({2, 1, 1, 4}));
            }),
            "[AttentionCache] keys are [N, heads, T, D], got f32[2, 1, 3]");
  const auto nothing = [](int64_t width) { return empty({2, 1, 199, width}, DType::f32, kMeta); };
  EXPECT_THROW(cache.append(nothing(3), nothing(4)), DeviceError) << "memory is to grow";
  EXPECT_EQ(cache.length(), 6);
  EXPECT_EQ(largest_value(cache.all().first), 0);
}

TEST(TransformerCache, ReordersAllLayersOrNoneWhereMemoryEnds) {
  const NoGrad no_grad;
  TransformerDecoder decoder(config_of(true));
  prepare(decoder);
  const Tensor x = rule_doubles("x", {2, 4, 8}), memory = rule_doubles("memory", {2, 5, 8});
  const Tensor last = slice(x, 1, 3), rows = tensor<int64_t>({1, 1, 0});
  const Tensor wanted = slice(decoder(x, memory, {.tgt = {.causal = true}}), 1, 3);
  int refusals = 0;
  for (bool refused = true; refused;) {
    TransformerCache cache;
    decoder(slice(x, 1, 0, 3), memory, {}, &cache);
    set_cpu_memory_limit(cpu_memory_stats().in_use + 128 * (refusals + 1));
    try {
      cache.reorder(rows);
      refused = false;
    } catch (const OutOfMemory&) {
      ++refusals;
    }
    set_cpu_memory_limit(0);
    const Tensor y = decoder(refused ? last : index_select(last, 0, rows), {}, {}, &cache);
    EXPECT_LE(largest_difference(y, refused ? wanted : index_select(wanted, 0, rows)), kSame)
        << refusals;
  }
  EXPECT_GT(refusals, 8) << "two layers of two pairs";
}

}  // namespace
}  // namespace strata::nn
