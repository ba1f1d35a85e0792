#include "tests/support/program.h"

#include <array>
#include <chrono>
#include <csignal>
#include <cstdlib>
#include <filesystem>
#include <thread>

#include <fcntl.h>
#include <linux/capability.h>
#include <poll.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <termios.h>
#include <unistd.h>

#include "tests/support/temp_folder.h"

namespace strata::testing {
namespace {

std::vector<char*> arguments_for(const std::string& program,
                                 const std::vector<std::string>& arguments) {
  std::vector<char*> argv = {const_cast<char*>(program.c_str())};
  for (const std::string& a : arguments) argv.push_back(const_cast<char*>(a.c_str()));
  argv.push_back(nullptr);
  return argv;
}

int status_of(int status) {
  return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

/// In the child: gives up what the program is to lack.
void give_up(const Lacks& lacks) {
  if (lacks.file_bytes > 0) {
    const auto most = static_cast<rlim_t>(lacks.file_bytes);
    const rlimit limit{most, most};
    setrlimit(RLIMIT_FSIZE, &limit);
    signal(SIGXFSZ, SIG_IGN);  // the write fails instead, as on a full disk
  }
  if (lacks.privilege) prctl(PR_CAPBSET_DROP, CAP_DAC_OVERRIDE);
}

pid_t start(const std::vector<std::string>& arguments, const std::string& out,
            const std::string& err, const std::string& program = STRATA_PROGRAM,
            const Lacks& lacks = {}) {
  const std::vector<char*> argv = arguments_for(program, arguments);
  const pid_t child = fork();
  if (child != 0) return child;
  give_up(lacks);
  dup2(open("/dev/null", O_RDONLY), 0);
  dup2(open(out.c_str(), O_WRONLY | O_CREAT | O_TRUNC, 0600), 1);
  dup2(open(err.c_str(), O_WRONLY | O_CREAT | O_TRUNC, 0600), 2);
  execv(program.c_str(), argv.data());
  _exit(127);
}

ProgramResult finish(pid_t child, const TempFolder& folder) {
  int status = 0;
  waitpid(child, &status, 0);
  return {status_of(status), slurp(folder / "out"), slurp(folder / "err")};
}

void sleep_for(double seconds) {
  std::this_thread::sleep_for(std::chrono::duration<double>(seconds));
}

/// Waits until the file exists, a minute at most; not at all where none is named.
void wait_for(const std::string& file) {
  for (int i = 0; !file.empty() && i < 60'000 && !std::filesystem::exists(file); ++i)
    sleep_for(0.001);
}

}  // namespace

ProgramResult run_strata(const std::vector<std::string>& arguments, const Lacks& lacks) {
  const TempFolder folder;
  const std::string out = lacks.output ? "/dev/full" : folder / "out";
  return finish(start(arguments, out, folder / "err", STRATA_PROGRAM, lacks), folder);
}

ProgramResult run_program(const std::string& program, const std::vector<std::string>& arguments) {
  const TempFolder folder;
  return finish(start(arguments, folder / "out", folder / "err", program), folder);
}

ProgramResult run_meanwhile(const std::vector<std::string>& arguments, const std::string& file,
                            const std::function<void(pid_t)>& meanwhile) {
  const TempFolder folder;
  const pid_t child = start(arguments, folder / "out", folder / "err");
  wait_for(file);
  meanwhile(child);
  return finish(child, folder);
}

ProgramResult run_and_interrupt(const std::vector<std::string>& arguments,
                                const std::string& file) {
  return run_meanwhile(arguments, file, [](pid_t child) { kill(child, SIGINT); });
}

ProgramResult run_and_interrupt(const std::vector<std::string>& arguments, double seconds) {
  return run_meanwhile(arguments, {}, [seconds](pid_t child) {
    sleep_for(seconds);
    kill(child, SIGINT);
  });
}

namespace {

/// In the child: the terminal becomes its own and that of its three streams.
void take_terminal(const std::string& name) {
  setsid();
  const int fd = open(name.c_str(), O_RDWR);
  ioctl(fd, TIOCSCTTY, 0);
  for (int stream = 0; stream < 3; ++stream) dup2(fd, stream);
}

/// Reads what the program shows until nothing has its terminal open.
std::string read_terminal(int terminal, pid_t child, double seconds) {
  std::string seen;
  bool typed = false;
  const auto start = std::chrono::steady_clock::now();
  for (;;) {
    pollfd ready{terminal, POLLIN, 0};
    if (poll(&ready, 1, 5) > 0) {
      std::array<char, 4096> buffer;
      const ssize_t got = read(terminal, buffer.data(), buffer.size());
      if (got <= 0) return seen;
      seen.append(buffer.data(), static_cast<size_t>(got));
    }
    const std::chrono::duration<double> waited = std::chrono::steady_clock::now() - start;
    if (typed || waited.count() < seconds) continue;
    typed = true;
    if (write(terminal, "\x03", 1) != 1) kill(child, SIGINT);
  }
}

bool same_mode(const termios& a, const termios& b) {
  return a.c_iflag == b.c_iflag && a.c_oflag == b.c_oflag && a.c_cflag == b.c_cflag &&
         a.c_lflag == b.c_lflag;
}

}  // namespace

ProgramResult run_on_terminal(const std::vector<std::string>& arguments, double seconds) {
  const int terminal = posix_openpt(O_RDWR | O_NOCTTY);
  grantpt(terminal);
  unlockpt(terminal);
  const std::string name = ptsname(terminal);
  const winsize size{24, 80, 0, 0};
  ioctl(terminal, TIOCSWINSZ, &size);
  termios before{}, after{};
  tcgetattr(terminal, &before);
  const std::string program = STRATA_PROGRAM;
  std::vector<char*> argv = arguments_for(program, arguments);
  const pid_t child = fork();
  if (child == 0) {
    take_terminal(name);
    execv(program.c_str(), argv.data());
    _exit(127);
  }
  ProgramResult result;
  result.out = read_terminal(terminal, child, seconds);
  int status = 0;
  waitpid(child, &status, 0);
  result.status = status_of(status);
  tcgetattr(terminal, &after);
  if (!same_mode(before, after)) result.err = "the terminal is in another mode";
  close(terminal);
  return result;
}

bool run_and_kill(const std::vector<std::string>& arguments, double seconds,
                  const std::string& file) {
  const pid_t child = start(arguments, "/dev/null", "/dev/null");
  int status = 0;
  for (int i = 0; !file.empty() && i < 100'000 && !std::filesystem::exists(file); ++i) {
    if (waitpid(child, &status, WNOHANG) == child) return true;
    sleep_for(0.0002);
  }
  sleep_for(seconds);
  if (waitpid(child, &status, WNOHANG) == child) return true;
  kill(child, SIGKILL);
  waitpid(child, &status, 0);
  return false;
}

}  // namespace strata::testing
