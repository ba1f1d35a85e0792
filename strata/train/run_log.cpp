#include "strata/train/run_log.h"

#include <filesystem>
#include <fstream>
#include <sstream>

#include <nlohmann/json.hpp>

#include "strata/base/error.h"
#include "strata/io/file.h"

namespace strata::train {

RunLog::RunLog(std::string path, int64_t keep_until) : path_(std::move(path)) {
  std::string kept;
  if (keep_until > 0 && std::filesystem::exists(path_)) {
    std::istringstream lines(read_text_file(path_));
    for (std::string line; std::getline(lines, line);) {
      const auto json = nlohmann::json::parse(line, nullptr, false);
      if (json.is_object() && json.value("step", int64_t{0}) <= keep_until) kept += line + "\n";
    }
  }
  write_file(path_, kept);
}

void RunLog::add(Entry entry) {
  nlohmann::ordered_json line;
  for (const auto& [key, value] : entry) {
    std::visit([&line, name = key](const auto& v) { line[name] = v; }, value);
  }
  std::ofstream out(path_, std::ios::app);
  out << line.dump() + "\n";
  out.flush();
  if (!out) throw IoError(path_, "cannot be written");
}

}  // namespace strata::train
