#include "strata/io/json.h"

#include <algorithm>
#include <string_view>
#include <type_traits>
#include <utility>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "strata/io/file.h"

namespace strata {
namespace {

using Json = nlohmann::json;

constexpr size_t kMostFault = 200;  // bytes that an error has of the parser's
constexpr size_t kMostShown = 80;   // and of a text in the file

/// Line, column and what is wrong there: ", line 1, column 2: syntax error ...". The parser quotes
/// the whole of the last token, which may be as long as the file and end within a character.
std::string fault_of(const Json::exception& e) {
  constexpr std::string_view kPlace = "parse error at ";
  std::string_view said = e.what();
  said.remove_prefix(said.find("] ") + 2);  // "[json.exception.parse_error.101] "
  const bool placed = said.starts_with(kPlace);
  if (placed) said.remove_prefix(kPlace.size());
  std::string text(said.substr(0, kMostFault));
  const auto foreign = [](char c) { return static_cast<unsigned char>(c) >= 0x80; };
  std::replace_if(text.begin(), text.end(), foreign, '?');
  return (placed ? ", " : ": ") + text;
}

std::string in_quotes(std::string_view text) {
  return Json(std::string(text)).dump(-1, ' ', false, Json::error_handler_t::replace);
}

/// Builds the values from the events of the parser.
class Builder final : public nlohmann::json_sax<Json> {
 public:
  Builder(const std::string& path, int deepest, std::vector<std::string>* repeated)
      : path_(path), deepest_(deepest), repeated_(repeated) {}

  bool null() override { return add(JsonValue()); }
  bool boolean(bool value) override { return add(JsonValue(value)); }
  bool number_integer(int64_t value) override { return add(JsonValue(value)); }
  bool number_unsigned(uint64_t value) override {
    return std::in_range<int64_t>(value) ? add(JsonValue(static_cast<int64_t>(value)))
                                         : add(JsonValue(value));
  }
  bool number_float(double value, const std::string&) override { return add(JsonValue(value)); }
  bool string(std::string& value) override { return add(JsonValue(std::move(value))); }
  bool binary(Json::binary_t&) override { return false; }  // no text holds any

  bool start_object(size_t) override { return open<JsonValue::Object>(); }
  bool key(std::string& name) override {
    const auto& members = std::get<JsonValue::Object>(open_.back().value);
    if (repeated_ && members.contains(name)) repeated_->push_back(name);
    open_.back().name = std::move(name);
    return true;
  }
  bool end_object() override { return close(); }
  bool start_array(size_t) override { return open<JsonValue::Array>(); }
  bool end_array() override { return close(); }

  bool parse_error(size_t position, const std::string&, const Json::exception& e) override {
    throw FormatError(path_, fmt::format("is no valid JSON at byte {}{}", position, fault_of(e)));
  }

  JsonValue take() { return std::move(root_); }

 private:
  struct Open {
    std::variant<JsonValue::Array, JsonValue::Object> value;
    std::string name;  // of the member that comes next
  };

  template <class T>
  bool open() {
    if (static_cast<int>(open_.size()) == deepest_) throw FormatError(path_, "is nested too deep");
    open_.push_back({T(), {}});
    return true;
  }

  bool close() {
    std::variant<JsonValue::Array, JsonValue::Object> ended = std::move(open_.back().value);
    open_.pop_back();
    return std::visit([this](auto& value) { return add(JsonValue(std::move(value))); }, ended);
  }

  bool add(JsonValue value) {
    if (open_.empty()) {
      root_ = std::move(value);
    } else if (auto* array = std::get_if<JsonValue::Array>(&open_.back().value)) {
      array->push_back(std::move(value));
    } else {
      std::get<JsonValue::Object>(open_.back().value)[open_.back().name] = std::move(value);
    }
    return true;
  }

