#include "strata/ops/index_put.h"

#include <limits>
#include <vector>

#include <gtest/gtest.h>

#include "strata/autograd/gradcheck.h"
#include "strata/base/error.h"
#include "strata/base/parallel.h"
#include "strata/ops/arithmetic.h"
#include "strata/ops/compare.h"
#include "strata/ops/copy.h"
#include "strata/ops/creation.h"
#include "strata/ops/reduce.h"
#include "strata/ops/views.h"
#include "tests/support/message.h"

namespace strata {
namespace {

using Values = std::vector<double>;

Tensor table() { return tensor<float>({0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11}, {3, 4}); }

TEST(Index, PlacesOfAllKinds) {
  const Tensor i = tensor<int64_t>({2, -3}), j = tensor<int64_t>({-1, 0});
  EXPECT_EQ(index(table(), {i, j}).to_vector<double>(), (Values{11, 0}));
  EXPECT_EQ(index(table(), {i}).to_vector<double>(), (Values{8, 9, 10, 11, 0, 1, 2, 3}));
  EXPECT_EQ(index(table(), {{}, j}).to_vector<double>(), (Values{3, 0, 7, 4, 11, 8}));
  EXPECT_EQ(index(table(), {unsqueeze(i, 1), j}).to_vector<double>(), (Values{11, 8, 3, 0}));
  EXPECT_EQ(index(table(), {cast(i, DType::i8), scalar<int64_t>(1)}).to_vector<double>(),
            (Values{9, 1}));
  EXPECT_EQ(index(table(), {scalar<int64_t>(1), scalar<int64_t>(2)}).item<float>(), 6);
  EXPECT_EQ(index(transpose(table(), 0, 1), {j}).to_vector<double>(), (Values{3, 7, 11, 0, 4, 8}));
  EXPECT_EQ(index(table(), {zeros({0, 2}, DType::i64)}).shape(), (Shape{0, 2, 4}));
  // A whole axis between two: what they broadcast to comes first.
  const Tensor cube = reshape(table(), {3, 2, 2});
  EXPECT_EQ(index(cube, {i, {}, tensor<int64_t>({0, 1})}).to_vector<double>(),
            (Values{8, 10, 1, 3}));
  for (const DType t : {DType::bf16, DType::f16, DType::f64, DType::i32, DType::boolean}) {
    EXPECT_EQ(index(cast(table(), t), {i, j}).dtype(), t);
  }
}

TEST(Index, MasksCountAsTheirPlaces) {
  EXPECT_EQ(index(table(), {table() > 8}).to_vector<double>(), (Values{9, 10, 11}));
  const Tensor rows = tensor<int64_t>({1, 0, 1}) == 1;
  EXPECT_EQ(index(table(), {rows}).to_vector<double>(), (Values{0, 1, 2, 3, 8, 9, 10, 11}));
  EXPECT_EQ(index(table(), {rows, tensor<int64_t>({1, -1})}).to_vector<double>(), (Values{1, 11}));
  EXPECT_EQ(index(table(), {{}, select(table(), 0, 0) > 1}).to_vector<double>(),
            (Values{2, 3, 6, 7, 10, 11}));
  EXPECT_EQ(index(table(), {table() > 99}).shape(), (Shape{0}));
  EXPECT_EQ(index_put(table(), {table() > 1}, scalar(-1.0F)).to_vector<double>(),
            (Values{0, 1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1}));
  EXPECT_EQ(testing::message<ShapeError>([&] {
              index(table(), {{}, rows});
            }),
            "[index] the mask bool[3] does not have the sizes of f32[3, 4] from axis 1 on");
  EXPECT_THROW(index(empty({3}, DType::f32, kMeta), {empty({3}, DType::boolean, kMeta)}),
               DeviceError);
}

TEST(Index, NamesWhatIsWrong) {
  const Tensor i = tensor<int64_t>({0, 3});
  EXPECT_EQ(testing::message<IndexError>([&] { index(table(), {i}); }),
            "[index] index 3 of i64[2] is outside of axis 0 of f32[3, 4]");
  EXPECT_EQ(testing::message<IndexError>([&] {
              index_put(table(), {{}, tensor<int64_t>({1, -5})}, scalar(1.0F));
            }),
            "[index_put] index -5 of i64[2] is outside of axis 1 of f32[3, 4]");
  EXPECT_EQ(testing::message<ShapeError>([&] {
              index_put(table(), {tensor<int64_t>({0, 1})}, zeros({2, 1, 4}));
            }),
            "[index_put] the values f32[2, 1, 4] do not broadcast to [2, 4], what is indexed of "
            "f32[3, 4]");
  // Numbers of rows that would overflow.
  const int64_t largest = std::numeric_limits<int64_t>::max();
  for (const int64_t bad : {largest, -largest - 1}) {
    EXPECT_THROW(index(table(), {tensor<int64_t>({2}), tensor({bad})}), IndexError);
    EXPECT_THROW(index(table(), {tensor({bad}), tensor<int64_t>({2})}), IndexError);
  }
  EXPECT_THROW(index(table(), {i, i, i}), ShapeError);
  EXPECT_THROW(index(table(), {i, zeros({3}, DType::i64)}), ShapeError);
  EXPECT_THROW(index(table(), {zeros({2})}), DTypeError);
  EXPECT_THROW(index(table(), {Tensor(), Tensor()}), ValueError);
  EXPECT_THROW(index(table(), {zeros({2}, DType::i64, kMeta)}), DeviceError);
  EXPECT_THROW(index_put(table(), {zeros({2}, DType::i64)}, zeros({4}, DType::f64)), DTypeError);
  EXPECT_THROW(index(zeros({0, 2}), {zeros({1}, DType::i64)}), IndexError);
  const Tensor meta = empty({3, 4}, DType::bf16, kMeta);
  EXPECT_EQ(describe(index(meta, {{}, empty({2, 5}, DType::i64, kMeta)})), "bf16[3, 2, 5]");
}

TEST(IndexPut, SumsInTheOrderOfTheIndex) {
  // 1e8 takes a following 1 in, one before it is kept.
  const Tensor x = zeros({2}), at = tensor<int64_t>({0, 0, 0, 1, 1, -1});
  const Tensor values = tensor<float>({1e8F, 1, -1e8F, 1e8F, -1e8F, 1});
  EXPECT_EQ(index_put(x, {at}, values, true).to_vector<double>(), (Values{0, 1}));
  EXPECT_EQ(index_put(x, {at}, values).to_vector<double>(), (Values{-1e8, 1}));
  EXPECT_EQ(x.to_vector<double>(), (Values{0, 0}));
  const Tensor half = index_put(zeros({1}, DType::bf16), {zeros({512}, DType::i64)},
                                ones({512}, DType::bf16), true);
  EXPECT_EQ(half.item<float>(), 512);  // in bf16 it would stay at 256

  const int before = thread_count();
  const Tensor rows = randint(-50, 50, {4000}), columns = randint(0, 7, {4000});
  const Tensor many = randn({4000, 33}), into = randn({50, 7, 33});
  set_thread_count(1);
  const auto one = index_put(into, {rows, columns}, many, true).to_vector<double>();
  for (const int threads : {2, 3, 4}) {
    set_thread_count(threads);
    EXPECT_EQ(index_put(into, {rows, columns}, many, true).to_vector<double>(), one);
  }
  set_thread_count(before);
}

TEST(IndexPut, LetsTheLastStayAndGivesEachItsGradient) {
  const Tensor at = tensor<int64_t>({1, 1, 2});
  EXPECT_EQ(index_put(zeros({3}), {at}, tensor<float>({4, 5, 6})).to_vector<double>(),
            (Values{0, 5, 6}));
  std::vector<Tensor> inputs{randn({4, 5, 2}, 0, 1, DType::f64), randn({3, 2}, 0, 1, DType::f64)};
  for (Tensor& x : inputs) x.set_requires_grad();
  const auto f = [&](std::span<const Tensor> in) {
    const Tensor y = index_put(in[0], {at, tensor<int64_t>({0, -5, 3})}, in[1], true);
    return std::vector{y * y * y};
  };
  EXPECT_LE(gradcheck(f, inputs).error, 1e-6);
  EXPECT_LE(gradcheck(f, inputs, 2).error, 1e-6);
  const auto masked = [&](std::span<const Tensor> in) {
    const Tensor y = index_put(in[0], {in[0].detach() > 0.5}, select(select(in[1], 0, 0), 0, 1));
    return std::vector{y * y};
  };
  EXPECT_LE(gradcheck(masked, inputs).error, 1e-6);
}

TEST(Take, CountsThroughAllAxes) {
  EXPECT_EQ(take(table(), tensor<int64_t>({0, -1, 5, 5}, {2, 2})).to_vector<double>(),
            (Values{0, 11, 5, 5}));
  EXPECT_EQ(take(transpose(table(), 0, 1), scalar<int64_t>(1)).item<float>(), 4);
  EXPECT_THROW(take(table(), tensor<int64_t>({12})), IndexError);
  EXPECT_THROW(take(table(), table() > 0), DTypeError);
  EXPECT_EQ(take(scalar(3.0F), tensor<int64_t>({0, -1})).to_vector<double>(), (Values{3, 3}));
}

TEST(TakeAlongDim, Broadcasts) {
  const Tensor at = tensor<int64_t>({2, 0}, {1, 2});
  EXPECT_EQ(take_along_dim(table(), at, 1).to_vector<double>(), (Values{2, 0, 6, 4, 10, 8}));
  EXPECT_EQ(take_along_dim(slice(table(), 0, 1, 2), tensor<int64_t>({3, 1}, {2, 1}), 1)
                .to_vector<double>(),
            (Values{7, 5}));
  EXPECT_THROW(take_along_dim(table(), tensor<int64_t>({0}), 1), ShapeError);
  EXPECT_THROW(take_along_dim(table(), zeros({2, 1}, DType::i64), 1), ShapeError);
  EXPECT_THROW(take_along_dim(table(), tensor<int64_t>({-1}, {1, 1}), 1), IndexError);
}

TEST(IndexFill, AndCopy) {
  const Tensor at = tensor<int64_t>({1, -4});
  EXPECT_EQ(index_fill(table(), 1, at, 9).to_vector<double>(),
            (Values{9, 9, 2, 3, 9, 9, 6, 7, 9, 9, 10, 11}));
  EXPECT_EQ(index_fill(scalar(1.0F), 0, scalar<int64_t>(0), 2).item<float>(), 2);
  EXPECT_THROW(index_fill(table(), 0, at, 1), IndexError);
  EXPECT_THROW(index_fill(table(), 0, table() > 1, 1), ShapeError);
  EXPECT_THROW(index_fill(table(), 0, zeros({2}, DType::boolean), 1), DTypeError);

  const Tensor source = tensor<float>({-1, -2, -3}, {3, 1});
  EXPECT_EQ(index_copy(table(), 1, scalar<int64_t>(2), source).to_vector<double>(),
            (Values{0, 1, -1, 3, 4, 5, -2, 7, 8, 9, -3, 11}));
  EXPECT_EQ(index_copy(scalar(1.0F), 0, scalar<int64_t>(0), scalar(5.0F)).item<float>(), 5);
  EXPECT_EQ(testing::message<IndexError>([&] { index_copy(table(), 1, at, source); }),
            "[index_copy] index -4 of i64[2] is outside of axis 1 of f32[3, 4]");
  EXPECT_EQ(testing::message<ShapeError>([&] {
              index_copy(table(), 1, tensor<int64_t>({0, 1}), source);
            }),
            "[index_copy] index i64[2] asks for a source of [3, 2] for x f32[3, 4], got f32[3, 1]");
}

TEST(Put, CountsInRowMajorOrder) {
  const Tensor x = tensor({{1, 2, 3}, {4, 5, 6}});
  const Tensor at = tensor<int32_t>({4, -1, 4}), numbers = tensor<int32_t>({10, 20, 30});
  EXPECT_EQ(put(x, at, numbers).to_vector<double>(), (std::vector<double>{1, 2, 3, 4, 30, 20}));
  EXPECT_EQ(put(x, at, numbers, true).to_vector<double>(),
            (std::vector<double>{1, 2, 3, 4, 45, 26}));
  EXPECT_EQ(put(scalar(1.0F), scalar<int64_t>(-1), ones({1, 1}) * 5).item<float>(), 5);
  EXPECT_EQ(describe(put(zeros({0, 2}), zeros({0}, DType::i64), zeros({0}))), "f32[0, 2]");
  EXPECT_EQ(describe(put(zeros({2}, DType::f32, kMeta), zeros({1}, DType::i64, kMeta),
                         zeros({1}, DType::f32, kMeta))),
            "f32[2]");
  EXPECT_THROW(put(x, tensor({6}), tensor({1})), IndexError);
  EXPECT_THROW(put(x, tensor({-7}), tensor({1})), IndexError);
  EXPECT_THROW(put(x, tensor({1}), tensor({1.0})), DTypeError);
  EXPECT_THROW(put(x, tensor({1.0}), tensor({1})), DTypeError);
  EXPECT_EQ(testing::message<ShapeError>([&] {
              put(x, at, tensor({1, 2}));
            }),
            "[put] index i32[3] asks for as many elements of source, got i32[2]");
}

}  // namespace
}  // namespace strata
