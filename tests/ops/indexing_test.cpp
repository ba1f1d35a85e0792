#include "strata/ops/indexing.h"

#include <cmath>
#include <limits>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "strata/autograd/backward.h"
#include "strata/autograd/gradcheck.h"
#include "strata/base/error.h"
#include "strata/base/parallel.h"
#include "strata/ops/arithmetic.h"
#include "strata/ops/copy.h"
#include "strata/ops/creation.h"
#include "strata/ops/reduce.h"
#include "strata/ops/select.h"
#include "strata/ops/views.h"

namespace strata {
namespace {

using Values = std::vector<double>;

template <class E, class F>
std::string message_of(F f) {
  try {
    f();
  } catch (const E& e) {
    return e.what();
  }
  return "nothing was thrown";
}

TEST(Indexing, GatherTakesAlongTheAxis) {
  const Tensor x = tensor<float>({1, 2, 3, 4, 5, 6}, {2, 3});
  const Tensor index = tensor<int64_t>({2, 0, 1, 1}, {2, 2});
  EXPECT_EQ(gather(x, 1, index).to_vector<double>(), (Values{3, 1, 5, 5}));
  EXPECT_EQ(gather(transpose(x, 0, 1), 0, index).to_vector<double>(), (Values{3, 4, 2, 5}));
  EXPECT_EQ(gather(scalar(5.0F), 0, scalar<int64_t>(0)).item<float>(), 5.0F);
  EXPECT_EQ(gather(x, 0, zeros({0, 3}, DType::i64)).shape(), (Shape{0, 3}));
  EXPECT_EQ(gather(cast(x, DType::bf16), 1, index).dtype(), DType::bf16);
  EXPECT_EQ(gather(x, 1, cast(index, DType::u8)).to_vector<double>(), (Values{3, 1, 5, 5}));
}

TEST(Indexing, ScatterAddSumsWhatMeets) {
  const Tensor x = ones({3, 2});
  const Tensor index = tensor<int64_t>({0, 1, 0, 1, 0, 2}, {3, 2});
  const Tensor source = tensor<float>({1, 2, 3, 4, 5, 6}, {3, 2});
  EXPECT_EQ(scatter_add(x, 0, index, source).to_vector<double>(), (Values{10, 1, 1, 7, 1, 7}));
  EXPECT_EQ(x.to_vector<double>(), Values(6, 1.0));  // x itself stays
  const Tensor half = scatter_add(cast(x, DType::bf16), 0, index, cast(source, DType::bf16));
  EXPECT_EQ(half.dtype(), DType::bf16);
  EXPECT_EQ(half.to_vector<double>(), (Values{10, 1, 1, 7, 1, 7}));
}

TEST(Indexing, ScatterAddLeavesTheRestOfALargerSource) {
  const auto f = [](std::span<const Tensor> in) {
    return std::vector{scatter_add(in[0], 1, tensor<int64_t>({0, 2, 2, 1}, {2, 2}), in[1])};
  };
  const std::vector<Tensor> in = {
      rand({3, 3}, -1, 1, DType::f64).set_requires_grad(),
      rand({3, 4}, -1, 1, DType::f64).set_requires_grad(),
  };
  EXPECT_LT(gradcheck(f, in).error, 1e-8);
}

TEST(Indexing, HalvesAreSummedInF32) {
  // In bf16, 256 + 1 is 256 again.
  const Tensor index = zeros({300}, DType::i64);
  const Tensor y = scatter_add(zeros({1}, DType::bf16), 0, index, ones({300}, DType::bf16));
  EXPECT_EQ(y.item<float>(), 300.0F);
  Tensor weight = zeros({2, 1}, DType::bf16).set_requires_grad();
  backward(sum(embedding(weight, index)));
  EXPECT_EQ(weight.grad().to_vector<double>(), (Values{300, 0}));
}

TEST(Indexing, ScatterKeepsTheLast) {
  const Tensor x = zeros({3}), index = tensor<int64_t>({2, 0, 2});
  EXPECT_EQ(scatter(x, 0, index, tensor<float>({1, 2, 3})).to_vector<double>(), (Values{2, 0, 3}));
  EXPECT_EQ(scatter(cast(x, DType::boolean), 0, index, true).to_vector<double>(),
            (Values{1, 0, 1}));
  EXPECT_EQ(scatter(scalar(1.0F), 0, scalar<int64_t>(0), 5).item<float>(), 5.0F);
  EXPECT_THROW(scatter(x, 0, tensor<int64_t>({3}), 1), IndexError);
  EXPECT_THROW(scatter(x, 0, index, zeros({3}, DType::f64)), DTypeError);
}

TEST(Indexing, ProductsOverZerosAreTheSameWithAGradient) {
  const Tensor x = ones({1}), index = tensor<int64_t>({0, 0, 0, 0});
  Tensor source = tensor<float>({0, 1e30f, 1e30f, 0});
  EXPECT_EQ(scatter_reduce(x, 0, index, source, ScatterReduce::prod).item<float>(), 0);
  source.set_requires_grad();
  EXPECT_EQ(scatter_reduce(x, 0, index, source, ScatterReduce::prod).item<float>(), 0)
      << "not what remains without the zeros, which overflows";
}

TEST(Indexing, ScatterReduceOfIntegersAndSpecialValues) {
  constexpr auto kNan = std::numeric_limits<double>::quiet_NaN();
  const Tensor index = tensor<int64_t>({0, 0, 1, 1});
  const Tensor n = tensor<int64_t>({3, -5, 4, 2}), start = tensor<int64_t>({2, 3, 9});
  const auto of = [&](ScatterReduce reduce, bool self) {
    return scatter_reduce(start, 0, index, n, reduce, self).to_vector<double>();
  };
  EXPECT_EQ(of(ScatterReduce::sum, true), (Values{0, 9, 9}));
  EXPECT_EQ(of(ScatterReduce::prod, true), (Values{-30, 24, 9}));
  EXPECT_EQ(of(ScatterReduce::prod, false), (Values{-15, 8, 9}));
  EXPECT_EQ(of(ScatterReduce::amax, true), (Values{3, 4, 9}));
  EXPECT_EQ(of(ScatterReduce::amin, false), (Values{-5, 2, 9}));
  EXPECT_THROW(of(ScatterReduce::mean, true), DTypeError);
  const Tensor odd = tensor<double>({kNan, 1, 1, kNan});
  const auto most = scatter_reduce(zeros({2}, DType::f64), 0, index, odd, ScatterReduce::amax)
                        .to_vector<double>();
  EXPECT_TRUE(std::isnan(most[0]) && std::isnan(most[1]));
  // Ties share, and x is one of them.
  Tensor x = tensor<double>({2, 0}).set_requires_grad();
  Tensor s = tensor<double>({2, 2, 1, 0}).set_requires_grad();
  backward(sum(scatter_reduce(x, 0, index, s, ScatterReduce::amax)));
  EXPECT_EQ(x.grad().to_vector<double>(), (Values{1.0 / 3, 0}));
  EXPECT_EQ(s.grad().to_vector<double>(), (Values{1.0 / 3, 1.0 / 3, 1, 0}));
}

TEST(Indexing, ProductsWithZerosHaveGradients) {
  const Tensor index = tensor<int64_t>({0, 0, 1, 1, 1});
  Tensor x = tensor<double>({2, 3}).set_requires_grad();
  Tensor s = tensor<double>({0, 5, 0, 0, 7}).set_requires_grad();
  backward(sum(scatter_reduce(x, 0, index, s, ScatterReduce::prod)));
  EXPECT_EQ(s.grad().to_vector<double>(), (Values{10, 0, 0, 0, 0}));
  EXPECT_EQ(x.grad().to_vector<double>(), (Values{0, 0}));
}

TEST(Indexing, AnExpandedIndexIsAsGoodAsACopy) {
  const Tensor x = randn({5, 3, 4}), source = randn({6, 3, 4});
  const Tensor line = reshape(tensor<int64_t>({4, 0, 2, 2, 4, 1}), {6, 1, 1});
  const Tensor rows = reshape(tensor<int64_t>({0, 2, 1}), {1, 3, 1});
  for (const Tensor& index : {expand(line, {6, 3, 4}), expand(rows, {2, 3, 4})}) {
    const Tensor full = copy(index);
    EXPECT_EQ(gather(x, 0, index).to_vector<float>(), gather(x, 0, full).to_vector<float>());
    EXPECT_EQ(scatter_add(x, 0, index, source).to_vector<float>(),
              scatter_add(x, 0, full, source).to_vector<float>());
    EXPECT_EQ(scatter_reduce(x, 0, index, source, ScatterReduce::amin).to_vector<float>(),
              scatter_reduce(x, 0, full, source, ScatterReduce::amin).to_vector<float>());
  }
  EXPECT_THROW(gather(x, 0, expand(line + 1, {6, 3, 4})), IndexError);
}

TEST(Indexing, IndexAddSumsSlices) {
  const Tensor x = ones({3, 2}, DType::i64), index = tensor<int64_t>({2, 2});
  const Tensor source = tensor<int64_t>({1, 2, 3, 4}, {2, 2});
  EXPECT_EQ(index_add(x, 0, index, source, 2).to_vector<double>(), (Values{1, 1, 1, 1, 9, 13}));
  EXPECT_THROW(index_add(x, 0, index, source, 0.5), DTypeError);
  EXPECT_THROW(index_add(x, 1, index, source), ShapeError);
  EXPECT_THROW(index_add(x, 0, index + 1, source), IndexError);
  EXPECT_EQ(index_add(scalar(1.0F), 0, tensor<int64_t>({0}), scalar(2.0F)).item<float>(), 3.0F);
}

TEST(Indexing, IndexSelectOnAnyAxis) {
  const Tensor x = reshape(arange(0, 12), {2, 3, 2});
  const Tensor index = tensor<int32_t>({2, 0, 2});
  EXPECT_EQ(index_select(x, 1, index).to_vector<double>(),
            (Values{4, 5, 0, 1, 4, 5, 10, 11, 6, 7, 10, 11}));
  EXPECT_EQ(index_select(x, -1, scalar<int64_t>(1)).shape(), (Shape{2, 3, 1}));
  EXPECT_EQ(index_select(permute(x, {2, 1, 0}), 0, tensor<int64_t>({1})).to_vector<double>(),
            (Values{1, 7, 3, 9, 5, 11}));
  EXPECT_EQ(index_select(x, 0, zeros({0}, DType::i64)).shape(), (Shape{0, 3, 2}));
}

TEST(Indexing, EmbeddingPassesThePaddingRowBy) {
  Tensor weight = reshape(arange(0, 8, 1, DType::f64), {4, 2}).set_requires_grad();
  const Tensor index = tensor<int64_t>({3, 1, 1, 0}, {2, 2});
  const Tensor y = embedding(weight, index, 1);
  EXPECT_EQ(y.shape(), (Shape{2, 2, 2}));
  EXPECT_EQ(y.to_vector<double>(), (Values{6, 7, 2, 3, 2, 3, 0, 1}));
  backward(sum(y * y));
  EXPECT_EQ(weight.grad().to_vector<double>(), (Values{0, 2, 0, 0, 0, 0, 12, 14}));
  weight.set_grad({});
  backward(sum(embedding(weight, index, -1)));
  EXPECT_EQ(weight.grad().to_vector<double>(), (Values{1, 1, 2, 2, 0, 0, 0, 0}));
}

TEST(Indexing, OneHot) {
  const Tensor y = one_hot(tensor<int64_t>({2, 0}));
  EXPECT_EQ(y.dtype(), DType::i64);
  EXPECT_EQ(y.shape(), (Shape{2, 3}));
  EXPECT_EQ(y.to_vector<double>(), (Values{0, 0, 1, 1, 0, 0}));
  EXPECT_EQ(one_hot(scalar<int64_t>(1), 3, DType::f32).to_vector<double>(), (Values{0, 1, 0}));
  EXPECT_EQ(one_hot(zeros({0}, DType::i64), 3).shape(), (Shape{0, 3}));
  EXPECT_THROW(one_hot(zeros({0}, DType::i64)), ValueError);
  EXPECT_THROW(one_hot(tensor<int64_t>({-1})), IndexError);
  EXPECT_THROW(one_hot(tensor<int64_t>({3}), 3), IndexError);
}

TEST(Indexing, Flip) {
  const Tensor x = reshape(arange(0, 6), {2, 3});
  EXPECT_EQ(flip(x, {1}).to_vector<double>(), (Values{2, 1, 0, 5, 4, 3}));
  EXPECT_EQ(flip(transpose(x, 0, 1), {0, 1}).to_vector<double>(), (Values{5, 2, 4, 1, 3, 0}));
  EXPECT_EQ(flip(zeros({0, 2}), {0, 1}).numel(), 0);
  EXPECT_THROW(flip(x, {0, -2}), ValueError);
}

TEST(Indexing, BadIndicesAreNamedBeforeAnythingIsWritten) {
  const Tensor x = zeros({2, 3});
  EXPECT_EQ(message_of<IndexError>([&] {
              gather(x, 1, tensor<int64_t>({0, 2, 1, 3}, {2, 2}));
            }),
            "[gather] index 3 at [1, 1] is outside of [0, 2]");
  EXPECT_EQ(message_of<IndexError>([&] {
              scatter_add(x, 0, tensor<int64_t>({-1, 0}, {1, 2}), ones({1, 2}));
            }),
            "[scatter_add] index -1 at [0, 0] is outside of [0, 1]");
  EXPECT_EQ(message_of<IndexError>([&] {
              index_select(x, 0, tensor<int64_t>({0, 2}));
            }),
            "[index_select] index 2 at [1] is outside of [0, 1]");
  EXPECT_EQ(message_of<IndexError>([&] { embedding(x, tensor<int32_t>({7})); }),
            "[embedding] index 7 at [0] is outside of [0, 1]");
  EXPECT_EQ(message_of<IndexError>([&] {
              embedding(zeros({0, 3}), tensor<int32_t>({7}));
            }),
            "[embedding] index 7 at [0], and nothing to choose from");
  EXPECT_THROW(gather(x, 1, zeros({2, 2})), DTypeError);
  EXPECT_THROW(gather(x, 1, zeros({2}, DType::i64)), ShapeError);
  EXPECT_THROW(gather(x, 1, zeros({3, 3}, DType::i64)), ShapeError);
  EXPECT_THROW(gather(x, 2, zeros({2, 3}, DType::i64)), IndexError);
  EXPECT_THROW(scatter_add(x, 0, zeros({2, 2}, DType::i64), ones({1, 2})), ShapeError);
  EXPECT_THROW(scatter_add(x, 0, zeros({1, 2}, DType::i64), ones({1, 2}, DType::f64)), DTypeError);
  EXPECT_THROW(index_select(x, 0, zeros({1, 2}, DType::i64)), ShapeError);
  EXPECT_THROW(embedding(zeros({2}), zeros({1}, DType::i64)), ShapeError);
  EXPECT_THROW(embedding(x, zeros({1}, DType::i64), 2), ValueError);
  EXPECT_THROW(gather(x, 0, zeros({1, 1}, DType::i64, kMeta)), DeviceError);
}

TEST(Indexing, MetaTensorsGetShapes) {
  const Tensor x = zeros({50, 8}, DType::f32, kMeta);
  EXPECT_EQ(embedding(x, zeros({2, 7}, DType::i64, kMeta)).shape(), (Shape{2, 7, 8}));
  EXPECT_EQ(gather(x, 0, zeros({3, 8}, DType::i64, kMeta)).shape(), (Shape{3, 8}));
}

TEST(Indexing, SumsHaveTheSameBitsOnAnyNumberOfThreads) {
  const int before = thread_count();
  const Tensor index = randint(0, 40, {5000});
  const Tensor dy = randn({5000, 300});
  const Tensor flat = randint(0, 40, {300, 500}), source = randn({300, 500});
  std::vector<std::vector<float>> seen[3];
  for (const int threads : {1, 2, 3, 4}) {
    set_thread_count(threads);
    Tensor weight = zeros({40, 300}).set_requires_grad();
    backward(embedding(weight, index), dy);
    seen[0].push_back(weight.grad().to_vector<float>());
    seen[1].push_back(scatter_add(zeros({40, 500}), 0, flat, source).to_vector<float>());
    seen[2].push_back(scatter_add(zeros({300, 40}), 1, flat, source).to_vector<float>());
  }
  set_thread_count(before);
  for (const auto& runs : seen) {
    for (const auto& run : runs) EXPECT_EQ(run, runs[0]);
  }
}

TEST(Indexing, GradientsOfGradients) {
  const Tensor index = tensor<int64_t>({2, 0, 2, 1}, {2, 2});
  const auto f = [&](std::span<const Tensor> in) {
    const Tensor g = gather(in[0] * in[0], 1, index);
    const Tensor e = embedding(in[1] * in[1], index);
    return std::vector{g * g, e * e, index_select(in[1] * in[1], 1, tensor<int64_t>({1, 1}))};
  };
  const std::vector<Tensor> in = {
      rand({2, 3}, -1, 1, DType::f64).set_requires_grad(),
      rand({3, 2}, -1, 1, DType::f64).set_requires_grad(),
  };
  EXPECT_LT(gradcheck(f, in, 1).error, 1e-8);
  EXPECT_LT(gradcheck(f, in, 2).error, 1e-7);
}

TEST(Indexing, ProductsOfZerosHaveTheirDerivatives) {
  // Places with no zero, with one to three of them, and with a zero of x's own.
  const Tensor index = tensor<int64_t>({0, 1, 1, 2, 2, 2, 3, 3, 3, 3, 4, 4, 0}, {13, 1});
  const Tensor source =
      tensor<double>({2, 0, 3, 0, 0, -1.5, 0, 0.5, 0, 0, 0, 1.25, -0.75}, {13, 1});
  const auto f = [&](std::span<const Tensor> in) {
    return std::vector{scatter_reduce(in[0], 0, index, in[1], ScatterReduce::prod)};
  };
  const std::vector<Tensor> in = {
      tensor<double>({1.5, -2, 0.5, 3, 0}, {5, 1}).set_requires_grad(),
      copy(source).set_requires_grad(),
  };
  EXPECT_LT(gradcheck(f, in, 1).error, 1e-8);
  EXPECT_LT(gradcheck(f, in, 2).error, 1e-7);
  EXPECT_EQ(f(in)[0].to_vector<double>(), (std::vector<double>{-2.25, 0, 0, 0, 0}));
}

TEST(MaskedFill, CutsFractionsOffIntegers) {
  const Tensor x = tensor<int64_t>({5, 6}, {2}), all = ones({2}, DType::boolean);
  EXPECT_EQ(masked_fill(x, all, 1.5).to_vector<int64_t>(), (std::vector<int64_t>{1, 1}));
  EXPECT_EQ(masked_fill(x, all, -1.7).to_vector<int64_t>(), (std::vector<int64_t>{-1, -1}));
  EXPECT_THROW(masked_fill(x, all, std::nan("")), ValueError);
  EXPECT_THROW(masked_fill(x, all, 1e19), ValueError);
}

}  // namespace
}  // namespace strata
