#include "strata/ops/normalize.h"

#include <cmath>
#include <vector>

#include <gtest/gtest.h>

#include "strata/autograd/backward.h"
#include "strata/base/error.h"
#include "strata/base/parallel.h"
#include "strata/ops/arithmetic.h"
#include "strata/ops/copy.h"
#include "strata/ops/creation.h"
#include "strata/ops/group_norm.h"
#include "strata/ops/reduce.h"
#include "strata/ops/views.h"
#include "tests/support/difference.h"

namespace strata {
namespace {

using testing::relative_difference;

Tensor normal(const Shape& shape, DType dtype, uint64_t seed = 1, double mean = 3) {
  Generator g(seed);
  return cast(randn(shape, mean, 2, DType::f32, kCpu, g), dtype);
}

using Norm = Tensor (*)(const Tensor& x, const Tensor& weight, const Tensor& bias);

Tensor batch(const Tensor& x, const Tensor& w, const Tensor& b) {
  return batch_norm(x, {}, {}, w, b, {.training = true});
}
Tensor batch_relu(const Tensor& x, const Tensor& w, const Tensor& b) {
  return batch_norm(x, {}, {}, w, b, {.training = true, .relu = true});
}
Tensor layer(const Tensor& x, const Tensor& w, const Tensor& b) {
  return layer_norm(x, {x.shape().back()}, w, b);
}
Tensor group(const Tensor& x, const Tensor& w, const Tensor& b) {
  return group_norm(x, x.shape().back() % 4 ? 1 : 4, w, b);
}
Tensor group_silu(const Tensor& x, const Tensor& w, const Tensor& b) {
  return group_norm(x, x.shape().back() % 2 ? 1 : 2, w, b, {.silu = true});
}
Tensor rms(const Tensor& x, const Tensor& w, const Tensor&) {
  return rms_norm(x, {x.shape().back()}, w);
}

/// The result and the gradients of x, weight and bias, in `dtype`.
std::vector<Tensor> answers(Norm f, const Shape& shape, DType dtype) {
  const Shape channels = {shape.back()};
  Tensor x = cast(cast(normal(shape, DType::f32), DType::bf16), dtype).set_requires_grad();
  const DType wide = dtype == DType::f64 ? dtype : DType::f32;
  Tensor w = normal(channels, wide, 2).set_requires_grad();
  Tensor b = normal(channels, wide, 3).set_requires_grad();
  const Tensor y = f(x, w, b);
  backward(y, normal(shape, dtype, 4, 0.5));
  return {y, x.grad(), w.grad(), b.grad().defined() ? b.grad() : zeros(channels, wide)};
}

const std::vector<Norm> kNorms = {batch, batch_relu, layer, group, group_silu, rms};
const std::vector<Shape> kShapes = {{5, 3, 1}, {64, 6}, {3, 17, 11, 16}, {2, 300, 70}, {40, 1100}};

TEST(Normalize, F32AndBf16FollowF64) {
  for (size_t i = 0; i < kNorms.size(); ++i) {
    for (const Shape& shape : kShapes) {
      if (shape.back() == 1 && (kNorms[i] == layer || kNorms[i] == rms)) continue;  // dx is 0
      const auto want = answers(kNorms[i], shape, DType::f64);
      const auto f32 = answers(kNorms[i], shape, DType::f32);
      const auto bf16 = answers(kNorms[i], shape, DType::bf16);
      for (size_t k = 0; k < want.size(); ++k) {
        SCOPED_TRACE("norm " + std::to_string(i) + " " + to_string(shape) + " value " +
                     std::to_string(k));
        EXPECT_LE(relative_difference(f32[k], want[k]), 1e-5);
        EXPECT_LE(relative_difference(bf16[k], want[k]), 3e-2);
      }
    }
  }
}

TEST(Normalize, GivesTheSameBitsOnAnyNumberOfThreads) {
  const int before = thread_count();
  for (Norm f : kNorms) {
    for (const Shape& shape : {Shape{70, 33, 6}, Shape{3000, 70}, Shape{4, 9, 2000}}) {
      set_thread_count(1);
      const auto want = answers(f, shape, DType::f32);
      for (int threads : {2, 3, 4}) {
        set_thread_count(threads);
        const auto got = answers(f, shape, DType::f32);
        for (size_t k = 0; k < want.size(); ++k) {
          EXPECT_EQ(got[k].to_vector<float>(), want[k].to_vector<float>());
        }
      }
    }
  }
  set_thread_count(before);
}

TEST(BatchNorm, KeepsItsAccuracyFarFromZero) {
  const Tensor x = normal({4096, 8}, DType::f32, 1, 0);
  const Tensor far = x + 4096;
  const Tensor y = batch(cast(far, DType::f64), {}, {});
  EXPECT_LE(relative_difference(batch(far, {}, {}), y),
            1e-4);  // the mean alone is rounded by 2^-12
}

TEST(BatchNorm, UpdatesTheRunningStatisticsInTrainingAlone) {
  const Tensor x = tensor<float>({1, 2, 3, 4, 5, 9}, {3, 2});
  Tensor mean = zeros({2}), var = ones({2});
  batch_norm(x, mean, var, {}, {}, {.training = true});
  EXPECT_LE(relative_difference(mean, tensor<float>({0.3f, 0.5f})), 1e-6);
  EXPECT_LE(relative_difference(var, tensor<float>({0.9f + 0.4f, 0.9f + 1.3f})), 1e-6);
  const Tensor before = copy(mean);
  batch_norm(x, mean, var);
  EXPECT_EQ(mean.to_vector<float>(), before.to_vector<float>());
}

TEST(BatchNorm, KeepsWhatIsSavedApartFromTheRunningStatistics) {
  Tensor x = normal({6, 3}, DType::f32).set_requires_grad();
  Tensor mean = zeros({3}), var = ones({3});
  const Tensor y = batch_norm(x, mean, var);
  fill_(mean, 7);
  EXPECT_NO_THROW(backward(sum(y)));
}

TEST(BatchNorm, NamesWhatDoesNotFit) {
  const auto text = [](auto f) -> std::string {
    try {
      f();
    } catch (const Error& e) {
      return e.what();
    }
    return "";
  };
  EXPECT_EQ(text([] {
              batch_norm(zeros({1, 3}), {}, {}, {}, {}, {.training = true});
            }),
            "[batch_norm] x, f32[1, 3], has a single value for each channel: no variance");
  EXPECT_EQ(text([] {
              batch_norm(zeros({2, 3}), zeros({2}), zeros({3}));
            }),
            "[batch_norm] running statistics are f32[2], but x, f32[2, 3], asks for contiguous "
            "f32[3]");
  EXPECT_EQ(text([] {
              batch_norm(zeros({2, 3}), {}, {});
            }),
            "[batch_norm] running statistics are undefined\n  hint: they are needed but in "
            "training");
  EXPECT_EQ(text([] {
              layer_norm(zeros({2, 3}), {2});
            }),
            "[layer_norm] x is f32[2, 3], which does not end in [2]");
  EXPECT_EQ(text([] {
              layer_norm(zeros({2, 3}), {3}, zeros({2}));
            }),
            "[layer_norm] weight is f32[2], but x, f32[2, 3], asks for [3]");
  EXPECT_EQ(text([] {
              group_norm(zeros({2, 3}), 2);
            }),
            "[group_norm] 2 groups do not divide the 3 channels of x, f32[2, 3]");
  EXPECT_EQ(text([] {
              group_norm(zeros({2, 5, 4}), 2, {}, {}, {.shift = zeros({4})});
            }),
            "[group_norm] shift is f32[4], but x, f32[2, 5, 4], asks for [2, 4]");
  EXPECT_THROW(rms_norm(zeros({2, 3}, DType::i64), {3}), DTypeError);
}

TEST(Normalize, WritesPastTheCachesWhatItWritesIntoThem) {
  const Tensor x = normal({1 << 18, 24}, DType::f32), w = normal({24}, DType::f32, 2);
  const Tensor mean = normal({24}, DType::f32, 3), var = full({24}, 2);
  const Tensor rows = reshape(x, {1 << 13, 768}), v = normal({768}, DType::f32, 4);
  const Tensor all = batch_norm(x, mean, var, w), last = slice(x, 0, (1 << 18) - 100);
  EXPECT_EQ(copy(slice(all, 0, (1 << 18) - 100)).to_vector<float>(),
            batch_norm(last, mean, var, w).to_vector<float>());
  const Tensor layers = layer_norm(rows, {768}, v), end = slice(rows, 0, (1 << 13) - 3);
  EXPECT_EQ(copy(slice(layers, 0, (1 << 13) - 3)).to_vector<float>(),
            layer_norm(end, {768}, v).to_vector<float>());
}

TEST(Normalize, TakesNothing) {
  EXPECT_EQ(layer_norm(zeros({0, 3}), {3}).shape(), (Shape{0, 3}));
  EXPECT_EQ(group_norm(zeros({0, 4}), 2).shape(), (Shape{0, 4}));
  EXPECT_EQ(batch_norm(zeros({0, 4}), zeros({4}), ones({4})).shape(), (Shape{0, 4}));
  Tensor x = zeros({0, 3}).set_requires_grad(), w = ones({3}).set_requires_grad();
  backward(sum(layer_norm(x, {3}, w)));
  EXPECT_EQ(w.grad().to_vector<float>(), (std::vector<float>{0, 0, 0}));
}

TEST(GroupNorm, ChannelsWithoutPixelsHaveGradients) {
  {  // what memory holds that is taken next
    std::vector<Tensor> before;
    for (int i = 0; i < 20; ++i) before.push_back(full({2, 4}, NAN));
  }
  Tensor w = ones({4}), b = zeros({4}), shift = zeros({2, 4});
  for (Tensor* t : {&w, &b, &shift}) t->set_requires_grad();
  backward(sum(group_norm(zeros({2, 0, 4}), 2, w, b, {.shift = shift})));
  const std::vector<float> none(4);
  EXPECT_EQ(w.grad().to_vector<float>(), none);
  EXPECT_EQ(b.grad().to_vector<float>(), none);
  EXPECT_EQ(shift.grad().to_vector<float>(), std::vector<float>(8));
}

TEST(BatchNorm, NoSamplesAndNoChannels) {
  Tensor mean = full({3}, 0.5), variance = full({3}, 2), weight = ones({3});
  weight.set_requires_grad();
  backward(sum(batch_norm(empty({0, 3}), mean, variance, weight, {}, {.training = true})));
  EXPECT_EQ(mean.to_vector<float>(), (std::vector<float>{0.5, 0.5, 0.5}));
  EXPECT_EQ(variance.to_vector<float>(), (std::vector<float>{2, 2, 2}));
  EXPECT_EQ(weight.grad().to_vector<float>(), (std::vector<float>{0, 0, 0}));
  Tensor x = empty({2, 0});
  x.set_requires_grad();
  backward(sum(batch_norm(x, {}, {}, {}, {}, {.training = true})));
  EXPECT_EQ(x.grad().shape(), (Shape{2, 0}));
}

}  // namespace
}  // namespace strata
