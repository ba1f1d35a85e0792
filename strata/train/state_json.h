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

/// JSON has neither NaN nor infinity: they are texts.
JsonValue number_json(double value);
/// Reads such a number, or a null, which is the NaN of files whose numbers are no texts. Throws
/// JsonError.
double number_from(const JsonValue& json);

/// Loads the tensors whose names begin with `prefix`, under the names without it. Throws as
/// SafeTensors::load.
TensorMap tensors_of(const SafeTensors& file, const std::string& prefix);

}  // namespace strata::train
