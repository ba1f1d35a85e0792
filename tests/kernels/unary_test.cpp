#include "strata/kernels/unary.h"

#include <bit>
#include <cmath>
#include <limits>
#include <vector>

#include <gtest/gtest.h>

#include "tests/support/instruction_sets.h"
#include "tests/support/ulps.h"

namespace strata {
namespace {

using Kernel = void (*)(Cpu, const Tensor&, Tensor&);

struct MathCase {
  const char* name;
  Kernel kernel;
  double (*exact)(double);
};

const MathCase kCases[] = {
    {"exp", kernels::exp, std::exp},
    {"expm1", kernels::expm1, std::expm1},
    {"log", kernels::log, std::log},
    {"log1p", kernels::log1p, std::log1p},
    {"sqrt", kernels::sqrt, std::sqrt},
    {"rsqrt", kernels::rsqrt, [](double x) { return 1.0 / std::sqrt(x); }},
    {"reciprocal", kernels::reciprocal, [](double x) { return 1.0 / x; }},
    {"sin", kernels::sin, std::sin},
    {"cos", kernels::cos, std::cos},
    {"tanh", kernels::tanh, std::tanh},
    {"erf", kernels::erf, std::erf},
};

TEST(UnaryKernels, AreAccurateOverTheWholeRange) {
  // Every 4096th or so of all bit patterns, negatives, subnormals, infinities and NaN among them.
  constexpr uint32_t kStep = 4099;
  std::vector<float> values;
  for (uint64_t bits = 0; bits < (uint64_t{1} << 32); bits += kStep) {
    values.push_back(std::bit_cast<float>(static_cast<uint32_t>(bits)));
  }
  const float infinity = std::numeric_limits<float>::infinity();
  for (float x : {0.0f, -0.0f, infinity, -infinity, std::nanf(""), -1.0f, 88.7228f, 88.7229f,
                  -87.4f, -103.97f, -103.98f, 1e-45f, -1e-45f, 1.17549e-38f, 3.4028235e38f}) {
    values.push_back(x);
  }
  const Tensor x = tensor(values, {static_cast<int64_t>(values.size())});
  testing::on_each_instruction_set([&] {
    for (const MathCase& c : kCases) {
      Tensor y = empty_like(x);
      c.kernel(Cpu{}, x, y);
      double worst = 0;
      float at = 0;
      for (size_t i = 0; i < values.size(); ++i) {
        const double off = testing::ulps(y.data<float>()[i], c.exact(values[i]));
        if (off > worst) worst = off, at = values[i];
      }
      EXPECT_LE(worst, 3.0) << c.name << " at " << at;
    }
  });
}

}  // namespace
}  // namespace strata
