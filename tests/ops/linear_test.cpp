#include "strata/ops/linear.h"

#include <cmath>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "strata/autograd/backward.h"
#include "strata/base/error.h"
#include "strata/base/parallel.h"
#include "strata/base/work_counter.h"
#include "strata/ops/activations.h"
#include "strata/ops/arithmetic.h"
#include "strata/ops/copy.h"
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

TEST(LinearOp, NarrowWeightsGiveTheResultsOfTheirF32Values) {
  const auto near = [](const Tensor& a, const Tensor& e) {
    ASSERT_EQ(a.shape(), e.shape());
    const auto p = a.to_vector<float>(), q = e.to_vector<float>();
    for (size_t i = 0; i < p.size(); ++i) ASSERT_NEAR(p[i], q[i], 1e-5 * (1 + std::abs(q[i])));
  };
  for (const int64_t rows : {1, 3, 8, 16, 17, 40}) {
    for (const int64_t in : {1, 37, 200}) {
      // Sums of variance one: each way adds in its own order.
      const Tensor x = randn({2, rows, in}, 0, 1 / std::sqrt(static_cast<double>(in)));
      const Tensor w = randn({131, in}, 0, 1, DType::bf16);
      const Tensor b = randn({131}, 0, 1, DType::bf16), wide = cast(w, DType::f32);
      const Tensor y = linear(x, w, b, Activation::gelu_tanh);
      ASSERT_EQ(y.dtype(), DType::f32);
      near(y, linear(x, wide, cast(b, DType::f32), Activation::gelu_tanh));
      near(linear(x, w), linear(x, wide));
      near(linear(slice(x, 1, 0, 1), w), linear(slice(x, 1, 0, 1), wide));
      near(linear(x, w, cast(b, DType::f32)), linear(x, wide, cast(b, DType::f32)));
      const Tensor turned = transpose(copy(transpose(w, 0, 1)), 0, 1);  // lies as [in, out]
      near(linear(x, turned, b, Activation::gelu_tanh), y);
      near(linear(slice(x, 0, 0, 1), turned), linear(slice(x, 0, 0, 1), wide));
    }
  }
  // More weights than are converted at a time, and so many that parts of sums are not aligned.
  const Tensor x = randn({20, 512}, 0, 0.05), w = randn({4201, 512}, 0, 1, DType::bf16);
  const Tensor b = randn({4201});
  near(linear(x, w, b), linear(x, cast(w, DType::f32), b));
  const Tensor turned = transpose(copy(transpose(w, 0, 1)), 0, 1);
  for (const int64_t rows : {1, 20}) {
    const Tensor some = slice(x, 0, 0, rows);
    near(linear(some, turned, b), linear(some, w, b));
  }
  EXPECT_EQ(linear(empty({0, 4}), empty({3, 4}, DType::bf16)).shape(), (Shape{0, 3}));
}

TEST(LinearOp, AnAxisMayBeEmpty) {
  {  // what memory holds that is taken next
    std::vector<Tensor> before;
    for (int i = 0; i < 20; ++i) before.push_back(full({2, 5, 3}, 1e30));
  }
  const std::vector<float> bias(30, 0.5F);
  for (const DType dtype : {DType::f32, DType::bf16}) {
    const Tensor y = linear(zeros({2, 5, 0}), zeros({3, 0}, dtype), full({3}, 0.5));
    EXPECT_EQ(y.to_vector<float>(), bias) << name_of(dtype);
  }
  for (const auto& [in, out] : {std::pair<int64_t, int64_t>{0, 3}, {4, 0}}) {
    Tensor x = ones({2, 5, in}), w = ones({out, in}), b = ones({out});
    for (Tensor* t : {&x, &w, &b}) t->set_requires_grad();
    backward(sum(linear(x, w, b)));
    EXPECT_EQ(x.grad().to_vector<float>(), std::vector<float>(static_cast<size_t>(10 * in)));
    EXPECT_EQ(w.grad().shape(), w.shape());
    EXPECT_EQ(b.grad().to_vector<float>(), std::vector<float>(static_cast<size_t>(out), 10.0F));
  }
}

TEST(LinearOp, NarrowWeightsHaveGradients) {
  const Tensor dy = randn({6, 7});
  const auto gradients = [&](Tensor x, Tensor w, Tensor b) {
    x.set_requires_grad();
    w.set_requires_grad();
    b.set_requires_grad();
    backward(sum(linear(x, w, b, Activation::relu) * dy));
    return std::vector<Tensor>{x.grad(), w.grad(), b.grad()};
  };
  const Tensor x = randn({6, 5}), w = randn({7, 5}, 0, 1, DType::bf16);
  const Tensor b = randn({7}, 0, 1, DType::bf16);
  const auto narrow = gradients(copy(x), copy(w), copy(b));
  const auto wide = gradients(copy(x), cast(w, DType::f32), cast(b, DType::f32));
  EXPECT_EQ(narrow[0].to_vector<float>(), wide[0].to_vector<float>());
  for (const size_t i : {1, 2}) {
    EXPECT_EQ(narrow[i].dtype(), DType::bf16);
    EXPECT_EQ(cast(narrow[i], DType::f32).to_vector<float>(),
              cast(cast(wide[i], DType::bf16), DType::f32).to_vector<float>());
  }
}

TEST(LinearOp, NarrowWeightsGiveTheSameBitsOnAnyNumberOfThreads) {
  const int threads = thread_count();
  for (const int64_t rows : {1, 5, 30}) {
    const Tensor x = randn({rows, 700}), w = randn({900, 700}, 0, 1, DType::bf16);
    set_thread_count(1);
    const auto one = linear(x, w).to_vector<float>();
    for (const int n : {2, 3, 4}) {
      set_thread_count(n);
      EXPECT_EQ(linear(x, w).to_vector<float>(), one) << rows << " rows, " << n << " threads";
    }
  }
  set_thread_count(threads);
}

TEST(LinearOp, KeepsItsResultOnlyForAnActivation) {
  const Tensor x = ones({4, 5});
  Tensor w = ones({6, 5});
  w.set_requires_grad();
  EXPECT_TRUE(linear(x, w).owns_memory());
  EXPECT_FALSE(linear(x, w, {}, Activation::relu).owns_memory());
}

TEST(LinearOp, GradientsOfTransposedWeightsLieAsTheyDo) {
  Tensor w = randn({5, 6});  // [in, out]
  w.set_requires_grad();
  const Tensor x = randn({4, 5});
  backward(sum(square(linear(x, transpose(w, 0, 1)))));
  const Tensor grad = w.grad();
  EXPECT_TRUE(grad.is_contiguous());
  Tensor v = w.detach();
  v = v + 0;
  v.set_requires_grad();
  backward(sum(square(matmul(x, v))));
  const auto got = grad.to_vector<float>(), wanted = v.grad().to_vector<float>();
  for (size_t i = 0; i < got.size(); ++i) EXPECT_NEAR(got[i], wanted[i], 1e-4);
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
