#include "strata/ops/view_scatter.h"

#include <vector>

#include <gtest/gtest.h>

#include "strata/autograd/backward.h"
#include "strata/base/error.h"
#include "strata/ops/arithmetic.h"
#include "strata/ops/copy.h"
#include "strata/ops/creation.h"
#include "strata/ops/reduce.h"
#include "strata/ops/views.h"
#include "tests/support/message.h"

namespace strata {
namespace {

using testing::message;
using Values = std::vector<double>;

Values values(const Tensor& x) { return x.to_vector<double>(); }
Tensor table() { return tensor<float>({0, 1, 2, 3, 4, 5}, {2, 3}); }

TEST(ViewScatter, WritesIntoACopy) {
  const Tensor x = table();
  EXPECT_EQ(values(select_scatter(x, tensor<float>({8, 9}), 1, -1)), (Values{0, 1, 8, 3, 4, 9}));
  EXPECT_EQ(values(slice_scatter(x, tensor<float>({7, 8, 9}, {1, 3}), 0, -1)),
            (Values{0, 1, 2, 7, 8, 9}));
  EXPECT_EQ(values(slice_scatter(x, tensor<float>({6, 7, 8, 9}, {2, 2}), 1, 0, 99, 2)),
            (Values{6, 1, 7, 8, 4, 9}));
  EXPECT_EQ(values(diagonal_scatter(x, tensor<float>({8, 9}), 1)), (Values{0, 8, 2, 3, 4, 9}));
  EXPECT_EQ(values(x), (Values{0, 1, 2, 3, 4, 5}));
  // Other layouts, dtypes and sizes of nothing.
  const Tensor turned = select_scatter(transpose(x, 0, 1), tensor<int64_t>({-1, -2}), 0, 1);
  EXPECT_EQ(values(turned), (Values{0, 3, -1, -2, 2, 5}));
  EXPECT_TRUE(turned.is_contiguous());
  EXPECT_EQ(values(slice_scatter(x, zeros({0, 3}), 0, 2, 1)), values(x));
  EXPECT_EQ(describe(slice_scatter(zeros({2, 0}, DType::bf16), zeros({1, 0}), 0, 1)), "bf16[2, 0]");
  EXPECT_EQ(values(diagonal_scatter(x, zeros({0}), 3)), values(x));
  for (const DType t : {DType::bf16, DType::f16, DType::f64, DType::i32, DType::boolean}) {
    const Tensor y = select_scatter(cast(x, t), ones({3}), 0, 1);
    EXPECT_EQ(y.dtype(), t);
    EXPECT_EQ(values(select(y, 0, 1)), (Values{1, 1, 1}));
  }
}

TEST(ViewScatter, IsHowALoopFillsATensor) {
  // out[:, t] = h, with h = tanh-like products of what was written before.
  const Tensor w = tensor<double>({0.5, -2}).set_requires_grad();
  Tensor out = zeros({2, 3}, DType::f64);
  Tensor h = w;
  for (int t = 0; t < 3; ++t) {
    out = select_scatter(out, h, 1, t);
    h = select(out, 1, t) * w;
  }
  EXPECT_EQ(values(out), (Values{0.5, 0.25, 0.125, -2, 4, -8}));
  backward(sum(out));
  EXPECT_EQ(values(w.grad()), (Values{1 + 2 * 0.5 + 3 * 0.25, 1 + 2 * -2 + 3 * 4}));
  // What is written over has no gradient.
  const Tensor x = ones({2, 2}).set_requires_grad();
  backward(sum(slice_scatter(x * 3, scalar(7.0F) + zeros({1, 2}), 0, 1)));
  EXPECT_EQ(values(x.grad()), (Values{3, 3, 0, 0}));
}

TEST(ViewScatter, GradientsAcrossDTypes) {
  const Tensor x = ones({2, 3}, DType::bf16).set_requires_grad();
  const Tensor y = ones({3}, DType::f64).set_requires_grad();
  backward(sum(select_scatter(x, y, 0, 0) * 2));
  EXPECT_EQ(describe(x.grad()), "bf16[2, 3]");
  EXPECT_EQ(describe(y.grad()), "f64[3]");
  EXPECT_EQ(values(x.grad()), (Values{0, 0, 0, 2, 2, 2}));
  EXPECT_EQ(values(y.grad()), (Values{2, 2, 2}));
  // Into integers nothing flows.
  EXPECT_FALSE(select_scatter(zeros({2, 3}, DType::i64), y, 0, 0).requires_grad());
}

TEST(ViewScatter, NamesWhatIsWrong) {
  const Tensor x = table();
  EXPECT_EQ(message<ShapeError>([&] { select_scatter(x, zeros({2}), 0, 1); }),
            "[select_scatter] the source f32[2] does not fill [3], what is written of f32[2, 3]");
  EXPECT_EQ(message<ShapeError>([&] {
              slice_scatter(x, zeros({1, 3}), 0, 0, 2);
            }),
            "[slice_scatter] the source f32[1, 3] does not fill [2, 3], what is written of "
            "f32[2, 3]");
  EXPECT_EQ(message<ShapeError>([&] { diagonal_scatter(x, zeros({1})); }),
            "[diagonal_scatter] the source f32[1] does not fill [2], what is written of f32[2, 3]");
  EXPECT_THROW(select_scatter(x, zeros({3}), 0, 2), IndexError);
  EXPECT_THROW(select_scatter(scalar(1.0F), scalar(1.0F), 0, 0), IndexError);
  EXPECT_THROW(slice_scatter(x, x, 0, 0, 2, 0), ValueError);
  EXPECT_THROW(diagonal_scatter(x, zeros({2}), 0, 1, -1), ValueError);
  EXPECT_THROW(select_scatter(x, empty({3}, DType::f32, kMeta), 0, 1), DeviceError);
}

}  // namespace
}  // namespace strata
