#include <string>
#include <vector>

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
using Words = std::vector<std::string>;

/// A training of some seconds, and how often it is killed.
struct Config {
  const char* name;
  Words words;
  int kills;
};

/// Together 200 kills: augmentation, dropout, averages and batch norm, in f32 and bf16, with
/// gathered gradients and early stopping.
const std::vector<Config>& configs() {
  static const std::vector<Config> kConfigs = {
      {"Augmented", {"lenet5", "--epochs", "2"}, 50},
      {"Bf16Gathered",
       {"lenet5", "--epochs", "3", "--dtype", "bf16", "--accumulate", "2", "--patience", "2"},
       50},
      {"Dropout",
       {"gpt-char", "--steps", "120", "layers=2", "width=32", "heads=2", "dropout=0.2"},
       50},
      {"Averages", {"ddpm", "--steps", "12", "batch=4", "judged=4", "judged_steps=2"}, 25},
      {"BatchNormBf16", {"resnet-cifar", "--steps", "40", "batch=4", "--dtype", "bf16"}, 25},
  };
  return kConfigs;
}

Words train(const Config& config, const std::string& out, const Words& more = {}) {
  Words words = {"train"};
  words.insert(words.end(), config.words.begin(), config.words.end());
  words.insert(words.end(), {"--out", out});
  words.insert(words.end(), more.begin(), more.end());
  return words;
}

class KillLong : public ::testing::TestWithParam<Config> {};

/// A run that is killed again and again ends in the same bytes as one that was left alone. Half of
/// the kills come at a random moment, the others while a checkpoint is being written.
TEST_P(KillLong, NoKillChangesABit) {
  const Config& config = GetParam();
  const TempFolder folder;
  ASSERT_EQ(run_strata(train(config, folder / "whole")).status, 0);
  const std::string wanted = slurp(folder / "whole/model.safetensors");

  Generator random(7);
  int kills = 0, runs = 0, resumed = 0;
  for (; kills < config.kills || runs == 0; ++runs) {
    const std::string out = folder / ("broken" + std::to_string(runs));
    const std::string temporary = out + "/checkpoint.safetensors.tmp";
    const Words words = train(config, out, {"--resume", "--save-every", "0.02"});
    bool ended = false;
    while (!ended && kills < config.kills) {
      const bool writing = random.below(2) == 1;
      ended = writing ? run_and_kill(words, 0.01 * random.uniform(), temporary)
                      : run_and_kill(words, 0.1 + random.uniform());
      kills += !ended;
      resumed += !slurp(out + "/checkpoint.safetensors").empty();
    }
    const auto last = run_strata(words);
    ASSERT_EQ(last.status, 0) << last.err;
    ASSERT_TRUE(slurp(out + "/model.safetensors") == wanted) << "after " << kills << " kills";
  }
  EXPECT_GT(resumed, config.kills / 4) << "most runs were killed before their first checkpoint";
}

INSTANTIATE_TEST_SUITE_P(Runs, KillLong, ::testing::ValuesIn(configs()),
                         [](const auto& info) { return std::string(info.param.name); });

}  // namespace
}  // namespace strata