  const std::string& path_;
  int deepest_;
  std::vector<std::string>* repeated_;
  std::vector<Open> open_;
  JsonValue root_;
};

constexpr const char* kWhere = "json";

}  // namespace

const JsonValue::Array& JsonValue::elements() const {
  static const Array kNone;
  const auto* array = std::get_if<Array>(&value_);
  return array ? *array : kNone;
}

const JsonValue::Object& JsonValue::members() const {
  static const Object kNone;
  const auto* object = std::get_if<Object>(&value_);
  return object ? *object : kNone;
}

const JsonValue* JsonValue::find(const std::string& name) const {
  const Object& all = members();
  const auto at = all.find(name);
  return at == all.end() ? nullptr : &at->second;
}

const JsonValue& JsonValue::at(const std::string& name) const {
  if (const JsonValue* value = find(name)) return *value;
  throw JsonError(kWhere, fmt::format("there is no \"{}\"", name));
}

template <class T>
T JsonValue::as() const {
  if constexpr (std::is_same_v<T, bool> || std::is_same_v<T, std::string>) {
    if (const T* value = std::get_if<T>(&value_)) return *value;
  } else if (const auto* whole = std::get_if<int64_t>(&value_)) {
    if (std::is_same_v<T, double> || *whole >= 0 || std::is_signed_v<T>) {
      return static_cast<T>(*whole);
    }
  } else if (const auto* large = std::get_if<uint64_t>(&value_)) {
    if (!std::is_same_v<T, int64_t>) return static_cast<T>(*large);
  } else if (const auto* number = std::get_if<double>(&value_)) {
    if (std::is_same_v<T, double>) return static_cast<T>(*number);
    constexpr double kMost = std::is_signed_v<T> ? 0x1p63 : 0x1p64;
    constexpr double kLeast = std::is_signed_v<T> ? -0x1p63 : 0;
    if (*number >= kLeast && *number < kMost) return static_cast<T>(*number);
  }
  throw JsonError(kWhere, fmt::format("{} is of the wrong type", brief()));
}

template bool JsonValue::as<bool>() const;
template int64_t JsonValue::as<int64_t>() const;
template uint64_t JsonValue::as<uint64_t>() const;
template double JsonValue::as<double>() const;
template std::string JsonValue::as<std::string>() const;

std::string JsonValue::text() const {
  std::string out;
  if (const auto* array = std::get_if<Array>(&value_)) {
    for (const JsonValue& e : *array) out += (out.empty() ? "" : ",") + e.text();
    return "[" + out + "]";
  }
  if (const auto* object = std::get_if<Object>(&value_)) {
    for (const auto& [name, value] : *object) {
      out += (out.empty() ? "" : ",") + in_quotes(name) + ":" + value.text();
    }
    return "{" + out + "}";
  }
  if (const auto* s = std::get_if<std::string>(&value_)) return in_quotes(*s);
  if (const auto* truth = std::get_if<bool>(&value_)) return *truth ? "true" : "false";
  if (const auto* number = std::get_if<double>(&value_)) return Json(*number).dump();
  if (const auto* whole = std::get_if<int64_t>(&value_)) return std::to_string(*whole);
  if (const auto* large = std::get_if<uint64_t>(&value_)) return std::to_string(*large);
  return "null";
}

std::string JsonValue::brief() const {
  if (is_array()) return "a list";
  if (is_object()) return "an object";
  const auto* s = std::get_if<std::string>(&value_);
  if (!s || s->size() <= kMostShown) return text();
  size_t end = kMostShown;
  while (end > 0 && ((*s)[end] & 0xc0) == 0x80) --end;  // not within a character
  return in_quotes(std::string_view(*s).substr(0, end)) + "...";
}

JsonValue parse_json(const std::string& path, const std::string& text, int deepest,
                     std::vector<std::string>* repeated) {
  Builder builder(path, deepest, repeated);
  Json::sax_parse(text, &builder);
  return builder.take();
}

JsonValue read_json(const std::string& path, int64_t most_bytes) {
  return parse_json(path, read_text_file(path, most_bytes));
}

template <class T>
T read_value(const std::string& path, const std::string& name, const JsonValue& value) {
  try {
    return value.as<T>();
  } catch (const JsonError&) {
    throw FormatError(path, fmt::format("{} cannot be {}", JsonValue(name).brief(), value.brief()));
  }
}

template bool read_value<bool>(const std::string&, const std::string&, const JsonValue&);
template int64_t read_value<int64_t>(const std::string&, const std::string&, const JsonValue&);
template uint64_t read_value<uint64_t>(const std::string&, const std::string&, const JsonValue&);
template double read_value<double>(const std::string&, const std::string&, const JsonValue&);
template std::string read_value<std::string>(const std::string&, const std::string&,
                                             const JsonValue&);

}  // namespace strata
