#include "strata/ops/masks.h"

#include <cmath>
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

TEST(Nonzero, PlacesInRowMajorOrder) {
  const Tensor x = tensor<double>({0, 1, std::nan(""), 0, -0.0, -2}, {2, 3});
  EXPECT_EQ(nonzero(x).shape(), (Shape{3, 2}));
  EXPECT_EQ(nonzero(x).to_vector<double>(), (Values{0, 1, 0, 2, 1, 2}));
  EXPECT_EQ(nonzero(transpose(x, 0, 1)).to_vector<double>(), (Values{1, 0, 2, 0, 2, 1}));
  for (const DType t : {DType::f32, DType::bf16, DType::i8, DType::boolean}) {
    const Tensor row = cast(tensor<int64_t>({0, 3, 0, 0, 1}), t);
    EXPECT_EQ(nonzero(row).to_vector<double>(), (Values{1, 4})) << name_of(t);
  }
  EXPECT_EQ(nonzero(scalar(2.0F)).shape(), (Shape{1, 0}));
  EXPECT_EQ(nonzero(scalar(0.0F)).shape(), (Shape{0, 0}));
  EXPECT_EQ(nonzero(zeros({2, 0, 3})).shape(), (Shape{0, 3}));
  EXPECT_EQ(nonzero(zeros({2, 3})).shape(), (Shape{0, 2}));
  EXPECT_EQ(testing::message<DeviceError>([] { nonzero(empty({2}, DType::f32, kMeta)); }),
            "[nonzero] the shape depends on values, which meta lacks");
}

/// Sizes of several units of work, with rows of one element, of less than a block and of more.
TEST(Nonzero, EqualsASearchOnAnyNumberOfThreads) {
  const int before = thread_count();
  for (const Shape& shape : {Shape{200003}, Shape{70001, 3}, Shape{3, 67, 1001}, Shape{150000, 1},
                             Shape{2, 100, 7, 131}}) {
    const Tensor x = randint(0, 3, shape, DType::u8);
    const auto flags = x.to_vector<int64_t>();
    std::vector<int64_t> places;
    for (size_t i = 0; i < flags.size(); ++i) {
      if (flags[i] == 0) continue;
      auto rest = static_cast<int64_t>(i);
      std::vector<int64_t> place;
      for (int axis = shape.rank() - 1; axis >= 0; --axis) {
        place.insert(place.begin(), rest % shape[axis]);
        rest /= shape[axis];
      }
      places.insert(places.end(), place.begin(), place.end());
    }
    for (const int threads : {1, 2, 4}) {
      set_thread_count(threads);
      EXPECT_EQ(nonzero(x).to_vector<int64_t>(), places) << to_string(shape) << threads;
    }
  }
  set_thread_count(before);
}

TEST(MaskedSelect, BroadcastsBothAndPassesGradients) {
  const Tensor x = tensor<float>({1, 2, 3, 4, 5, 6}, {2, 3});
  const Tensor row = cast(tensor<int64_t>({1, 0, 1}), DType::boolean);
  EXPECT_EQ(masked_select(x, row).to_vector<double>(), (Values{1, 3, 4, 6}));
  EXPECT_EQ(masked_select(tensor<float>({7, 8}, {2, 1}), row).to_vector<double>(),
            (Values{7, 7, 8, 8}));
  EXPECT_EQ(masked_select(x, x > 9).shape(), (Shape{0}));
  EXPECT_EQ(masked_select(zeros({0, 3}), row).shape(), (Shape{0}));
  EXPECT_EQ(masked_select(scalar(2.0F), scalar(true)).to_vector<double>(), (Values{2}));
  for (const DType t : {DType::f16, DType::bf16, DType::f64, DType::i64, DType::u8}) {
    EXPECT_EQ(masked_select(cast(x, t), x > 3).dtype(), t);
    EXPECT_EQ(masked_select(cast(x, t), x > 3).to_vector<double>(), (Values{4, 5, 6}));
  }

  Tensor a = randn({2, 1, 3}, 0, 1, DType::f64);
  a.set_requires_grad();
  const Tensor mask = randn({4, 3}) > 0;
  const auto f = [&](std::span<const Tensor> in) {
    const Tensor y = masked_select(in[0], mask);
    return std::vector{y * y};
  };
  const std::vector<Tensor> inputs{a};
  EXPECT_LE(gradcheck(f, inputs).error, 1e-6);
  EXPECT_LE(gradcheck(f, inputs, 2).error, 1e-6);
}

TEST(MaskedSelect, NamesWhatDoesNotFit) {
  const Tensor x = zeros({2, 3});
  EXPECT_EQ(testing::message<DTypeError>([&] { masked_select(x, x); }),
            "[masked_select] the mask must be bool, got f32[2, 3]\n  hint: ne(t, 0) makes one");
  EXPECT_THROW(masked_select(x, zeros({2}, DType::boolean)), ShapeError);
  EXPECT_THROW(masked_select(empty({2, 3}, DType::f32, kMeta), x == 0), DeviceError);
  EXPECT_THROW(masked_select(empty({3}, DType::f32, kMeta), empty({3}, DType::boolean, kMeta)),
               DeviceError);
}

TEST(MaskedScatter, TakesTheFirstElements) {
  const Tensor x = zeros({2, 3}), mask = tensor<int64_t>({1, 0, 1, 0, 1, 0}, {2, 3}) == 1;
  const Tensor source = tensor<float>({5, 6, 7, 8}, {2, 2});
  EXPECT_EQ(masked_scatter(x, mask, source).to_vector<double>(), (Values{5, 0, 6, 0, 7, 0}));
  EXPECT_EQ(masked_scatter(zeros({3}), mask, source).to_vector<double>(),
            (Values{5, 0, 6, 0, 7, 0}));
  EXPECT_EQ(masked_scatter(x, x > 0, zeros({0})).to_vector<double>(), Values(6, 0));
  EXPECT_EQ(testing::message<ValueError>([&] { masked_scatter(x, mask, zeros({2})); }),
            "[masked_scatter] 3 elements of the mask are true, but source f32[2] has 2");
  EXPECT_THROW(masked_scatter(x, mask, zeros({9}, DType::f64)), DTypeError);
  EXPECT_THROW(masked_scatter(x, x, source), DTypeError);
  const Tensor far = empty({2, 3}, DType::f32, kMeta), hidden = empty({2}, DType::boolean, kMeta);
  EXPECT_EQ(testing::message<DeviceError>(
                [&] { masked_scatter(empty({2}, DType::f32, kMeta), hidden, zeros({2})); }),
            "[masked_scatter] tensors on different devices: f32[2] on meta, f32[2] on cpu\n"
            "  hint: what is made on meta has no values: make both on meta or neither");
  EXPECT_THROW(masked_scatter(x, mask, far), DeviceError);
}

TEST(CountNonzero, CountsNan) {
  const Tensor x = tensor<float>({0, std::nanf(""), 2, 0, 0, -1}, {2, 3});
  EXPECT_EQ(count_nonzero(x).item<int64_t>(), 3);
  EXPECT_EQ(count_nonzero(x, {1}).to_vector<double>(), (Values{2, 1}));
  EXPECT_EQ(count_nonzero(x > 1, {0}, true).shape(), (Shape{1, 3}));
  EXPECT_EQ(count_nonzero(zeros({0, 2}), {0}).to_vector<double>(), (Values{0, 0}));
}

}  // namespace
}  // namespace strata
