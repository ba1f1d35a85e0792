#include "recipes/shared/hub_config.h"

#include <nlohmann/json.hpp>

namespace strata::recipes {
namespace {

using Json = nlohmann::ordered_json;

class JsonFields final : public FieldVisitor {
 public:
  explicit JsonFields(Json& out) : out_(out) {}

 protected:
  void on(std::string_view name, bool& value, std::string_view) override { set(name, value); }
  void on(std::string_view name, int64_t& value, std::string_view) override { set(name, value); }
  void on(std::string_view name, double& value, std::string_view) override { set(name, value); }
  void on(std::string_view name, std::string& value, std::string_view) override {
    set(name, value);
  }

 private:
  template <class T>
  void set(std::string_view name, const T& value) {
    out_[std::string(name)] = value;
  }

  Json& out_;
};

}  // namespace

std::string value_of(const HubConfig& config, const std::string& key,
                     const std::string& otherwise) {
  const auto at = config.find(key);
  return at == config.end() ? otherwise : at->second;
}

std::string hub_config_text(const std::string& model_type, const std::string& architecture,
                            const Settings& settings,
                            const std::vector<std::pair<std::string, std::string>>& more) {
  Json json = {{"model_type", model_type}, {"architectures", {architecture}}};
  JsonFields fields(json);
  settings.fields().visit(fields);
  for (const auto& [key, value] : more) {
    if (value.empty()) {
      json.erase(key);
    } else {
      json[key] = Json::parse(value);
    }
  }
  return json.dump(2) + "\n";
}

std::vector<std::pair<std::string, std::string>> hub_labels(int64_t count, const HubConfig& known) {
  Json names = Json::object(), numbers = Json::object();
  for (int64_t i = 0; i < count; ++i) {
    const std::string number = std::to_string(i);
    const auto at = known.find("id2label." + number);
    const std::string name = at == known.end() ? "LABEL_" + number : at->second;
    names[number] = name;
    numbers[name] = i;
  }
  return {{"id2label", names.dump()}, {"label2id", numbers.dump()}};
}

std::pair<std::string, std::string> hub_problem_type(const HubConfig& known) {
  const std::string type = value_of(known, "problem_type", "");
  return {"problem_type", type.empty() ? "" : Json(type).dump()};
}

}  // namespace strata::recipes
