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

}  // namespace strata::recipes
