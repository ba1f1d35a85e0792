#include "strata/ops/linear.h"

#include <cmath>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "strata/autograd/backward.h"
#include "strata/base/error.h"
#include "strata/base/work_counter.h"
#include "strata/ops/activations.h"
#include "strata/ops/creation.h"
#include "strata/ops/matmul.h"
#include "strata/ops/reduce.h"
#include "strata/ops/unary.h"
#include "strata/ops/views.h"
#include "strata/tape/grad_mode.h"
#include "tests/support/message.h"

namespace strata {
namespace {

using testing::message;

TEST(LinearOp, SaysWhatIsWrong) {
  const Tensor w = ones({4, 3});
  EXPECT_EQ(message<ShapeError>([&] {
              linear(ones({2, 4}), w);
            }),
            "[linear] x's last axis must equal w's (3): x is f32[2, 4], w is f32[4, 3]\n  hint: "
            "weights are [out, in]: transpose(w, 0, 1)?");
  EXPECT_EQ(message<ShapeError>([&] {
              linear(ones({2, 3}), w, ones({3}));
            }),
            "[linear] bias must be [4]: x is f32[2, 3], w is f32[4, 3], bias is f32[3]");
  EXPECT_EQ(message<DTypeError>([&] {
              linear(ones({2, 3}, DType::bf16), w);
            }),
            "[linear] dtypes differ: x is bf16[2, 3], w is f32[4, 3]\n  hint: cast() one of them");
  EXPECT_THROW(linear(ones({2, 3}), ones({3})), ShapeError);
  EXPECT_THROW(linear(ones({}), w), ShapeError);
  EXPECT_THROW(linear(ones({2, 3}, DType::i64), ones({4, 3}, DType::i64)), DTypeError);
}

TEST(LinearOp, FusedActivationsEqualSteps) {
  const Tensor x = randn({2, 9, 20}), w = randn({33, 20}), b = randn({33});
  const Tensor z = linear(x, w, b);
  const auto near = [](const Tensor& a, const Tensor& e) {
    ASSERT_EQ(a.shape(), e.shape());
    const auto p = a.to_vector<float>(), q = e.to_vector<float>();
    for (size_t i = 0; i < p.size(); ++i) ASSERT_NEAR(p[i], q[i], 2e-6 * (1 + std::abs(q[i])));
  };
  near(linear(x, w, b, Activation::relu), relu(z));
  near(linear(x, w, b, Activation::gelu_erf), gelu(z));
  near(linear(x, w, b, Activation::gelu_tanh), gelu_tanh(z));
  near(linear(x, w, b, Activation::sigmoid), sigmoid(z));
  near(linear(x, w, b, Activation::tanh), tanh(z));
  near(linear(x, w, b, Activation::silu), silu(z));
}

TEST(LinearOp, FirstLayersComputeNoInputGradient) {
  const Tensor x = ones({4, 5});
  Tensor w = ones({6, 5}), b = ones({6});
  w.set_requires_grad();
  b.set_requires_grad();
  const Tensor y = sum(linear(x, w, b, Activation::relu));
  const WorkCounter counter;
  backward(y);
  EXPECT_EQ(counter.macs(), 4 * 5 * 6);
  EXPECT_EQ(b.grad().to_vector<float>(), std::vector<float>(6, 4));
}

TEST(LinearOp, WorksOnViewsAndMeta) {
  const Tensor x = randn({5, 8}), w = randn({8, 4});
  EXPECT_EQ(linear(x, transpose(w, 0, 1)).to_vector<float>(), matmul(x, w).to_vector<float>());
  const Tensor columns = transpose(randn({8, 6}), 0, 1);
  EXPECT_EQ(linear(columns, transpose(w, 0, 1)).to_vector<float>(),
            matmul(columns, w).to_vector<float>());
  const Device meta{DeviceType::meta};
  const WorkCounter counter;
  EXPECT_EQ(linear(empty({7, 1000, 5}, DType::f32, meta), empty({9, 5}, DType::f32, meta)).shape(),
            (Shape{7, 1000, 9}));
  EXPECT_EQ(counter.macs(), 7 * 1000 * 5 * 9);
}

}  // namespace
}  // namespace strata
