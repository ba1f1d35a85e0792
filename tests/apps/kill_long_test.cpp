#include <string>

#include <gtest/gtest.h>

#include "strata/base/random.h"
#include "tests/support/program.h"
#include "tests/support/temp_folder.h"

namespace strata {
namespace {

using testing::run_and_kill;
using testing::run_strata;
using testing::slurp;
using testing::TempFolder;

constexpr int kKills = 50;

/// A run that is killed again and again, at random moments and with a checkpoint every few steps,
/// ends in the same bytes as one that was left alone.
TEST(KillLong, FiftyKillsDoNotChangeABit) {
  const TempFolder folder;
  const std::vector<std::string> common = {"train", "lenet5", "--epochs", "4", "--json"};
  std::vector<std::string> whole = common;
  whole.insert(whole.end(), {"--out", folder / "whole"});
  ASSERT_EQ(run_strata(whole).status, 0);

  std::vector<std::string> broken = common;
  broken.insert(broken.end(), {"--out", folder / "broken", "--resume", "--save-every", "0.05"});
  Generator random(7);
  int kills = 0;
  for (; kills < kKills; ++kills) {
    if (run_and_kill(broken, 0.2 + 1.2 * random.uniform())) break;
  }
  EXPECT_GT(kills, 3) << "the run ended before it was killed: give it more epochs";
  const auto last = run_strata(broken);
  ASSERT_EQ(last.status, 0) << last.err;
  EXPECT_EQ(slurp(folder / "broken/model.safetensors"), slurp(folder / "whole/model.safetensors"));
}

}  // namespace
}  // namespace strata
