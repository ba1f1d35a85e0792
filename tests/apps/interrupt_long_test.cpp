// Ctrl-C at any moment: from a script and at a terminal, the exit status is 130, what was asked for
// as JSON is whole or nothing, the terminal is as it was and the checkpoint goes on to the same
// end.
#include <filesystem>
#include <string>
#include <vector>

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "strata/base/random.h"
#include "strata/base/timer.h"
#include "tests/support/program.h"
#include "tests/support/temp_folder.h"

namespace strata {
namespace {

using testing::ProgramResult;
using testing::run_and_interrupt;
using testing::run_on_terminal;
using testing::run_strata;
using testing::slurp;
using testing::TempFolder;
using Words = std::vector<std::string>;

const std::string kEscape = "\x1b[";

Words joined(Words words, const Words& more) {
  words.insert(words.end(), more.begin(), more.end());
  return words;
}

/// What stands on the terminal's last line once all was shown.
std::string last_line(const std::string& shown) {
  size_t begin = shown.find_last_of('\n');
  begin = begin == std::string::npos ? 0 : begin + 1;
  const size_t cleared = shown.rfind(kEscape + "2K");
  if (cleared != std::string::npos && cleared >= begin) begin = cleared + kEscape.size() + 2;
  return shown.substr(begin);
}

/// No colour or style goes on: the last sequence of that kind, if any, ends them all.
bool is_plain_at_the_end(const std::string& shown) {
  const size_t m = shown.find_last_of('m');
  size_t last = std::string::npos;
  for (size_t at = 0; m != std::string::npos && at <= m; ++at) {
    at = shown.find(kEscape, at);
    if (at == std::string::npos) break;
    const size_t end = shown.find_first_not_of("0123456789;", at + kEscape.size());
    if (end != std::string::npos && shown[end] == 'm') last = at;
  }
  return last == std::string::npos || shown.compare(last, 4, kEscape + "0m") == 0;
}

/// A command that runs for `seconds` if it is left alone.
struct Long {
  const char* name;
  Words words;
  double seconds;
};

class InterruptLong : public ::testing::Test {
 protected:
  static void SetUpTestSuite() {
    folder_ = std::make_unique<TempFolder>();
    const Words quick = {"--steps", "2"};
    ASSERT_EQ(run_strata(joined({"train", "lenet5", "--out", *folder_ / "lenet"}, quick)).status,
              0);
    ASSERT_EQ(run_strata(joined({"train", "gpt-char", "--out", *folder_ / "text", "layers=1",
                                 "width=16", "heads=2"},
                                quick))
                  .status,
              0);
    ASSERT_EQ(run_strata(joined({"train", "ddpm", "--out", *folder_ / "draw", "batch=2", "judged=2",
                                 "judged_steps=1"},
                                quick))
                  .status,
              0);
  }
  static void TearDownTestSuite() { folder_.reset(); }

  static std::vector<Long> commands() {
    return {
        {"train",
         {"train", "lenet5", "--epochs", "50", "--out", *folder_ / "run", "--resume"},
         1.2},
        {"eval", {"eval", "lenet5", "--weights", *folder_ / "lenet"}, 0.15},
        {"generate",
         {"generate", "gpt-char", "T", "--weights", *folder_ / "text", "--max-tokens", "1000000"},
         1.0},
        {"sample",
         {"sample", "ddpm", "--weights", *folder_ / "draw", "--steps", "1000", "--count", "4",
          "--output", *folder_ / "grid.png"},
         1.0}};
  }

  static inline std::unique_ptr<TempFolder> folder_;
};

TEST_F(InterruptLong, EachCommandEndsWith130AndWholeJson) {
  Generator random(11);
  for (const Long& command : commands()) {
    int stopped = 0;
    for (int i = 0; i < 10; ++i) {
      const auto r =
          run_and_interrupt(joined(command.words, {"--json"}), command.seconds * random.uniform());
      // One that was quicker than the finger has ended as it should.
      EXPECT_TRUE(r.status == 130 || (r.status == 0 && command.name == std::string("eval")))
          << command.name << " ended with " << r.status << "\n"
          << r.err;
      EXPECT_TRUE(r.out.empty() || nlohmann::json::accept(r.out)) << command.name << r.out;
      EXPECT_EQ(r.err.find("terminate"), std::string::npos) << r.err;
      stopped += r.status == 130;
    }
    EXPECT_GT(stopped, 2) << command.name;
    EXPECT_FALSE(std::filesystem::exists(*folder_ / "grid.png"));
  }
}

TEST_F(InterruptLong, TheTerminalIsAsItWas) {
  Generator random(12);
  for (const Long& command : commands()) {
    for (int i = 0; i < 6; ++i) {
      const auto r = run_on_terminal(command.words, command.seconds * random.uniform());
      EXPECT_TRUE(r.status == 130 || (r.status == 0 && command.name == std::string("eval")))
          << command.name << " ended with " << r.status << "\n"
          << r.out;
      EXPECT_EQ(r.err, "") << command.name;
      EXPECT_TRUE(is_plain_at_the_end(r.out)) << command.name << "\n" << r.out;
      const std::string rest = last_line(r.out);
      // Before main() has begun the system ends the program, and shows what was typed.
      EXPECT_TRUE(rest.empty() || rest == "^C") << command.name << ": " << rest;
    }
  }
}

TEST_F(InterruptLong, ATrainingStoppedAtAnyMomentEndsInTheSameBits) {
  const TempFolder folder;
  const Words words = {"train", "lenet5", "--epochs", "8", "batch=256"};
  ASSERT_EQ(run_strata(joined(words, {"--out", folder / "whole"})).status, 0);
  const Words broken = joined(words, {"--out", folder / "broken", "--resume"});
  Generator random(13);
  int stops = 0;
  ProgramResult r;
  do {
    r = run_and_interrupt(broken, 0.3 + random.uniform());
    stops += r.status == 130;
    ASSERT_TRUE(r.status == 130 || r.status == 0) << r.err;
    const bool finished = std::filesystem::exists(folder / "broken/model.safetensors");
    if (finished) break;
  } while (stops < 100);
  EXPECT_GT(stops, 1);
  ASSERT_EQ(run_strata(broken).status, 0);
  EXPECT_TRUE(slurp(folder / "broken/model.safetensors") ==
              slurp(folder / "whole/model.safetensors"));
}

}  // namespace
}  // namespace strata
