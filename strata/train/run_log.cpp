#include "strata/train/run_log.h"

#include <algorithm>
#include <array>
#include <filesystem>
#include <limits>
#include <sstream>
#include <string_view>

#include "strata/base/error.h"
#include "strata/io/file.h"
#include "strata/io/json.h"

namespace strata::train {
namespace {

constexpr const char* kStep = "step";
constexpr const char* kSeconds = "seconds";

constexpr int64_t kNoStep = std::numeric_limits<int64_t>::max();
constexpr int64_t kMostBytes = int64_t{4} << 30;  // a line a step, for days

/// What a line of the log says; null for a damaged one.
JsonValue line_of(const std::string& path, const std::string& line) {
  try {
    return parse_json(path, line);
  } catch (const FormatError&) {
    return JsonValue();
  }
}

/// The step of a line; 0 where it names none, kNoStep for a damaged one.
int64_t step_of(const JsonValue& line) {
  if (!line.is_object()) return kNoStep;
  const JsonValue* step = line.find(kStep);
  if (!step) return 0;
  try {
    return step->as<int64_t>();
  } catch (const JsonError&) {
    return kNoStep;
  }
}

}  // namespace

bool is_log_column(std::string_view name) {
  constexpr std::array<std::string_view, 6> kColumns = {kStep, "epoch",     "loss",
                                                        "lr",  "grad_norm", kSeconds};
  return std::find(kColumns.begin(), kColumns.end(), name) != kColumns.end();
}

RunLog::RunLog(std::string path, int64_t keep_until)
    : path_(std::move(path)),
      kept_until_(keep_until),
      events_(std::filesystem::path(path_).parent_path().string(), keep_until + 1) {
  std::string kept;
  if (keep_until > 0 && std::filesystem::exists(path_)) {
    std::istringstream lines(read_text_file(path_, kMostBytes));
    for (std::string line; std::getline(lines, line);) {
      const JsonValue json = line_of(path_, line);
      const int64_t step = step_of(json);
      if (step > keep_until) continue;
      kept += line + "\n";
      if (step < keep_until) continue;
      Keys keys;
      for (const auto& [key, value] : json.members()) keys.insert(key);
      kept_.insert(std::move(keys));
    }
  }
  write_file(path_, kept);
}

void RunLog::add(Entry entry) {
  std::string line;
  std::vector<ScalarValue> scalars;
  int64_t step = 0;
  Keys keys;
  for (const auto& [key, value] : entry) {
    keys.insert(key);
    const std::string text = std::visit([](const auto& v) { return JsonValue(v).text(); }, value);
    line += (line.empty() ? "{" : ",") + JsonValue(std::string(key)).text() + ":" + text;
    const auto* whole = std::get_if<int64_t>(&value);
    const auto* number = std::get_if<double>(&value);
    if (whole && std::string_view(key) == kStep) step = *whole;
    if (number && std::string_view(key) != kSeconds) scalars.emplace_back(key, *number);
  }
  if (step == kept_until_ && kept_.contains(keys)) return;
  append_file(path_, line + "}\n");
  events_.add(step, scalars);
}

std::vector<LoggedCurve> read_log(const std::string& path) {
  std::vector<LoggedCurve> curves;
  std::istringstream lines(read_text_file(path, kMostBytes));
  for (std::string line; std::getline(lines, line);) {
    const JsonValue json = line_of(path, line);
    const int64_t step = step_of(json);
    if (step == kNoStep || !json.find(kStep)) continue;
    for (const auto& [key, value] : json.members()) {
      if (!value.is_number() || value.is_integer() || key == kSeconds) continue;
      auto it = std::find_if(curves.begin(), curves.end(),
                             [name = key](const LoggedCurve& c) { return c.name == name; });
      if (it == curves.end()) it = curves.insert(it, LoggedCurve{key, {}, {}});
      it->steps.push_back(step);
      it->values.push_back(value.as<double>());
    }
  }
  return curves;
}

}  // namespace strata::train
