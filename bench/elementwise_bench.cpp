#include "bench/elementwise_bench.h"

#include <algorithm>
#include <functional>

#include "strata/base/timer.h"
#include "strata/ops/activations.h"
#include "strata/ops/arithmetic.h"
#include "strata/ops/compare.h"
#include "strata/ops/copy.h"
#include "strata/ops/creation.h"
#include "strata/ops/select.h"
#include "strata/ops/unary.h"
#include "strata/tape/grad_mode.h"

namespace strata::bench {
namespace {

struct Work {
  std::string name;
  int bytes;  // moved for each element
  std::function<Tensor()> op;
};

std::vector<Work> works(int64_t n) {
  const Tensor x = rand({n}, 0.1, 2), z = rand({n}, 0.1, 2);
  const Tensor x16 = cast(x, DType::bf16), z16 = cast(z, DType::bf16);
  const Tensor x64 = cast(x, DType::f64), mask = x > 1;
  const Tensor rows = x.as_strided({n / 256, 256}, {256, 1}, 0), row = rand({256});
  return {
      {"copy", 8, [=] { return copy(x); }},
      {"add", 12, [=] { return x + z; }},
      {"add/number", 8, [=] { return x + 1; }},
      {"add/row", 8, [=] { return rows + row; }},
      {"add/bf16", 6, [=] { return x16 + z16; }},
      {"add/f64", 24, [=] { return x64 + x64; }},
      {"mul", 12, [=] { return x * z; }},
      {"div", 12, [=] { return x / z; }},
      {"maximum", 12, [=] { return maximum(x, z); }},
      {"gt", 9, [=] { return x > z; }},
      {"where", 13, [=] { return where(mask, x, z); }},
      {"clamp", 8, [=] { return clamp(x, 0.2, 0.5); }},
      {"cast/bf16", 6, [=] { return cast(x, DType::bf16); }},
      {"relu", 8, [=] { return relu(x); }},
      {"sqrt", 8, [=] { return sqrt(x); }},
      {"exp", 8, [=] { return exp(x); }},
      {"log", 8, [=] { return log(x); }},
      {"sin", 8, [=] { return sin(x); }},
      {"tanh", 8, [=] { return tanh(x); }},
      {"sigmoid", 8, [=] { return sigmoid(x); }},
      {"silu", 8, [=] { return silu(x); }},
      {"gelu", 8, [=] { return gelu(x); }},
      {"gelu_tanh", 8, [=] { return gelu_tanh(x); }},
      {"softplus", 8, [=] { return softplus(x); }},
      {"pow", 12, [=] { return pow(x, z); }},
  };
}

double milliseconds(const std::function<Tensor()>& op) {
  const Timer timer;
  const Tensor y = op();
  return timer.seconds() * 1e3;
}

}  // namespace

std::vector<ElementwiseRow> run_elementwise(const std::string& filter, int64_t elements,
                                            double seconds) {
  const NoGrad no_grad;
  std::vector<ElementwiseRow> rows;
  const Tensor source = ones({elements});
  for (const Work& work : works(elements)) {
    if (work.name.find(filter) == std::string::npos) continue;
    double ours = 1e30, copied = 1e30;
    milliseconds(work.op);  // takes the memory from the system
    const Timer all;
    do {
      copied = std::min(copied, milliseconds([&] { return copy(source); }));
      ours = std::min(ours, milliseconds(work.op));
    } while (all.seconds() < seconds);
    const double scale = static_cast<double>(elements) * 1e-6;
    rows.push_back({work.name, ours, work.bytes * scale / ours, 8 * scale / copied});
  }
  return rows;
}

std::vector<std::pair<std::string, double>> run_small_ops(double seconds) {
  const Tensor a = ones({16}).set_requires_grad(), b = ones({16}).set_requires_grad();
  const Tensor row = ones({4}), matrix = ones({4, 4});
  const std::vector<std::pair<std::string, std::function<Tensor()>>> ops = {
      {"add 16, recorded", [&] { return a + b; }},
      {"mul 16 by a number, recorded", [&] { return a * 2; }},
      {"relu 16, recorded", [&] { return relu(a); }},
      {"add row to 4x4", [&] { return matrix + row; }},
  };
  std::vector<std::pair<std::string, double>> out;
  for (const auto& [name, op] : ops) {
    constexpr int kCalls = 2000;
    double best = 1e30;
    const Timer all;
    do {
      const Timer timer;
      for (int i = 0; i < kCalls; ++i) op();
      best = std::min(best, timer.seconds() / kCalls);
    } while (all.seconds() < seconds);
    out.emplace_back(name, best * 1e9);
  }
  return out;
}

}  // namespace strata::bench
