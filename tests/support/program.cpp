#include "tests/support/program.h"

#include <chrono>
#include <csignal>
#include <filesystem>
#include <thread>

#include <fcntl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tests/support/temp_folder.h"

namespace strata::testing {
namespace {

pid_t start(const std::vector<std::string>& arguments, const std::string& out,
            const std::string& err, const std::string& program = STRATA_PROGRAM) {
  std::vector<char*> argv = {const_cast<char*>(program.c_str())};
  for (const std::string& a : arguments) argv.push_back(const_cast<char*>(a.c_str()));
  argv.push_back(nullptr);
  const pid_t child = fork();
  if (child != 0) return child;
  dup2(open("/dev/null", O_RDONLY), 0);
  dup2(open(out.c_str(), O_WRONLY | O_CREAT | O_TRUNC, 0600), 1);
  dup2(open(err.c_str(), O_WRONLY | O_CREAT | O_TRUNC, 0600), 2);
  execv(program.c_str(), argv.data());
  _exit(127);
}

ProgramResult finish(pid_t child, const TempFolder& folder) {
  int status = 0;
  waitpid(child, &status, 0);
  return {WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status), slurp(folder / "out"),
          slurp(folder / "err")};
}

}  // namespace

ProgramResult run_strata(const std::vector<std::string>& arguments) {
  const TempFolder folder;
  return finish(start(arguments, folder / "out", folder / "err"), folder);
}

ProgramResult run_program(const std::string& program, const std::vector<std::string>& arguments) {
  const TempFolder folder;
  return finish(start(arguments, folder / "out", folder / "err", program), folder);
}

ProgramResult run_and_interrupt(const std::vector<std::string>& arguments,
                                const std::string& file) {
  const TempFolder folder;
  const pid_t child = start(arguments, folder / "out", folder / "err");
  for (int i = 0; i < 6000 && !std::filesystem::exists(file); ++i) {
    std::this_thread::sleep_for(std::chrono::milliseconds(10));
  }
  kill(child, SIGINT);
  return finish(child, folder);
}

bool run_and_kill(const std::vector<std::string>& arguments, double seconds) {
  const pid_t child = start(arguments, "/dev/null", "/dev/null");
  std::this_thread::sleep_for(std::chrono::duration<double>(seconds));
  int status = 0;
  if (waitpid(child, &status, WNOHANG) == child) return true;
  kill(child, SIGKILL);
  waitpid(child, &status, 0);
  return false;
}

}  // namespace strata::testing
