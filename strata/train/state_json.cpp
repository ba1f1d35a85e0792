#include "strata/train/state_json.h"

#include <cmath>
#include <cstdint>
#include <limits>

#include <fmt/format.h>

namespace strata::train {

JsonValue random_json(const Generator& g) {
  return JsonValue(JsonValue::Object{{"seed", JsonValue(g.seed)}, {"stream", JsonValue(g.stream)}});
}

Generator random_from(const JsonValue& json) {
  Generator g(json.get<uint64_t>("seed"));
  g.stream = json.get<uint64_t>("stream");
  return g;
}

JsonValue number_json(double value) {
  return std::isfinite(value) ? JsonValue(value) : JsonValue(fmt::format("{}", value));
}

double number_from(const JsonValue& json) {
  if (json.is_null()) return std::numeric_limits<double>::quiet_NaN();
  if (!json.is_string()) return json.as<double>();
  const auto text = json.as<std::string>();
  const double inf = std::numeric_limits<double>::infinity();
  if (text == "inf") return inf;
  if (text == "-inf") return -inf;
  if (text == "nan" || text == "-nan") return std::numeric_limits<double>::quiet_NaN();
  throw JsonError("json", json.brief() + " is no number");
}

TensorMap tensors_of(const SafeTensors& file, const std::string& prefix) {
  TensorMap out;
  for (const SafeTensorInfo& info : file.tensors()) {
    if (!info.name.starts_with(prefix)) continue;
    out[info.name.substr(prefix.size())] = file.load(info.name);
  }
  return out;
}

}  // namespace strata::train
