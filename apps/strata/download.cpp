#include "apps/strata/download.h"

#include <cerrno>
#include <cstring>
#include <filesystem>
#include <system_error>
#include <vector>

#include <fmt/format.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include "apps/strata/terminal.h"
#include "strata/base/error.h"

extern char** environ;

namespace strata::app {
namespace {

/// Removes a file at the end unless it has been moved.
class Temporary {
 public:
  explicit Temporary(std::string path) : path_(std::move(path)) {}
  ~Temporary() {
    std::error_code ignored;
    std::filesystem::remove(path_, ignored);
  }
  Temporary(const Temporary&) = delete;
  Temporary& operator=(const Temporary&) = delete;
  const std::string& path() const { return path_; }

 private:
  std::string path_;
};

/// What curl's exit status says (its manual lists them).
std::string problem_of(int status) {
  switch (status) {
    case 5:
    case 6:
    case 7:
    case 28: return "no network";
    case 22: return "the server does not have it";
    case 23: return "it cannot be written: is the disk full?";
    case 35:
    case 60: return "the connection is not safe";
    case 127: return "the program curl is not installed";
    default: return fmt::format("curl failed with status {}", status);
  }
}

/// Runs a program, not a shell, and returns its exit status.
int run(std::vector<std::string> arguments) {
  std::vector<char*> argv;
  for (std::string& a : arguments) argv.push_back(a.data());
  argv.push_back(nullptr);
  pid_t child = 0;
  if (posix_spawnp(&child, argv[0], nullptr, nullptr, argv.data(), environ) != 0) return 127;
  int status = 0;
  while (waitpid(child, &status, 0) < 0 && errno == EINTR) {
  }
  return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

}  // namespace

void download(const std::string& url, const std::string& path,
              const std::function<void(const std::string&)>& check) {
  const Temporary file(path + ".part");
  const int status =
      run({"curl", "--fail", "--location", "--proto", "=https", "--retry", "2", "--connect-timeout",
           "20", is_terminal() ? "--progress-bar" : "--silent", "--output", file.path(), url});
  if (status != 0) throw IoError(url, "could not be got: " + problem_of(status));
  check(file.path());
  std::error_code error;
  std::filesystem::rename(file.path(), path, error);
  if (error) throw IoError(path, "cannot be put in place: " + error.message());
}

}  // namespace strata::app
