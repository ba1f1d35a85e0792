// Answers at NaN, infinities, zeros, ties and overflow, and dtypes of results, against PyTorch's.
#include <cmath>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "strata/autograd/backward.h"
#include "strata/io/safetensors.h"
#include "strata/ops/activations.h"
#include "strata/ops/arithmetic.h"
#include "strata/ops/compare.h"
#include "strata/ops/copy.h"
#include "strata/ops/reduce.h"
#include "strata/ops/select.h"
#include "strata/ops/special.h"
#include "strata/ops/unary.h"
#include "strata/ops/views.h"

namespace strata {
namespace {

using Unary = std::function<Tensor(const Tensor&)>;
using Binary = Tensor (*)(const Operand&, const Operand&);

const TensorMap& golden() {
  static const TensorMap all =
      load_safetensors(STRATA_SOURCE_DIR "/tests/golden/special_values.safetensors");
  return all;
}

const Tensor& golden(const std::string& name) { return golden().at(name); }

bool agree(double ours, double theirs) {
  if (std::isnan(theirs)) return std::isnan(ours);
  if (std::isinf(theirs)) return ours == theirs;
  // The absolute part is for GELU's tail, where PyTorch's own answer is off by cancellation.
  return std::abs(ours - theirs) <= 1e-5 * std::abs(theirs) + 5e-7;
}

void expect_agree(const std::string& name, const Tensor& ours,
                  const std::function<std::string(size_t)>& where) {
  const auto a = ours.to_vector<double>(), b = golden(name).to_vector<double>();
  ASSERT_EQ(a.size(), b.size()) << name;
  for (size_t i = 0; i < a.size(); ++i) {
    EXPECT_TRUE(agree(a[i], b[i]))
        << name << " at " << where(i) << ": " << a[i] << ", not " << b[i];
  }
}

/// A leaf of its own with these values.
Tensor leaf(const Tensor& values) {
  return tensor(values.to_vector<float>(), values.shape()).set_requires_grad();
}

std::map<std::string, Unary> unary_ops() {
  return {{"exp", exp},
          {"expm1", expm1},
          {"log", log},
          {"log1p", log1p},
          {"sqrt", sqrt},
          {"rsqrt", rsqrt},
          {"reciprocal", reciprocal},
          {"sin", sin},
          {"cos", cos},
          {"tanh", tanh},
          {"erf", erf},
          {"neg", neg},
          {"abs", abs},
          {"square", square},
          {"sign", sign},
          {"floor", floor},
          {"ceil", ceil},
          {"round", round},
          {"relu", relu},
          {"sigmoid", sigmoid},
          {"leaky_relu", [](const Tensor& x) { return leaky_relu(x); }},
          {"silu", silu},
          {"gelu", gelu},
          {"gelu_tanh", gelu_tanh},
          {"softplus", [](const Tensor& x) { return softplus(x); }},
          {"clamp", [](const Tensor& x) { return clamp(x, -1, 2.5); }},
          {"clamp_nan", [](const Tensor& x) { return clamp(x, std::nan(""), 2.5); }},
          {"pow_2", [](const Tensor& x) { return pow(x, 2); }},
          {"pow_3", [](const Tensor& x) { return pow(x, 3); }},
          {"pow_half", [](const Tensor& x) { return pow(x, 0.5); }},
          {"pow_minus", [](const Tensor& x) { return pow(x, -2.5); }},
          {"pow_of", [](const Tensor& x) { return pow(2.0, x); }}};
}

std::map<std::string, Unary> composed_ops() {
  return {{"elu", [](const Tensor& x) { return elu(x); }},
          {"selu", selu},
          {"celu", [](const Tensor& x) { return celu(x); }},
          {"mish", mish},
          {"hardtanh", [](const Tensor& x) { return hardtanh(x); }},
          {"relu6", relu6},
          {"hardsigmoid", hardsigmoid},
          {"hardswish", hardswish},
          {"softsign", softsign},
          {"logsigmoid", logsigmoid},
          {"tanhshrink", tanhshrink},
          {"softshrink", [](const Tensor& x) { return softshrink(x); }},
          {"hardshrink", [](const Tensor& x) { return hardshrink(x); }},
          {"threshold", [](const Tensor& x) { return threshold(x, 0.5, 7); }}};
}

std::map<std::string, Unary> special_ops() {
  return {{"tan", tan},       {"asin", asin},
          {"acos", acos},     {"atan", atan},
          {"sinh", sinh},     {"cosh", cosh},
          {"asinh", asinh},   {"acosh", acosh},
          {"atanh", atanh},   {"log2", log2},
          {"log10", log10},   {"exp2", exp2},
          {"erfc", erfc},     {"erfinv", erfinv},
          {"lgamma", lgamma}, {"trunc", trunc},
          {"frac", frac},     {"nan_to_num", [](const Tensor& x) { return nan_to_num(x, 3, 5); }}};
}

void expect_special_values(const std::map<std::string, Unary>& ops) {
  const auto at = golden("x").to_vector<float>();
  const auto where = [&](size_t i) { return std::to_string(at[i]); };
  for (const auto& [name, op] : ops) {
    const Tensor x = leaf(golden("x"));
    const Tensor y = op(x);
    expect_agree(name + ".y", y, where);
    backward(sum(y));
    expect_agree(name + ".g", x.grad(), where);
  }
}

TEST(SpecialValues, UnaryOpsAndGradients) { expect_special_values(unary_ops()); }
TEST(SpecialValues, ComposedActivations) { expect_special_values(composed_ops()); }
TEST(SpecialValues, SpecialFunctions) { expect_special_values(special_ops()); }

TEST(SpecialValues, Tests) {
  const auto where = [](size_t i) { return std::to_string(i); };
  const Tensor x = golden("x");
  expect_agree("isnan.y", isnan(x), where);
  expect_agree("isinf.y", isinf(x), where);
  expect_agree("isfinite.y", isfinite(x), where);
  expect_agree("logical_not.y", logical_not(x), where);
}

TEST(SpecialValues, BinaryOpsAndGradients) {
  const std::map<std::string, Binary> ops = {{"add", add},
                                             {"sub", sub},
                                             {"mul", mul},
                                             {"div", div},
                                             {"pow", pow},
                                             {"maximum", maximum},
                                             {"minimum", minimum},
                                             {"atan2", atan2},
                                             {"hypot", hypot},
                                             {"logaddexp", logaddexp},
                                             {"xlogy", xlogy},
                                             {"fmod", fmod},
                                             {"remainder", remainder},
                                             {"fmax", fmax},
                                             {"fmin", fmin}};
  const Tensor v = golden("v");
  const int64_t n = v.numel();
  const Tensor rows = expand(unsqueeze(v, 1), {n, n}), columns = expand(v, {n, n});
  const auto values = v.to_vector<float>();
  const auto where = [&](size_t i) {
    return std::to_string(values[i / values.size()]) + ", " +
           std::to_string(values[i % values.size()]);
  };
  for (const auto& [name, op] : ops) {
    const Tensor a = leaf(rows), b = leaf(columns);
    const Tensor y = op(a, b);
    expect_agree(name + ".y", y, where);
    backward(sum(y));
    expect_agree(name + ".ga", a.grad(), where);
    expect_agree(name + ".gb", b.grad(), where);
  }
}

TEST(SpecialValues, Comparisons) {
  const std::map<std::string, Binary> ops = {{"eq", eq},
                                             {"ne", ne},
                                             {"lt", lt},
                                             {"le", le},
                                             {"gt", gt},
                                             {"ge", ge},
                                             {"logical_and", logical_and},
                                             {"logical_or", logical_or},
                                             {"logical_xor", logical_xor}};
  const Tensor v = golden("v");
  for (const auto& [name, op] : ops) {
    for (const Tensor& column : {unsqueeze(v, 1), unsqueeze(cast(v, DType::f64), 1)}) {
      expect_agree(name + ".y", op(column, v), [&, n = v.numel()](size_t i) {
        return std::to_string(static_cast<int64_t>(i) / n) + ", " +
               std::to_string(static_cast<int64_t>(i) % n);
      });
    }
  }
}

TEST(SpecialValues, ResultDtypes) {
  constexpr DType kAll[] = {DType::f32, DType::bf16, DType::f16, DType::f64,    DType::i64,
                            DType::i32, DType::u8,   DType::i8,  DType::boolean};
  const Number numbers[] = {true, 2, 2.5};
  const auto at = [](const char* table, size_t row, size_t column) {
    const Tensor& t = golden(std::string("dtype.") + table);
    return static_cast<DType>(
        t.to_vector<int64_t>()[row * static_cast<size_t>(t.size(1)) + column]);
  };
  for (size_t i = 0; i < std::size(kAll); ++i) {
    const Tensor a = empty({2}, kAll[i]), a0 = empty({}, kAll[i]);
    for (size_t j = 0; j < std::size(kAll); ++j) {
      const Tensor b = empty({2}, kAll[j]), b0 = empty({}, kAll[j]);
      SCOPED_TRACE(describe(a) + " with " + describe(b));
      EXPECT_EQ(result_type(a, b), at("dims_dims", i, j));
      EXPECT_EQ(result_type(a, b0), at("dims_rank0", i, j));
      EXPECT_EQ(result_type(b0, a), at("dims_rank0", i, j));
      EXPECT_EQ(result_type(a0, b0), at("rank0_rank0", i, j));
    }
    for (size_t j = 0; j < std::size(numbers); ++j) {
      SCOPED_TRACE(describe(a) + " with number " + std::to_string(j));
      EXPECT_EQ(result_type(a, numbers[j]), at("dims_number", i, j));
      EXPECT_EQ(result_type(numbers[j], a0), at("rank0_number", i, j));
    }
  }
}

}  // namespace
}  // namespace strata
