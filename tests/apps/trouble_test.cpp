// What befalls a run from outside: a full disk, a folder that may not be written to, data that goes
// away, numbers that grow without bound. One clear line, exit status 1, and nothing is lost.
#include <chrono>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <string>
#include <vector>

#include <gtest/gtest.h>
#include <sys/mount.h>

#include "strata/data/digits.h"
#include "strata/io/png.h"
#include "strata/io/safetensors.h"
#include "strata/ops/joining.h"
#include "strata/ops/views.h"
#include "strata/vision/image.h"
#include "tests/support/program.h"
#include "tests/support/temp_folder.h"

namespace strata {
namespace {

namespace fs = std::filesystem;
using testing::Lacks;
using testing::ProgramResult;
using testing::run_meanwhile;
using testing::run_strata;
using testing::slurp;
using testing::TempFolder;
using Words = std::vector<std::string>;

/// The run ended with status 1 and one line of the program's that holds all of `said`.
void expect_one_line(const ProgramResult& r, const Words& said) {
  EXPECT_EQ(r.status, 1) << r.err;
  std::istringstream lines(r.err);
  std::string error;
  int errors = 0;
  for (std::string line; std::getline(lines, line);) {
    if (!line.starts_with("strata:")) continue;
    ++errors;
    error = line;
  }
  EXPECT_EQ(errors, 1) << r.err;
  for (const std::string& s : said)
    EXPECT_NE(error.find(s), std::string::npos) << s << "\n" << r.err;
}

Words train(const std::string& out, const Words& more = {}) {
  Words words = {"train", "lenet5", "--steps", "12", "batch=16", "--save-every", "0", "--out", out};
  words.insert(words.end(), more.begin(), more.end());
  return words;
}

/// A run in `out` that was stopped after its first checkpoint or a little later.
void begin(const std::string& out) {
  const auto r = testing::run_and_interrupt(train(out), out + "/checkpoint.safetensors");
  ASSERT_EQ(r.status, 130) << r.err;
}

/// Whether the checkpoint in `out` can be used, and a resume ends in the bits of a run that was
/// left alone.
void expect_nothing_lost(const std::string& out) {
  const TempFolder whole;
  EXPECT_GT(load_safetensors(out + "/checkpoint.safetensors").size(), 10u);
  const auto resumed = run_strata(train(out, {"--resume"}));
  ASSERT_EQ(resumed.status, 0) << resumed.err;
  ASSERT_EQ(run_strata(train(whole / "run")).status, 0);
  EXPECT_TRUE(slurp(out + "/model.safetensors") == slurp(whole / "run/model.safetensors"));
}

TEST(Trouble, AFileThatCannotGrowCostsNothing) {
  const TempFolder folder;
  const std::string out = folder / "run";
  begin(out);
  const std::string before = slurp(out + "/checkpoint.safetensors");
  ASSERT_GT(before.size(), 500'000u);
  const auto r = run_strata(train(out, {"--resume"}), {.file_bytes = 400'000});
  expect_one_line(r, {"checkpoint.safetensors", "File too large"});
  EXPECT_TRUE(slurp(out + "/checkpoint.safetensors") == before);
  EXPECT_FALSE(fs::exists(out + "/checkpoint.safetensors.tmp"));
  expect_nothing_lost(out);
}

TEST(Trouble, ALimitOfTheShellIsTold) {
  const TempFolder folder;
  Words words = {"-c", "ulimit -f 400; exec \"$@\"", "sh", STRATA_PROGRAM};
  for (const std::string& word : train(folder / "run")) words.push_back(word);
  const auto r = testing::run_program("/bin/sh", words);
  expect_one_line(r, {"checkpoint.safetensors", "File too large"});
  EXPECT_NE(r.err.find("ulimit -f"), std::string::npos) << r.err;
}

/// A file system of its own in memory, where that is allowed.
class SmallDisk {
 public:
  SmallDisk() { mounted_ = mount("tmpfs", folder_.path().c_str(), "tmpfs", 0, "size=1200k") == 0; }
  SmallDisk(const SmallDisk&) = delete;
  SmallDisk& operator=(const SmallDisk&) = delete;
  ~SmallDisk() {
    if (mounted_) umount2(folder_.path().c_str(), MNT_DETACH);
  }
  bool mounted() const { return mounted_; }
  std::string operator/(const std::string& name) const { return folder_ / name; }
  void grow() const { mount("tmpfs", folder_.path().c_str(), "tmpfs", MS_REMOUNT, "size=64m"); }

 private:
  TempFolder folder_;
  bool mounted_ = false;
};

TEST(Trouble, AFullDiskCostsNothing) {
  const SmallDisk disk;
  if (!disk.mounted()) GTEST_SKIP() << "no right to mount a small disk";
  // There is room for one checkpoint, and none for a second beside it.
  const auto r = run_strata(train(disk / "run"));
  expect_one_line(r, {"checkpoint.safetensors", "No space left on device"});
  EXPECT_NE(r.err.find("the old file, if any, is kept"), std::string::npos) << r.err;
  EXPECT_FALSE(fs::exists(disk / "run/checkpoint.safetensors.tmp"));
  disk.grow();
  expect_nothing_lost(disk / "run");
}

TEST(Trouble, AFolderThatMayNotBeWrittenToIsNamed) {
  const TempFolder folder;
  const Lacks no_privilege{.privilege = true};
  fs::create_directory(folder / "closed");
  fs::permissions(folder / "closed", fs::perms::owner_read | fs::perms::owner_exec);
  expect_one_line(run_strata(train(folder / "closed/run"), no_privilege),
                  {folder / "closed/run", "Permission denied"});
  expect_one_line(run_strata(train(folder / "closed"), no_privilege),
                  {folder / "closed", "Permission denied"});

  const std::string out = folder / "run";
  begin(out);
  fs::permissions(out, fs::perms::owner_read | fs::perms::owner_exec);
  const std::string before = slurp(out + "/checkpoint.safetensors");
  expect_one_line(run_strata(train(out, {"--resume"}), no_privilege), {out, "Permission denied"});
  EXPECT_TRUE(slurp(out + "/checkpoint.safetensors") == before);
  fs::permissions(out, fs::perms::owner_all);
  expect_nothing_lost(out);
}

TEST(Trouble, AnOutputThatIsFullIsNoSuccess) {
  for (const Words& words : std::vector<Words>{
           {"list"}, {"list", "--json"}, {"summary", "lenet5", "--json"}, {"info", "lenet5"}}) {
    const auto r = run_strata(words, {.output = true});
    expect_one_line(r, {"standard output"});
  }
}

/// Folders train/CLASS and test/CLASS of small pictures.
void write_pictures(const std::string& data) {
  std::vector<int64_t> indices(48);
  for (size_t i = 0; i < indices.size(); ++i) indices[i] = static_cast<int64_t>(i);
  for (const Split split : {Split::train, Split::test}) {
    const Batch digits = generate_digits(48, split).get(indices);
    for (int64_t i = 0; i < 48; ++i) {
      const fs::path folder = fs::path(data) / (split == Split::train ? "train" : "test") /
                              (i % 2 == 0 ? "even" : "odd");
      fs::create_directories(folder);
      const Tensor grey = select(digits.x, 0, i);
      write_png((folder / (std::to_string(i) + ".png")).string(),
                to_bytes(concat({grey, grey, grey}, -1)));
    }
  }
}

TEST(Trouble, DataThatVanishesStopsTheRunAndItGoesOnOnceItIsBack) {
  const TempFolder folder;
  write_pictures(folder / "data");
  const auto words = [&](const std::string& out, bool resume) {
    Words w = {"train",   "resnet-cifar", "--data", folder / "data", "--epochs", "6",
               "batch=8", "--save-every", "0",      "--out",         out};
    if (resume) w.push_back("--resume");
    return w;
  };
  const std::string out = folder / "run", train_set = folder / "data/train";
  const auto r = run_meanwhile(words(out, false), out + "/checkpoint.safetensors",
                               [&](pid_t) { fs::rename(train_set, folder / "away"); });
  expect_one_line(r, {train_set, ".png", "No such file"});
  EXPECT_GT(load_safetensors(out + "/checkpoint.safetensors").size(), 10u);
  fs::rename(folder / "away", train_set);
  const auto resumed = run_strata(words(out, true));
  ASSERT_EQ(resumed.status, 0) << resumed.err;
  ASSERT_EQ(run_strata(words(folder / "whole", false)).status, 0);
  EXPECT_TRUE(slurp(out + "/model.safetensors") == slurp(folder / "whole/model.safetensors"));
}

}  // namespace
}  // namespace strata
