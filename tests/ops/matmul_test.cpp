#include "strata/ops/matmul.h"

#include <cmath>
#include <limits>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "strata/autograd/backward.h"
#include "strata/base/error.h"
#include "strata/base/work_counter.h"
#include "strata/ops/copy.h"
#include "strata/ops/creation.h"
#include "strata/ops/reduce.h"
#include "strata/ops/views.h"
#include "tests/support/message.h"

namespace strata {
namespace {

using testing::message;

TEST(MatmulOp, SaysWhatIsWrong) {
  EXPECT_EQ(message<ShapeError>([] {
              matmul(ones({2, 3}), ones({4, 3}));
            }),
            "[matmul] inner sizes differ: a is f32[2, 3], b is f32[4, 3]; a's last (3) must equal "
            "b's second-to-last (4)\n  hint: transpose(b, -1, -2)?");
  EXPECT_EQ(message<ShapeError>([] {
              matmul(ones({2, 3}), ones({4, 5}));
            }),
            "[matmul] inner sizes differ: a is f32[2, 3], b is f32[4, 5]; a's last (3) must equal "
            "b's second-to-last (4)");
  EXPECT_EQ(message<ShapeError>([] {
              matmul(ones({2, 3}), ones({4}));
            }),
            "[matmul] inner sizes differ: a is f32[2, 3], b is f32[4]; a's last (3) must equal b's "
            "only (4)");
  EXPECT_EQ(message<ShapeError>([] { matmul(ones({}), ones({4})); }),
            "[matmul] a scalar has no axis to sum over: a is f32[], b is f32[4]\n  hint: a * b?");
  EXPECT_EQ(message<DTypeError>([] {
              matmul(ones({2, 2}), ones({2, 2}, DType::f64));
            }),
            "[matmul] dtypes differ: a is f32[2, 2], b is f64[2, 2]\n  hint: cast() one of them");
  EXPECT_THROW(matmul(ones({2, 2}, DType::boolean), ones({2, 2}, DType::boolean)), DTypeError);
  EXPECT_THROW(matmul(ones({2, 3, 4}), ones({3, 4, 5})), ShapeError);
  EXPECT_THROW(matmul(ones({2, 2}), ones({2, 2}, DType::f32, Device{DeviceType::meta})),
               DeviceError);
}

TEST(MatmulOp, IntegersAreExactAndWrapAround) {
  const int64_t huge = std::numeric_limits<int64_t>::max();
  const Tensor a = tensor<int64_t>({1, huge, 2, 3}, {2, 2});
  EXPECT_EQ(matmul(a, a).to_vector<int64_t>(), (std::vector<int64_t>{-1, -4, 8, 7}));
  const Tensor b = tensor<uint8_t>({100, 100}, {1, 2});
  EXPECT_EQ(matmul(b, transpose(b, 0, 1)).to_vector<int>(), (std::vector<int>{20000 % 256}));
}

TEST(MatmulOp, ReadsViewsInPlace) {
  // Heads of attention: [batch, tokens, heads, width] seen as [batch, heads, tokens, width].
  const Tensor q = randn({2, 5, 3, 4}), k = randn({2, 5, 3, 4});
  const Tensor q_heads = permute(q, {0, 2, 1, 3}), k_heads = permute(k, {0, 2, 3, 1});
  const Tensor scores = matmul(q_heads, k_heads);
  ASSERT_EQ(scores.shape(), (Shape{2, 3, 5, 5}));
  EXPECT_EQ(scores.to_vector<float>(), matmul(copy(q_heads), k_heads).to_vector<float>());
  double sum = 0;
  for (int64_t i = 0; i < 4; ++i) {
    sum += q.data<float>()[(1 * 5 + 2) * 12 + 2 * 4 + i] *
           k.data<float>()[(1 * 5 + 4) * 12 + 2 * 4 + i];
  }
  EXPECT_NEAR(select(select(select(select(scores, 0, 1), 0, 2), 0, 2), 0, 4).item<float>(), sum,
              1e-5);
  // Repeated rows, columns and matrices. Of whole numbers: their sums are exact in any order.
  const Tensor row = tensor<float>({1, -2, 3, 4}, {1, 4});
  const Tensor column = tensor<float>({5, 6, -7, 8}, {4, 1});
  EXPECT_EQ(matmul(expand(row, {3, 4}), expand(column, {4, 2})).to_vector<float>(),
            matmul(copy(expand(row, {3, 4})), copy(expand(column, {4, 2}))).to_vector<float>());
  // Neither rows nor columns in order: copied, with the same answer.
  const Tensor sparse = slice(permute(randn({6, 2, 8}), {1, 0, 2}), 2, 0, 8, 2);
  EXPECT_EQ(matmul(sparse, column).to_vector<float>(),
            matmul(copy(sparse), column).to_vector<float>());
}

TEST(MatmulOp, OnlyTheNeededGradientIsComputed) {
  Tensor a = ones({4, 5}), b = ones({5, 6});
  b.set_requires_grad();
  const Tensor y = sum(matmul(a, b));
  const WorkCounter counter;
  backward(y);
  EXPECT_EQ(counter.macs(), 4 * 5 * 6);
  EXPECT_EQ(b.grad().to_vector<float>(), std::vector<float>(30, 4));
}

TEST(MatmulOp, MetaTensorsHaveShapesAndWork) {
  const Device meta{DeviceType::meta};
  const WorkCounter counter;
  const Tensor y = matmul(empty({8, 1, 100000, 4096}, DType::bf16, meta),
                          empty({3, 4096, 50000}, DType::bf16, meta));
  EXPECT_EQ(y.shape(), (Shape{8, 3, 100000, 50000}));
  EXPECT_EQ(y.dtype(), DType::bf16);
  EXPECT_TRUE(y.is_meta());
  EXPECT_EQ(counter.macs(), int64_t{24} * 100000 * 4096 * 50000);
}

TEST(MatmulOp, NanTimesZeroIsNan) {
  Tensor a = zeros({3, 2});
  a.data<float>()[2] = std::numeric_limits<float>::quiet_NaN();
  const auto y = matmul(a, zeros({2, 2})).to_vector<float>();
  EXPECT_EQ(y[0], 0);
  EXPECT_TRUE(std::isnan(y[2]) && std::isnan(y[3]));
  EXPECT_EQ(y[4], 0);
}

}  // namespace
}  // namespace strata
