#pragma once

#include <map>
#include <string>
#include <utility>

#include "strata/base/random.h"
#include "strata/io/json.h"
#include "strata/io/safetensors.h"

namespace strata::train {

/// An object's members, all of one type. Throws JsonError.
template <class T>
std::map<std::string, T> map_of(const JsonValue& object) {
  if (!object.is_object()) throw JsonError("json", object.brief() + " is no object");
  std::map<std::string, T> out;
  for (const auto& [name, value] : object.members()) out[name] = value.template as<T>();
  return out;
}

/// The numbers of an optimiser's state, say. Doubles that are finite come back to the bit.
template <class T>
JsonValue object_of(const std::map<std::string, T>& values) {
  JsonValue::Object out;
  for (const auto& [name, value] : values) out.emplace(name, value);
  return JsonValue(std::move(out));
}

JsonValue random_json(const Generator& generator);
/// Throws JsonError.
Generator random_from(const JsonValue& json);

/// The entries whose names begin with `prefix`, without it.
TensorMap strip(const TensorMap& all, const std::string& prefix);

}  // namespace strata::train
