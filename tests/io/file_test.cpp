#include "strata/io/file.h"

#include <chrono>
#include <csignal>
#include <cstdint>
#include <filesystem>
#include <thread>
#include <vector>

#include <gtest/gtest.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "strata/base/error.h"
#include "tests/support/temp_folder.h"

namespace strata {
namespace {

namespace fs = std::filesystem;
using testing::slurp;
using testing::spill;
using testing::TempFolder;

size_t files_in(const std::string& folder) {
  return static_cast<size_t>(
      std::distance(fs::directory_iterator(folder), fs::directory_iterator()));
}

template <class E, class F>
std::string error_of(F&& f) {
  try {
    f();
  } catch (const E& e) {
    return e.what();
  }
  return "no error";
}

/// No file may grow beyond `bytes` while this lives: how a disk fills up, without filling one.
class FileSizeLimit {
 public:
  explicit FileSizeLimit(rlim_t bytes) : handler_(std::signal(SIGXFSZ, SIG_IGN)) {
    getrlimit(RLIMIT_FSIZE, &before_);
    rlimit now = before_;
    now.rlim_cur = bytes;
    setrlimit(RLIMIT_FSIZE, &now);
  }
  ~FileSizeLimit() {
    setrlimit(RLIMIT_FSIZE, &before_);
    std::signal(SIGXFSZ, handler_);
  }

 private:
  rlimit before_{};
  void (*handler_)(int);
};

TEST(File, ReadsWholeAndInPart) {
  const TempFolder folder;
  spill(folder / "a", "0123456789");
  const Tensor all = read_file(folder / "a");
  EXPECT_EQ(all.to_vector<uint8_t>(),
            std::vector<uint8_t>({48, 49, 50, 51, 52, 53, 54, 55, 56, 57}));
  EXPECT_EQ(reinterpret_cast<uintptr_t>(all.raw()) % 64, 0u);
  const InputFile file(folder / "a");
  std::string part(3, ' ');
  file.read(7, part.data(), 3);
  EXPECT_EQ(part, "789");
  EXPECT_THROW(file.read(8, part.data(), 3), FormatError);
  EXPECT_THROW(file.read(-1, part.data(), 1), FormatError);
  EXPECT_THROW(file.read(11, part.data(), 0), FormatError);
  EXPECT_THROW(file.read(1, part.data(), INT64_MAX), FormatError);
  spill(folder / "empty", "");
  EXPECT_EQ(read_file(folder / "empty").numel(), 0);
  EXPECT_THROW(read_text_file(folder / "a", 9), FormatError);
  EXPECT_EQ(read_text_file(folder / "a", 10), "0123456789");
}

TEST(File, RefusesWhatIsNoFile) {
  const TempFolder folder;
  EXPECT_NE(
      error_of<IoError>([&] { read_file(folder / "none"); }).find("none] cannot open: No such"),
      std::string::npos);
  EXPECT_NE(error_of<IoError>([&] { read_file(folder.path()); }).find("is a folder"),
            std::string::npos);
  EXPECT_THROW(read_file("/dev/zero"), IoError);
  ASSERT_EQ(mkfifo((folder / "pipe").c_str(), 0600), 0);
  EXPECT_THROW(read_file(folder / "pipe"), IoError);
}

TEST(AtomicFile, ReplacesInOneStep) {
  const TempFolder folder;
  const std::string path = folder / "a";
  spill(path, "old");
  {
    AtomicFile file(path);
    file.write("new", 3);
    EXPECT_EQ(slurp(path), "old");
    file.commit();
  }
  EXPECT_EQ(slurp(path), "new");
  { AtomicFile(path).write("half", 4); }
  EXPECT_EQ(slurp(path), "new");
  EXPECT_EQ(files_in(folder.path()), 1u);
  EXPECT_THROW(write_file(folder / "no/such/folder", ""), IoError);
  EXPECT_THROW(write_file(folder.path(), ""), IoError);
}

TEST(AtomicFile, UsesATemporaryLeftBehind) {
  const TempFolder folder;
  spill(folder / "a.tmp", std::string(1000, 'x'));
  write_file(folder / "a", "new");
  EXPECT_EQ(slurp(folder / "a"), "new");
  EXPECT_EQ(files_in(folder.path()), 1u);
}

TEST(AtomicFile, KeepsSymbolicLinks) {
  const TempFolder folder;
  fs::create_directory(folder / "b");
  spill(folder / "b/file", "old");
  fs::create_symlink("b/file", folder / "link");
  write_file(folder / "link", "new");
  EXPECT_TRUE(fs::is_symlink(folder / "link"));
  EXPECT_EQ(slurp(folder / "b/file"), "new");
}

TEST(AtomicFile, SurvivesAFullDisk) {
  const TempFolder folder;
  const std::string path = folder / "a";
  spill(path, "old");
  const std::string big(1 << 20, 'x');
  std::string error;
  {
    const FileSizeLimit limit(100'000);
    error = error_of<IoError>([&] { write_file(path, big); });
  }
  EXPECT_NE(error.find("a] cannot write: File too large"), std::string::npos) << error;
  EXPECT_EQ(slurp(path), "old");
  EXPECT_EQ(files_in(folder.path()), 1u);
}

TEST(AtomicFile, SurvivesKillAtAnyMoment) {
  const TempFolder folder;
  const std::string path = folder / "a";
  write_file(path, std::string(200'000, 'a'));
  for (int round = 0; round < 25; ++round) {
    const pid_t child = fork();
    if (child == 0) {
      for (char c = 'a';; c = c == 'z' ? 'a' : static_cast<char>(c + 1)) {
        write_file(path, std::string(200'000, c));
      }
    }
    std::this_thread::sleep_for(std::chrono::microseconds(1000 + 377 * round));
    kill(child, SIGKILL);
    waitpid(child, nullptr, 0);
    const std::string now = slurp(path);
    ASSERT_EQ(now, std::string(200'000, now.at(0))) << "round " << round;
    EXPECT_LE(files_in(folder.path()), 2u) << "one temporary at most";
  }
  write_file(path, "b");
  EXPECT_EQ(files_in(folder.path()), 1u);
}

TEST(AtomicFile, ManyWritersNeverMix) {
  const TempFolder folder;
  const std::string path = folder / "a";
  std::vector<std::thread> threads;
  for (char c = 'a'; c < 'e'; ++c) {
    threads.emplace_back([&path, c] {
      for (int i = 0; i < 25; ++i) write_file(path, std::string(20'000, c));
    });
  }
  for (int i = 0; i < 200; ++i) {
    if (!fs::exists(path)) continue;
    const std::string now = slurp(path);
    EXPECT_EQ(now, std::string(20'000, now.at(0)));
  }
  for (std::thread& t : threads) t.join();
  EXPECT_EQ(files_in(folder.path()), 1u);
}

}  // namespace
}  // namespace strata
