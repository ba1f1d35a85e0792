#include "strata/train/state_json.h"

#include <cstdint>

namespace strata::train {

JsonValue random_json(const Generator& g) {
  return JsonValue(JsonValue::Object{{"seed", JsonValue(g.seed)}, {"stream", JsonValue(g.stream)}});
}

Generator random_from(const JsonValue& json) {
  Generator g(json.get<uint64_t>("seed"));
  g.stream = json.get<uint64_t>("stream");
  return g;
}

TensorMap strip(const TensorMap& all, const std::string& prefix) {
  TensorMap out;
  for (const auto& [name, value] : all) {
    if (name.starts_with(prefix)) out[name.substr(prefix.size())] = value;
  }
  return out;
}

}  // namespace strata::train
