#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace strata {

/// Walks the fields of a config, which lists them once:
///
///   struct Training {
///     double lr = 1e-3;
///     int64_t batch = 128;
///     void fields(FieldVisitor& v) { v("lr", lr, "peak learning rate")("batch", batch, "images a
///     step"); }
///   };
///
/// From that come `key=value` on the command line, `info` and what a run's file keeps.
class FieldVisitor {
 public:
  virtual ~FieldVisitor() = default;
  FieldVisitor& operator()(std::string_view name, bool& value, std::string_view help);
  FieldVisitor& operator()(std::string_view name, int64_t& value, std::string_view help);
  FieldVisitor& operator()(std::string_view name, double& value, std::string_view help);
  FieldVisitor& operator()(std::string_view name, std::string& value, std::string_view help);

 protected:
  virtual void on(std::string_view name, bool& value, std::string_view help) = 0;
  virtual void on(std::string_view name, int64_t& value, std::string_view help) = 0;
  virtual void on(std::string_view name, double& value, std::string_view help) = 0;
  virtual void on(std::string_view name, std::string& value, std::string_view help) = 0;
};

/// A config of any type, seen through its fields.
class Fields {
 public:
  template <class Config>
  requires requires(Config& c, FieldVisitor& v) { c.fields(v); }
  explicit Fields(Config& config)
      : config_(&config),
        visit_([](void* c, FieldVisitor& v) { static_cast<Config*>(c)->fields(v); }) {}

  struct Entry {
    std::string name;
    std::string value;  ///< as text
    std::string help;
  };
  /// All fields in order, with their present values.
  std::vector<Entry> list() const;

  /// Sets one field from text. Throws ValueError naming the key, what it takes, or the nearest key.
  void set(std::string_view key, std::string_view text);
  /// Sets from "key=value".
  void assign(std::string_view key_and_value);

  void visit(FieldVisitor& v) const { visit_(config_, v); }

 private:
  void* config_;
  void (*visit_)(void*, FieldVisitor&);
};

/// The candidate nearest to `name` by edit distance, or empty where none is near: for "did you
/// mean".
std::string nearest_name(std::string_view name, const std::vector<std::string>& candidates);

}  // namespace strata
