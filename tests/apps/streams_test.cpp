// What the program writes to standard output where nobody reads it any more, and what of it is
// coloured.
#include <array>
#include <cstdint>
#include <string>
#include <thread>
#include <vector>

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include "strata/data/text_windows.h"
#include "strata/io/png.h"
#include "strata/ops/creation.h"
#include "tests/support/program.h"
#include "tests/support/temp_folder.h"

namespace strata {
namespace {

using testing::ProgramResult;
using testing::run_program;
using testing::run_strata;
using testing::spill;
using testing::TempFolder;
using Words = std::vector<std::string>;

/// Runs the program with a pipe as standard output whose reader has gone.
ProgramResult run_unread(const Words& words) {
  const TempFolder folder;
  const std::string pipe = folder / "pipe";
  mkfifo(pipe.c_str(), 0600);
  Words all = {"-c", "exec 3<>\"$0\" 4>\"$0\" 3>&-; exec \"$@\" >&4", pipe, STRATA_PROGRAM};
  all.insert(all.end(), words.begin(), words.end());
  return run_program("/bin/sh", all);
}

TEST(Streams, AReaderThatHasHadEnoughIsNoFault) {
  const TempFolder folder;
  const std::string run = folder / "run";
  spill(folder / "text", generate_text(5000));
  ASSERT_EQ(run_strata({"train", "charrnn", "--steps", "2", "batch=2", "length=8", "hidden=4",
                        "--data", folder / "text", "--out", run})
                .status,
            0);
  for (const Words& words : std::vector<Words>{
           {"summary", "lenet5"},     // less than is written at once
           {"summary", "resnet152"},  // more
           {"summary", "lenet5", "--json"},
           {"summary", "resnet152", "--json"},
           {"train", "--help"},
           {"generate", "charrnn", "a", "--weights", run, "--max-tokens", "2000000"}}) {
    const auto r = run_unread(words);
    EXPECT_EQ(r.status, 0) << words[0] << " " << words[1];
    EXPECT_EQ(r.err.find("strata: "), std::string::npos) << words[0] << "\n" << r.err;
    EXPECT_EQ(r.err.find("2,000,000 tokens"), std::string::npos) << "written for nobody";
  }
}

/// Whether the system has pseudo-terminals: a container without /dev/pts has none.
bool has_terminals() {
  const int terminal = posix_openpt(O_RDWR | O_NOCTTY);
  const bool named = terminal >= 0 && ptsname(terminal) != nullptr;
  if (terminal >= 0) close(terminal);
  return named;
}

/// Runs the program, after another command of the shell, with standard error on a terminal and
/// standard output in a file or there too; `err` is what was to be seen there.
ProgramResult run_seen(const std::string& first, bool output_too, const Words& words) {
  const int terminal = posix_openpt(O_RDWR | O_NOCTTY);
  grantpt(terminal);
  unlockpt(terminal);
  const std::string name = ptsname(terminal);
  std::string seen;
  std::thread reader([&] {
    std::array<char, 4096> buffer;
    for (ssize_t n = 0; (n = read(terminal, buffer.data(), buffer.size())) > 0;) {
      seen.append(buffer.data(), static_cast<size_t>(n));
    }
  });
  Words all = {"-c", first + "; exec \"$@\" 2>\"$0\"" + (output_too ? " >\"$0\"" : ""), name,
               STRATA_PROGRAM};
  all.insert(all.end(), words.begin(), words.end());
  ProgramResult r = run_program("/bin/sh", all);
  close(open(name.c_str(), O_RDWR | O_NOCTTY));  // ends the reading in any case
  reader.join();
  close(terminal);
  r.err = seen;
  return r;
}

TEST(Streams, ColoursAreForTerminalsAlone) {
  if (!has_terminals()) GTEST_SKIP() << "no pseudo-terminals here";
  const TempFolder folder;
  const std::string run = folder / "run", picture = folder / "digit.png";
  ASSERT_EQ(run_strata({"train", "lenet5", "--steps", "1", "batch=4", "--out", run}).status, 0);
  Tensor one = full({28, 28, 1}, 255, DType::u8);
  for (int64_t y = 6; y < 22; ++y) one.data<uint8_t>()[y * 28 + 14] = 0;
  write_png(picture, one);
  const Words words = {"predict", "lenet5", "--weights", run, picture};
  const std::string block = "\x1b[38;5;", bold = "\x1b[1m";

  const auto to_file = run_seen("unset NO_COLOR", false, words);
  EXPECT_EQ(to_file.status, 0) << to_file.err;
  EXPECT_NE(to_file.out.find("digit.png"), std::string::npos);
  EXPECT_EQ(to_file.out.find('\x1b'), std::string::npos) << to_file.out;
  for (const std::string set : {"unset NO_COLOR", "export NO_COLOR="}) {
    const auto coloured = run_seen(set, true, words).err;
    EXPECT_NE(coloured.find(block), std::string::npos) << set << "\n" << coloured;
    EXPECT_NE(coloured.find(bold), std::string::npos) << set << "\n" << coloured;
  }
  const auto plain = run_seen("export NO_COLOR=1", true, words).err;
  EXPECT_NE(plain.find("digit.png"), std::string::npos);
  EXPECT_EQ(plain.find('\x1b'), std::string::npos) << plain;
}

}  // namespace
}  // namespace strata
