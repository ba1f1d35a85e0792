#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <variant>
#include <vector>

#include "strata/base/error.h"

namespace strata {

/// A value that is missing or of another type than it was asked for.
struct JsonError : Error {
  using Error::Error;
};

/// What a JSON text says. The values of nlohmann's library serve to write; to read, these: throwing
/// one of its values away takes memory, and where there is none left that ends the program.
class JsonValue {
 public:
  using Array = std::vector<JsonValue>;
  using Object = std::map<std::string, JsonValue>;  ///< of a name that stands twice, the last

  JsonValue() = default;  ///< null
  template <class T>
  explicit JsonValue(T value) : value_(std::move(value)) {}

  bool is_null() const { return is<std::monostate>(); }
  bool is_true() const { return is<bool>() && as<bool>(); }
  bool is_string() const { return is<std::string>(); }
  bool is_integer() const { return is<int64_t>() || is<uint64_t>(); }
  bool is_number() const { return is_integer() || is<double>(); }
  bool is_array() const { return is<Array>(); }
  bool is_object() const { return is<Object>(); }

  /// Empty for what is no array, and no object.
  const Array& elements() const;
  const Object& members() const;
  /// The member of that name; null where there is none, or no object.
  const JsonValue* find(const std::string& name) const;
  /// The same; throws JsonError instead.
  const JsonValue& at(const std::string& name) const;

  /// The value as a bool, int64_t, uint64_t, double or std::string; numbers convert into each
  /// other. Throws JsonError for another type, and for a number that T cannot hold.
  template <class T>
  T as() const;
  /// The member's value. Throws JsonError.
  template <class T>
  T get(const std::string& name) const {
    return at(name).as<T>();
  }

  /// As it would stand in a JSON text; arrays and objects in one line.
  std::string text() const;
  /// What an error says of it, in valid UTF-8: the beginning of a long text, "a list", "an object".
  std::string brief() const;

 private:
  template <class T>
  bool is() const {
    return std::holds_alternative<T>(value_);
  }

  std::variant<std::monostate, bool, int64_t, uint64_t, double, std::string, Array, Object> value_;
};

/// Reads a JSON text, that of the file `path`. Throws FormatError, named after the file, for what
/// is no JSON and for values nested more than `deepest` deep. `repeated`, if given, gets the names
/// that stand in an object a second time.
JsonValue parse_json(const std::string& path, const std::string& text, int deepest = 64,
                     std::vector<std::string>* repeated = nullptr);

/// The same of a file. Throws IoError too.
JsonValue read_json(const std::string& path, int64_t most_bytes = int64_t{64} << 20);

/// `value.as<T>()` for what the file `path` has under that name. Throws FormatError, named after
/// the file, instead of JsonError.
template <class T>
T read_value(const std::string& path, const std::string& name, const JsonValue& value);

/// The same of an object's member; `fallback` where that is null or missing.
template <class T>
T value_or(const std::string& path, const JsonValue& object, const std::string& name, T fallback) {
  const JsonValue* at = object.find(name);
  return at && !at->is_null() ? read_value<T>(path, name, *at) : fallback;
}

}  // namespace strata
