#include "tests/support/rule_weights.h"

#include <cmath>
#include <vector>

#include "strata/nn/state_dict.h"

namespace strata::testing {
namespace {

/// FNV-1a.
uint64_t hash_of(const std::string& name) {
  uint64_t h = 0xcbf29ce484222325;
  for (const char c : name) h = (h ^ static_cast<unsigned char>(c)) * 0x100000001b3;
  return h;
}

/// splitmix64 of the sequence's key and the index.
double unit(uint64_t key, int64_t index) {
  uint64_t z = (key + static_cast<uint64_t>(index) + 1) * 0x9e3779b97f4a7c15;
  z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9;
  z = (z ^ (z >> 27)) * 0x94d049bb133111eb;
  z ^= z >> 31;
  return static_cast<double>(z >> 11) * 0x1p-53;
}

Tensor rule_weight(const std::string& name, const Shape& shape) {
  if (shape.rank() >= 2) {
    const double bound =
        std::sqrt(3.0 * static_cast<double>(shape[0]) / static_cast<double>(numel(shape)));
    return rule_tensor(name, shape, -bound, bound);
  }
  if (name.ends_with("running_var")) return rule_tensor(name, shape, 0.5, 1.5);
  if (name.ends_with("weight") || name.ends_with("gamma")) {
    return rule_tensor(name, shape, 0.8, 1.2);
  }
  return rule_tensor(name, shape, -0.2, 0.2);
}

}  // namespace

double rule_unit(const std::string& name, int64_t index) { return unit(hash_of(name), index); }

void set_rule_weights(nn::Module& model) {
  nn::StateDict state = nn::state_dict(model);
  for (auto& [name, value] : state) {
    if (is_floating(value.dtype())) value = rule_weight(name, value.shape());
  }
  nn::load_state_dict(model, state);
}

Tensor rule_tensor(const std::string& name, const Shape& shape, double low, double high) {
  Tensor t = empty(shape);
  const uint64_t key = hash_of(name);
  float* values = t.data<float>();
  for (int64_t i = 0; i < t.numel(); ++i) {
    values[i] = static_cast<float>(low + (high - low) * unit(key, i));
  }
  return t;
}

Tensor rule_integers(const std::string& name, const Shape& shape, int64_t below) {
  Tensor t = empty(shape, DType::i64);
  const uint64_t key = hash_of(name);
  for (int64_t i = 0; i < t.numel(); ++i) {
    t.data<int64_t>()[i] =
        static_cast<int64_t>(std::floor(static_cast<double>(below) * unit(key, i)));
  }
  return t;
}

}  // namespace strata::testing
