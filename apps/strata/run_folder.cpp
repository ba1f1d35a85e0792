#include "apps/strata/run_folder.h"

#include <filesystem>
#include <system_error>

#include <fmt/format.h>

#include "strata/base/error.h"
#include "strata/train/checkpoint.h"

namespace strata::app {
namespace {

namespace fs = std::filesystem;

constexpr const char* kRuns = "runs";

/// Whether it is a system's folder by name: "lenet5" and "lenet5-2".
bool is_of_system(const std::string& folder, const std::string& system) {
  if (!folder.starts_with(system)) return false;
  const std::string rest = folder.substr(system.size());
  return rest.empty() || (rest.size() > 1 && rest[0] == '-' &&
                          rest.find_first_not_of("0123456789", 1) == std::string::npos);
}

}  // namespace

std::string newest_run(const std::string& system) {
  std::string newest;
  fs::file_time_type newest_time;
  std::error_code ended;
  for (fs::directory_iterator at(kRuns, ended); !ended && at != fs::directory_iterator();
       at.increment(ended)) {
    if (!is_of_system(at->path().filename().string(), system)) continue;
    const std::string run = at->path().string();
    std::error_code no_checkpoint;  // the folder's own time changes with each report
    const auto time = fs::last_write_time(train::checkpoint_path(run), no_checkpoint);
    if (no_checkpoint || (!newest.empty() && time <= newest_time)) continue;
    newest = run;
    newest_time = time;
  }
  return newest;
}

FreshRun::FreshRun(const std::string& system) {
  std::error_code error;
  fs::create_directories(kRuns, error);
  if (error) throw IoError(kRuns, "cannot make the folder: " + error.message());
  for (int number = 1;; ++number) {
    path_ = fmt::format("{}/{}", kRuns, system) + (number > 1 ? fmt::format("-{}", number) : "");
    if (fs::create_directory(path_, error)) return;
    if (error && error != std::errc::file_exists) {
      throw IoError(path_, "cannot make the folder: " + error.message());
    }
  }
}

FreshRun::~FreshRun() {
  std::error_code holds_a_run;
  fs::remove(path_, holds_a_run);
}

}  // namespace strata::app
