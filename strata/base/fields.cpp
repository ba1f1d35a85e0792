#include "strata/base/fields.h"

#include <algorithm>
#include <charconv>

#include <fmt/format.h>

#include "strata/base/error.h"

namespace strata {

FieldVisitor& FieldVisitor::operator()(std::string_view name, bool& value, std::string_view help) {
  on(name, value, help);
  return *this;
}
FieldVisitor& FieldVisitor::operator()(std::string_view name, int64_t& value,
                                       std::string_view help) {
  on(name, value, help);
  return *this;
}
FieldVisitor& FieldVisitor::operator()(std::string_view name, double& value,
                                       std::string_view help) {
  on(name, value, help);
  return *this;
}
FieldVisitor& FieldVisitor::operator()(std::string_view name, std::string& value,
                                       std::string_view help) {
  on(name, value, help);
  return *this;
}

namespace {

class Lister final : public FieldVisitor {
 public:
  std::vector<Fields::Entry> entries;

 private:
  void add(std::string_view name, std::string value, std::string_view help) {
    entries.push_back({std::string(name), std::move(value), std::string(help)});
  }
  void on(std::string_view n, bool& v, std::string_view h) override {
    add(n, v ? "true" : "false", h);
  }
  void on(std::string_view n, int64_t& v, std::string_view h) override {
    add(n, fmt::format("{}", v), h);
  }
  void on(std::string_view n, double& v, std::string_view h) override {
    add(n, fmt::format("{}", v), h);
  }
  void on(std::string_view n, std::string& v, std::string_view h) override { add(n, v, h); }
};

class Setter final : public FieldVisitor {
 public:
  Setter(std::string_view key, std::string_view text) : key_(key), text_(text) {}
  bool found = false;

 private:
  [[noreturn]] void refuse(const char* wanted) const {
    throw ValueError(key_, fmt::format("'{}' is not {}", text_, wanted));
  }
  template <class T>
  T number(const char* wanted) const {
    T value{};
    const char* end = text_.data() + text_.size();
    const auto [p, error] = std::from_chars(text_.data(), end, value);
    if (error != std::errc() || p != end || text_.empty()) refuse(wanted);
    return value;
  }
  void on(std::string_view name, bool& value, std::string_view) override {
    if (!take(name)) return;
    const bool yes = text_ == "true" || text_ == "1" || text_ == "yes";
    if (!yes && text_ != "false" && text_ != "0" && text_ != "no") refuse("true or false");
    value = yes;
  }
  void on(std::string_view name, int64_t& value, std::string_view) override {
    if (take(name)) value = number<int64_t>("a whole number");
  }
  void on(std::string_view name, double& value, std::string_view) override {
    if (take(name)) value = number<double>("a number");
  }
  void on(std::string_view name, std::string& value, std::string_view) override {
    if (take(name)) value = std::string(text_);
  }
  bool take(std::string_view name) {
    found |= name == key_;
    return name == key_;
  }

  std::string_view key_, text_;
};

size_t edit_distance(std::string_view a, std::string_view b) {
  std::vector<size_t> row(b.size() + 1);
  for (size_t j = 0; j <= b.size(); ++j) row[j] = j;
  for (size_t i = 1; i <= a.size(); ++i) {
    size_t diagonal = row[0];
    row[0] = i;
    for (size_t j = 1; j <= b.size(); ++j) {
      const size_t replaced = diagonal + (a[i - 1] == b[j - 1] ? 0 : 1);
      diagonal = row[j];
      row[j] = std::min({row[j] + 1, row[j - 1] + 1, replaced});
    }
  }
  return row[b.size()];
}

}  // namespace

std::vector<Fields::Entry> Fields::list() const {
  Lister lister;
  visit(lister);
  return std::move(lister.entries);
}

void Fields::set(std::string_view key, std::string_view text) {
  Setter setter(key, text);
  visit(setter);
  if (setter.found) return;
  std::vector<std::string> names;
  for (const Entry& e : list()) names.push_back(e.name);
  const std::string near = nearest_name(key, names);
  throw ValueError(key, "there is no such key",
                   near.empty() ? fmt::format("keys: {}", fmt::join(names, ", "))
                                : fmt::format("did you mean {}?", near));
}

void Fields::assign(std::string_view key_and_value) {
  const size_t at = key_and_value.find('=');
  if (at == std::string_view::npos || at == 0) {
    throw ValueError(key_and_value, "is not of the form key=value");
  }
  set(key_and_value.substr(0, at), key_and_value.substr(at + 1));
}

std::string nearest_name(std::string_view name, const std::vector<std::string>& candidates) {
  std::string best;
  size_t least = std::max<size_t>(name.size() / 2, 2) + 1;
  for (const std::string& candidate : candidates) {
    const size_t d = edit_distance(name, candidate);
    if (d < least) {
      least = d;
      best = candidate;
    }
  }
  return best;
}

}  // namespace strata
