#include "strata/nn/layers/recurrent_cells.h"

#include <string>
#include <utility>

#include <gtest/gtest.h>

#include "strata/autograd/backward.h"
#include "strata/base/error.h"
#include "strata/nn/precision.h"
#include "strata/nn/summary.h"
#include "strata/ops/arithmetic.h"
#include "strata/ops/copy.h"
#include "strata/ops/creation.h"
#include "strata/ops/reduce.h"
#include "strata/ops/views.h"
#include "tests/support/difference.h"
#include "tests/support/golden_dump.h"
#include "tests/support/message.h"
#include "tests/support/rule_weights.h"

namespace strata::nn {
namespace {

using strata::testing::GoldenDump;
using strata::testing::largest_difference;
using strata::testing::largest_value;
using strata::testing::message;
using strata::testing::rule_tensor;

RecurrentState call(LSTMCell& cell, const Tensor& x, const RecurrentState& state) {
  return cell(x, state);
}
template <class Cell>
RecurrentState call(Cell& cell, const Tensor& x, const RecurrentState& state) {
  return {.h = cell(x, state.h)};
}

/// Two steps with their gradients, one of a single row, and one from a zero state.
template <class Cell>
void expect_golden(const std::string& key, Cell cell) {
  const GoldenDump golden("nn/recurrent");
  const auto expect = [&](const std::string& name, const Tensor& got, double tolerance) {
    golden.expect_absolute(key + "." + name, got, tolerance);
  };
  strata::testing::set_rule_weights(cell);
  constexpr bool kIsLstm = std::is_same_v<Cell, LSTMCell>;
  Tensor x = rule_tensor("x", {2, 3, 5}).set_requires_grad();
  RecurrentState start = {.h = rule_tensor("h", {3, 6}).set_requires_grad()};
  if (kIsLstm) start.c = rule_tensor("c", {3, 6}).set_requires_grad();
  const RecurrentState end = call(cell, select(x, 0, 1), call(cell, select(x, 0, 0), start));
  expect("h", end.h, 1e-6);
  Tensor loss = sum(end.h * rule_tensor("dh", {3, 6}));
  if (kIsLstm) {
    expect("c", end.c, 1e-6);
    loss = loss + sum(end.c * rule_tensor("dc", {3, 6}));
  }
  backward(loss);
  expect("grad.x", x.grad(), 1e-5);
  expect("grad.h", start.h.grad(), 1e-5);
  if (kIsLstm) expect("grad.c", start.c.grad(), 1e-5);
  for (const NamedTensor& p : cell.named_tensors()) {
    expect("grad." + p.name, p.tensor->grad(), 1e-5);
  }
  const auto first = [](const Tensor& t) { return t.defined() ? select(t, 0, 0) : t; };
  const RecurrentState row = call(cell, first(first(x)), {first(start.h), first(start.c)});
  expect("row", row.h, 1e-6);
  EXPECT_EQ(row.c.defined(), kIsLstm) << key;
  expect("zero", cell(first(x)), 1e-6);
}

TEST(RecurrentCells, EqualPyTorch) {
  expect_golden("RNNCell", RNNCell({.in = 5, .hidden = 6}));
  RNNCell relu({.in = 5, .hidden = 6, .activation = RnnActivation::relu});
  EXPECT_EQ(relu.config().activation, RnnActivation::relu);
  expect_golden("ReluCell", std::move(relu));
  expect_golden("LSTMCell", LSTMCell({.in = 5, .hidden = 6}));
  expect_golden("BareCell", LSTMCell({.in = 5, .hidden = 6, .bias = false}));
  expect_golden("GRUCell", GRUCell({.in = 5, .hidden = 6}));
}

TEST(RecurrentCells, StartAsPyTorchs) {
  const int64_t before = parameters_made();
  LSTMCell cell({.in = 9, .hidden = 100});
  EXPECT_EQ(parameters_made() - before, 4);
  std::string names;
  for (const NamedTensor& t : cell.named_tensors()) {
    names += t.name + describe(*t.tensor) + " ";
    EXPECT_LE(largest_value(*t.tensor), 0.1);
    EXPECT_GT(largest_value(*t.tensor), 0.098);
  }
  EXPECT_EQ(names, "weight_ihf32[400, 9] weight_hhf32[400, 100] bias_ihf32[400] bias_hhf32[400] ");
}

TEST(RecurrentCells, ComputeInTheDTypeOfTheirWeights) {
  GRUCell cell({.in = 5, .hidden = 6});
  const Tensor x = randn({3, 5}), h = randn({3, 6}), y = cell(x, h);
  {
    const PrecisionScope precision(DType::bf16);
    EXPECT_EQ(cell(x, h).dtype(), DType::f32);
    EXPECT_LE(largest_difference(cell(x, h), y), 0.05);
  }
  for (const DType dtype : {DType::f64, DType::bf16}) {
    cell.to(dtype);
    const Tensor there = cell(cast(x, dtype), cast(h, dtype));
    EXPECT_EQ(there.dtype(), dtype);
    EXPECT_LE(largest_difference(cast(there, DType::f32), y), dtype == DType::f64 ? 1e-6 : 0.05);
  }
}

TEST(RecurrentCells, TakeEmptyBatchesAndMetaTensors) {
  LSTMCell cell({.in = 5, .hidden = 6});
  const RecurrentState none = cell(zeros({0, 5}), {});
  EXPECT_EQ(none.c.shape(), (Shape{0, 6}));
  const Summary s = summarize(cell, {3, 5});
  ASSERT_EQ(s.layers.size(), 1u);
  EXPECT_EQ(s.layers[0].output, (Shape{3, 6}));
  EXPECT_EQ(s.macs, 3 * 24 * (5 + 6));
}

TEST(RecurrentCells, SayWhatIsWrong) {
  EXPECT_EQ(message<ValueError>([] { GRUCell cell({.in = 3}); }),
            "[GRUCell] .hidden must be given, at least 1");
  LSTMCell cell({.in = 3, .hidden = 2});
  EXPECT_EQ(message<ShapeError>([&] {
              cell(randn({4, 5, 3}));
            }),
            "[LSTMCell] takes x [N, 3] or [3], got f32[4, 5, 3]");
  EXPECT_EQ(message<ShapeError>([&] {
              cell(randn({4, 3}), {.h = randn({2})});
            }),
            "[LSTMCell] the state's h is f32[2], but must be [4, 2] beside x, f32[4, 3]");
  EXPECT_EQ(message<ShapeError>([&] {
              cell(randn({3}), {.h = randn({2}), .c = randn({1, 2})});
            }),
            "[LSTMCell] the state's c is f32[1, 2], but must be [2] beside x, f32[3]");
  EXPECT_THROW(cell(randn({4, 4})), ShapeError);
}

}  // namespace
}  // namespace strata::nn
