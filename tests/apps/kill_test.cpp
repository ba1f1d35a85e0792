#include <string>
#include <vector>

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "strata/base/random.h"
#include "strata/io/safetensors.h"
#include "strata/ops/creation.h"
#include "tests/support/program.h"
#include "tests/support/temp_folder.h"

namespace strata {
namespace {

using nlohmann::json;
using testing::run_and_kill;
using testing::run_strata;
using testing::slurp;
using testing::TempFolder;
using Words = std::vector<std::string>;

constexpr const char* kState = "strata_checkpoint";

Words train(const std::string& out, const Words& more = {}) {
  Words words = {"train",   "gpt-char",  "--steps",     "40",    "layers=1", "width=16",
                 "heads=2", "length=16", "dropout=0.2", "--out", out};
  words.insert(words.end(), more.begin(), more.end());
  return words;
}

/// The quick one of KillLong.
TEST(Kill, AResumedRunEndsInTheBitsOfAWholeOne) {
  const TempFolder folder;
  const std::string out = folder / "broken";
  const Words broken = train(out, {"--resume", "--save-every", "0"});
  Generator random(3);
  for (int kill = 0; kill < 4; ++kill) {
    const std::string file = out + "/checkpoint.safetensors" + (kill % 2 == 0 ? "" : ".tmp");
    run_and_kill(broken, 0.01 * random.uniform(), file);
  }
  ASSERT_EQ(run_strata(broken).status, 0);
  ASSERT_EQ(run_strata(train(folder / "whole")).status, 0);
  EXPECT_TRUE(slurp(out + "/model.safetensors") == slurp(folder / "whole/model.safetensors"));
}

/// Each part of a checkpoint is needed: a run that goes on without it ends elsewhere.
TEST(Kill, AColdStartEndsElsewhere) {
  const TempFolder folder;
  const std::string stopped = folder / "stopped/checkpoint.safetensors";
  testing::run_and_interrupt(train(folder / "stopped", {"--save-every", "0"}), stopped);
  ASSERT_EQ(run_strata(train(folder / "whole")).status, 0);
  const std::string wanted = slurp(folder / "whole/model.safetensors");
  const TensorMap tensors = load_safetensors(stopped);
  const json state = json::parse(SafeTensors(stopped).metadata().at(kState));
  ASSERT_LT(state.at("step"), 40);

  const auto ending = [&](const TensorMap& with, const json& at) {
    const TempFolder run;
    save_safetensors(run / "checkpoint.safetensors", with, {{kState, at.dump()}});
    const auto r = run_strata(train(run.path(), {"--resume"}));
    EXPECT_EQ(r.status, 0) << r.err;
    return slurp(run / "model.safetensors");
  };
  EXPECT_TRUE(ending(tensors, state) == wanted);
  TensorMap without_moments = tensors;
  for (auto& [name, value] : without_moments) {
    if (name.ends_with("exp_avg") || name.ends_with("exp_avg_sq")) value = zeros_like(value);
  }
  EXPECT_TRUE(ending(without_moments, state) != wanted);
  json other = state;
  other["random"]["stream"] = 0;  // of dropout
  EXPECT_TRUE(ending(tensors, other) != wanted);
  other = state;
  other["batch"] = 0;  // of the epoch
  EXPECT_TRUE(ending(tensors, other) != wanted);
}

}  // namespace
}  // namespace strata
