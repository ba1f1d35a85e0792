#include "strata/train/run_log.h"

#include <algorithm>
#include <filesystem>
#include <limits>
#include <sstream>
#include <string_view>

#include <nlohmann/json.hpp>

#include "strata/base/error.h"
#include "strata/io/file.h"
#include "strata/io/json.h"

namespace strata::train {
namespace {

constexpr const char* kStep = "step";
constexpr const char* kSeconds = "seconds";

/// Of a line of the log; beyond all steps for a damaged one.
int64_t step_of(const std::string& path, const std::string& line) {
  constexpr int64_t kNone = std::numeric_limits<int64_t>::max();
  try {
    const JsonValue json = parse_json(path, line);
    if (!json.is_object()) return kNone;
    const JsonValue* step = json.find(kStep);
    return step ? step->as<int64_t>() : 0;
  } catch (const Error&) {
    return kNone;
  }
}

}  // namespace

RunLog::RunLog(std::string path, int64_t keep_until)
    : path_(std::move(path)),
      events_(std::filesystem::path(path_).parent_path().string(), keep_until + 1) {
  std::string kept;
  if (keep_until > 0 && std::filesystem::exists(path_)) {
    std::istringstream lines(read_text_file(path_));
    for (std::string line; std::getline(lines, line);) {
      if (step_of(path_, line) <= keep_until) kept += line + "\n";
    }
  }
  write_file(path_, kept);
}

void RunLog::add(Entry entry) {
  std::string line;
  std::vector<ScalarValue> scalars;
  int64_t step = 0;
  for (const auto& [key, value] : entry) {
    const std::string text = std::visit([](const auto& v) { return JsonValue(v).text(); }, value);
    line += (line.empty() ? "{" : ",") + JsonValue(std::string(key)).text() + ":" + text;
    const auto* whole = std::get_if<int64_t>(&value);
    const auto* number = std::get_if<double>(&value);
    if (whole && std::string_view(key) == kStep) step = *whole;
    if (number && std::string_view(key) != kSeconds) scalars.emplace_back(key, *number);
  }
  append_file(path_, line + "}\n");
  events_.add(step, scalars);
}

std::vector<LoggedCurve> read_log(const std::string& path) {
  std::vector<LoggedCurve> curves;
  std::istringstream lines(read_text_file(path));
  for (std::string line; std::getline(lines, line);) {
    const auto json = nlohmann::ordered_json::parse(line, nullptr, false);
    if (!json.is_object() || !json.contains(kStep) || !json[kStep].is_number_integer()) continue;
    for (const auto& [key, value] : json.items()) {
      if (!value.is_number_float() || key == kSeconds) continue;
      auto it = std::find_if(curves.begin(), curves.end(),
                             [name = key](const LoggedCurve& c) { return c.name == name; });
      if (it == curves.end()) it = curves.insert(it, LoggedCurve{key, {}, {}});
      it->steps.push_back(json[kStep].get<int64_t>());
      it->values.push_back(value.get<double>());
    }
  }
  return curves;
}

}  // namespace strata::train
