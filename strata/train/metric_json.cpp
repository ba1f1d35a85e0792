#include "strata/train/metric_json.h"

#include <string>
#include <utility>
#include <vector>

#include "strata/train/state_json.h"

namespace strata::train {
namespace {

template <class T>
JsonValue array_of(const std::vector<T>& values) {
  JsonValue::Array out;
  for (const T& value : values) out.emplace_back(value);
  return JsonValue(std::move(out));
}

template <class T>
std::vector<T> vector_of(const JsonValue& array) {
  std::vector<T> out;
  for (const JsonValue& value : array.elements()) out.push_back(value.as<T>());
  return out;
}

}  // namespace

JsonValue metric_json(const Metric& m) {
  JsonValue::Object details;
  for (const auto& [name, value] : m.details) details.emplace(name, number_json(value));
  JsonValue::Object confusion = {{"labels", array_of(m.confusion.labels)},
                                 {"counts", array_of(m.confusion.counts)}};
  return JsonValue(JsonValue::Object{{"name", JsonValue(m.name)},
                                     {"value", number_json(m.value)},
                                     {"samples", JsonValue(m.samples)},
                                     {"details", JsonValue(std::move(details))},
                                     {"confusion", JsonValue(std::move(confusion))}});
}

Metric metric_from(const JsonValue& j) {
  Metric m{j.get<std::string>("name"), number_from(j.at("value")), j.get<int64_t>("samples")};
  if (const JsonValue* details = j.find("details")) {
    for (const auto& [name, value] : details->members()) m.details[name] = number_from(value);
  }
  if (const JsonValue* confusion = j.find("confusion")) {
    m.confusion = {vector_of<std::string>(confusion->at("labels")),
                   vector_of<int64_t>(confusion->at("counts"))};
  }
  const size_t classes = m.confusion.labels.size();
  if (m.confusion.counts.size() != classes * classes) m.confusion = {};
  return m;
}

}  // namespace strata::train
