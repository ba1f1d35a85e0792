#include <cstring>
#include <filesystem>
#include <map>

#include <fmt/format.h>
#include <gtest/gtest.h>

#include "strata/autograd/backward.h"
#include "strata/autograd/gradcheck.h"
#include "strata/base/error.h"
#include "strata/base/parallel.h"
#include "strata/io/safetensors.h"
#include "strata/opcases/op_case.h"
#include "strata/ops/arithmetic.h"
#include "strata/ops/copy.h"
#include "strata/ops/reduce.h"
#include "strata/ops/views.h"
#include "tests/support/difference.h"
#include "tests/support/instruction_sets.h"

namespace strata::opcases {
namespace {

using testing::relative_difference;

constexpr double kReferenceError = 1e-6;  // of f64 against the f64 reference

const std::map<std::string, Tensor>& goldens() {
  static const std::map<std::string, Tensor> all = [] {
    std::map<std::string, Tensor> out;
    const std::filesystem::path folder = STRATA_SOURCE_DIR "/tests/golden/ops";
    for (const auto& entry : std::filesystem::directory_iterator(folder)) {
      for (auto& [name, value] : load_safetensors(entry.path().string())) {
        EXPECT_TRUE(out.emplace(name, value).second) << "two dumps hold " << name;
      }
    }
    return out;
  }();
  return all;
}

struct Answers {
  std::vector<Tensor> ys;
  std::vector<Tensor> grads;  // undefined for inputs without one
};

Answers answers(const OpCase& c, std::vector<Tensor> inputs) {
  for (size_t i = 0; i < inputs.size(); ++i) {
    if (c.differentiable && c.inputs[i].grad && is_floating(inputs[i].dtype())) {
      inputs[i].set_requires_grad();
    }
  }
  Answers out;
  out.ys = c.run(inputs);
  Tensor loss;
  for (size_t i = 0; i < out.ys.size(); ++i) {
    const Tensor& y = out.ys[i];
    if (!y.requires_grad()) continue;
    const Tensor part = sum(cast(y * output_weights(y, static_cast<int>(i)), DType::f64));
    loss = loss.defined() ? loss + part : part;
  }
  if (loss.defined()) backward(loss);
  for (const Tensor& x : inputs) out.grads.push_back(x.grad());
  return out;
}

void expect_close(const OpCase& c, const Answers& got, double tolerance) {
  for (size_t i = 0; i < got.ys.size(); ++i) {
    const auto it = goldens().find(fmt::format("{}.y{}", c.name, i));
    ASSERT_NE(it, goldens().end()) << "no reference for output " << i << " of " << c.name;
    EXPECT_LE(relative_difference(got.ys[i], it->second), tolerance) << c.name << " output " << i;
  }
  for (size_t i = 0; i < got.grads.size(); ++i) {
    const auto it = goldens().find(fmt::format("{}.g{}", c.name, i));
    EXPECT_EQ(got.grads[i].defined(), it != goldens().end()) << c.name << " gradient " << i;
    if (!got.grads[i].defined() || it == goldens().end()) continue;
    EXPECT_LE(relative_difference(got.grads[i], it->second), tolerance)
        << c.name << " gradient " << i;
  }
}

void expect_reference(DType dtype, double (*tolerance)(const OpCase&)) {
  testing::on_each_instruction_set([&] {
    for (const OpCase& c : all_op_cases()) {
      if (!c.golden || tolerance(c) == 0) continue;
      expect_close(c, answers(c, make_inputs(c, dtype)), tolerance(c));
    }
  });
}

TEST(OpCases, EqualTheReferenceInF64) {
  expect_reference(DType::f64, [](const OpCase&) { return kReferenceError; });
}

TEST(OpCases, EqualTheReferenceInF32) {
  expect_reference(DType::f32, [](const OpCase& c) { return c.tolerance; });
}

TEST(OpCases, EqualTheReferenceInBf16) {
  expect_reference(DType::bf16, [](const OpCase& c) { return c.bf16_tolerance; });
}

// It has three bits more.
TEST(OpCases, EqualTheReferenceInF16) {
  expect_reference(DType::f16, [](const OpCase& c) { return c.bf16_tolerance / 4; });
}

TEST(OpCases, GradientsEqualCentralDifferences) {
  for (const OpCase& c : all_op_cases()) {
    if (!c.differentiable) continue;
    std::vector<Tensor> inputs = make_inputs(c, DType::f64);
    for (size_t i = 0; i < inputs.size(); ++i) {
      if (c.inputs[i].grad && !c.inputs[i].integer) inputs[i].set_requires_grad();
    }
    const GradCheckResult first = gradcheck(c.run, inputs);
    EXPECT_LE(first.error, 1e-6) << c.name << ": " << first.where;
    if (c.second_order) {
      const GradCheckResult second = gradcheck(c.run, inputs, 2);
      EXPECT_LE(second.error, 1e-6) << c.name << " second order: " << second.where;
    } else {
      EXPECT_THROW(gradcheck(c.run, inputs, 2), GradError) << c.name;
    }
  }
}

TEST(OpCases, MetaShapesEqualRealOnes) {
  for (const OpCase& c : all_op_cases()) {
    std::vector<Tensor> meta;
    for (const Tensor& x : make_inputs(c, DType::f32)) {
      meta.push_back(empty(x.shape(), x.dtype(), kMeta));
    }
    const auto shapes = c.run(meta), ys = c.run(make_inputs(c, DType::f32));
    ASSERT_EQ(shapes.size(), ys.size()) << c.name;
    for (size_t i = 0; i < ys.size(); ++i) {
      EXPECT_EQ(describe(shapes[i]), describe(ys[i])) << c.name;
      EXPECT_TRUE(shapes[i].is_meta()) << c.name;
    }
  }
}

/// The same values with gaps in memory and the axes stored in reverse order.
Tensor scattered(const Tensor& x) {
  Shape reversed;
  Dims order;
  for (int i = x.rank() - 1; i >= 0; --i) {
    reversed.push_back(x.shape()[i]);
    order.push_back(i);
  }
  if (x.rank() == 0) return copy(x);  // a leaf of its own
  reversed.back() *= 2;
  Tensor base = empty(reversed, x.dtype());
  std::memset(base.raw(), 0, static_cast<size_t>(base.numel() * size_of(base.dtype())));
  Tensor y = permute(slice(base, -1, 0, reversed.back(), 2), order);
  copy_(y, x);
  return y;
}

void expect_same_answers(const OpCase& c, const Answers& a, const Answers& b, double tolerance) {
  for (size_t i = 0; i < a.ys.size(); ++i) {
    EXPECT_LE(relative_difference(a.ys[i], b.ys[i]), tolerance) << c.name << " output " << i;
  }
  for (size_t i = 0; i < a.grads.size(); ++i) {
    if (!a.grads[i].defined()) continue;
    EXPECT_LE(relative_difference(a.grads[i], b.grads[i]), tolerance)
        << c.name << " gradient " << i;
  }
}

TEST(OpCases, StridedInputsGiveTheSame) {
  for (const OpCase& c : all_op_cases()) {
    for (DType dtype : {DType::f32, DType::f64}) {
      const std::vector<Tensor> inputs = make_inputs(c, dtype);
      std::vector<Tensor> strided;
      for (const Tensor& x : inputs) strided.push_back(scattered(x));
      expect_same_answers(c, answers(c, strided), answers(c, inputs), 1e-6);
    }
  }
}

TEST(OpCases, ThreadsDoNotChangeABit) {
  const int before = thread_count();
  for (const OpCase& c : all_op_cases()) {
    set_thread_count(1);
    const Answers one = answers(c, make_inputs(c, DType::f32));
    for (int threads : {2, 3, 4}) {
      set_thread_count(threads);
      expect_same_answers(c, answers(c, make_inputs(c, DType::f32)), one, 0);
    }
  }
  set_thread_count(before);
}

}  // namespace
}  // namespace strata::opcases
