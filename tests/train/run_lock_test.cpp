#include "strata/train/run_lock.h"

#include <csignal>
#include <filesystem>
#include <optional>
#include <string>

#include <gtest/gtest.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include "strata/base/error.h"
#include "strata/train/checkpoint.h"
#include "tests/support/bits.h"
#include "tests/support/message.h"
#include "tests/support/temp_folder.h"
#include "tests/train/points.h"

namespace strata::train {
namespace {

using testing::bits;
using testing::message;
using testing::TempFolder;

const std::string kHeld = "another training is writing into it";

bool is_held(const std::string& folder) {
  return message<IoError>([&] { const RunLock lock(folder); }).find(kHeld) != std::string::npos;
}

TEST(RunLock, KeepsOthersOutWhileItLives) {
  const TempFolder folder, other;
  {
    const RunLock lock(folder.path());
    EXPECT_TRUE(is_held(folder.path()));
    EXPECT_TRUE(is_held(folder.path())) << "a refusal must not let it go";
    EXPECT_FALSE(is_held(other.path()));
  }
  EXPECT_FALSE(is_held(folder.path()));
  EXPECT_NE(message<IoError>([&] { const RunLock lock(folder / "nothing"); }).find("No such file"),
            std::string::npos);
}

TEST(RunLock, GoesWithItsProcess) {
  const TempFolder folder;
  const pid_t child = fork();
  if (child == 0) {
    const RunLock lock(folder.path());
    raise(SIGKILL);
  }
  int status = 0;
  waitpid(child, &status, 0);
  EXPECT_EQ(WTERMSIG(status), SIGKILL);
  EXPECT_FALSE(is_held(folder.path()));
}

TEST(RunLock, StaysBehindWhereAnotherProgramIsStarted) {
  const TempFolder folder;
  std::optional<RunLock> lock;
  lock.emplace(folder.path());
  std::string name = "sleep", seconds = "60";
  char* const words[] = {name.data(), seconds.data(), nullptr};
  pid_t child = 0;
  ASSERT_EQ(posix_spawnp(&child, "sleep", nullptr, nullptr, words, environ), 0);
  lock.reset();
  EXPECT_FALSE(is_held(folder.path()));
  kill(child, SIGKILL);
  waitpid(child, nullptr, 0);
}

/// In the middle of a fit, another one in its folder.
class Another final : public FitObserver {
 public:
  explicit Another(std::string folder) : folder_(std::move(folder)) {}
  void opened(const Progress&) override { ++opened_; }
  void stepped(const Progress& p) override {
    if (p.step != 15) return;
    for (const bool resume : {false, true}) {
      Plain run(16);
      refused_ += message<IoError>([&] {
                    fit(run.training, {.epochs = 1, .run_dir = folder_, .resume = resume}, this);
                  }).find(kHeld) != std::string::npos;
    }
  }
  int opened_ = 0, refused_ = 0;

 private:
  std::string folder_;
};

TEST(RunLock, AFitHoldsItsFolderToItsEnd) {
  Plain whole(16), run(16);
  fit(whole.training, {.epochs = 2});
  const TempFolder folder;
  Another another(folder.path());
  fit(run.training, {.epochs = 2, .run_dir = folder.path()}, &another);
  EXPECT_EQ(another.refused_, 2);
  EXPECT_EQ(another.opened_, 1) << "those refused have no folder";
  EXPECT_FALSE(is_held(folder.path()));
  Plain kept(16);
  load_weights(folder.path(), kept.net);
  EXPECT_EQ(bits(kept.net), bits(whole.net));
}

TEST(RunLock, AFitThatFailsLetsItGo) {
  const TempFolder folder;
  Plain run(16, 0, 0.02,
            [](Batch, Generator&) -> Batch { throw FormatError("cat/7.jpg", "damaged JPEG"); });
  EXPECT_THROW(fit(run.training, {.epochs = 1, .run_dir = folder.path()}), FormatError);
  EXPECT_FALSE(is_held(folder.path()));
}

}  // namespace
}  // namespace strata::train
