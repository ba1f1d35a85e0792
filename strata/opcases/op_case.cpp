#include "strata/opcases/op_case.h"

#include <cmath>

#include "strata/ops/copy.h"

namespace strata::opcases {
namespace {

constexpr int kWeightsFrom = 100;  // positions of the outputs' weights, apart from the inputs'

/// splitmix64 (Steele, Lea and Flood, 2014) of position and index, mapped to [0, 1).
double unit(int position, int64_t index) {
  uint64_t z = (static_cast<uint64_t>(position) << 40) + static_cast<uint64_t>(index) + 1;
  z *= 0x9E3779B97F4A7C15u;
  z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9u;
  z = (z ^ (z >> 27)) * 0x94D049BB133111EBu;
  z ^= z >> 31;
  return static_cast<double>(z >> 11) * 0x1p-53;
}

}  // namespace

Tensor make_input(const Input& input, int position, DType dtype) {
  Tensor x = empty(input.shape, DType::f64);
  auto* out = x.data<double>();
  for (int64_t i = 0; i < x.numel(); ++i) {
    const double v = input.low + (input.high - input.low) * unit(position, i);
    // Rounded to f32 at once, so that every dtype starts from the same numbers.
    out[i] = input.integer ? std::floor(v) : static_cast<double>(static_cast<float>(v));
  }
  return cast(x, input.integer ? DType::i64 : dtype);
}

std::vector<Tensor> make_inputs(const OpCase& c, DType dtype) {
  std::vector<Tensor> inputs;
  for (const Input& input : c.inputs) {
    inputs.push_back(make_input(input, static_cast<int>(inputs.size()), dtype));
  }
  return inputs;
}

Tensor output_weights(const Tensor& y, int position) {
  return make_input({.shape = y.shape()}, kWeightsFrom + position, y.dtype());
}

}  // namespace strata::opcases
