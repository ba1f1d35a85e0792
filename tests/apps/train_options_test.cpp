// Options of `strata train` that change how a run is led: its JSON and its log show them.
#include <algorithm>
#include <filesystem>
#include <sstream>
#include <string>
#include <utility>
#include <vector>

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "strata/data/text_windows.h"
#include "strata/io/safetensors.h"
#include "tests/support/program.h"
#include "tests/support/temp_folder.h"

namespace strata {
namespace {

using nlohmann::json;
using testing::ProgramResult;
using testing::run_strata;
using testing::slurp;
using testing::spill;
using testing::TempFolder;
using Words = std::vector<std::string>;

constexpr int64_t kSamples = 12'000, kBatch = 500;  // of the generated digits

Words joined(Words words, const Words& more) {
  words.insert(words.end(), more.begin(), more.end());
  return words;
}

ProgramResult train(const std::string& out, const Words& more) {
  Words words = {"train", "mlp-13002", "--out", out, "--json"};
  const auto is_batch = [](const std::string& word) { return word.starts_with("batch="); };
  if (std::none_of(more.begin(), more.end(), is_batch)) {
    words.push_back("batch=" + std::to_string(kBatch));
  }
  return run_strata(joined(words, more));
}

json result(const std::string& out, const Words& more) {
  const ProgramResult r = train(out, more);
  EXPECT_EQ(r.status, 0) << r.err;
  return json::parse(r.out);
}

/// Expects exit status 2 with `said` among what is written.
void expect_refused(const ProgramResult& r, const std::string& said) {
  EXPECT_EQ(r.status, 2) << r.err;
  EXPECT_NE(r.err.find(said), std::string::npos) << r.err;
}

/// Writes a run's checkpoint anew, with other settings in it.
template <class Change>
void change_settings(const std::string& run, const Change& change) {
  const std::string path = run + "/checkpoint.safetensors";
  const TensorMap tensors = load_safetensors(path);
  json state = json::parse(SafeTensors(path).metadata().at("strata_checkpoint"));
  change(state["settings"]);
  save_safetensors(path, tensors, {{"strata_checkpoint", state.dump()}});
}

/// The lines of a run's log that hold `key`.
std::vector<json> logged(const std::string& out, const std::string& key) {
  std::vector<json> found;
  std::istringstream lines(slurp(out + "/log.jsonl"));
  for (std::string line; std::getline(lines, line);) {
    const json j = json::parse(line);
    if (j.contains(key)) found.push_back(j);
  }
  return found;
}

TEST(TrainOptions, AccumulateMakesOneStepOfSeveralBatches) {
  const TempFolder folder;
  const json alone = result(folder / "alone", {"--epochs", "2"});
  EXPECT_EQ(alone.at("steps"), 2 * kSamples / kBatch);
  const json gathered = result(folder / "gathered", {"--epochs", "2", "--accumulate", "5"});
  EXPECT_EQ(gathered.at("steps"), 2 * 5);  // of 24 batches the last step has four
  EXPECT_EQ(logged(folder / "gathered", "grad_norm").size(), 10u);
  // Five batches of 100 make the steps of one of 500, but for rounding.
  const json small = result(folder / "small", {"--epochs", "2", "--accumulate", "5", "batch=100"});
  EXPECT_EQ(small.at("steps"), alone.at("steps"));
  EXPECT_NEAR(small.at("loss").get<double>(), alone.at("loss").get<double>(), 1e-4);
}

TEST(TrainOptions, HoldoutTakesItsShareOfTheTrainingSamples) {
  const TempFolder folder;
  const json held = result(folder / "held", {"--epochs", "1", "--holdout", "0.25"});
  EXPECT_EQ(held.at("steps"), kSamples * 3 / 4 / kBatch);
  // What is held out is a share of its own of the run, so a resume with another one is refused.
  for (const std::string other : {"0.5", "0"}) {
    expect_refused(train(folder / "held", {"--epochs", "2", "--resume", "--holdout", other}),
                   "[holdout] the run was started with 0.25, not " + other);
  }
  expect_refused(train(folder / "held",
                       {"--epochs", "2", "--resume", "--holdout", "0.25", "--accumulate", "2"}),
                 "[accumulate] the run was started with 1, not 2");
}

TEST(TrainOptions, RefusesWhatWouldChangeNothing) {
  const TempFolder folder;
  const auto refused = [&](const Words& words, const std::string& flag) {
    const auto r = train(folder / "run", words);
    EXPECT_EQ(r.status, 2) << r.err;
    EXPECT_NE(r.err.find(flag), std::string::npos) << r.err;
    EXPECT_EQ(r.out, "");
  };
  refused({"--steps", "2", "--epochs", "1"}, "--epochs excludes --steps");
  refused({"--steps", "2", "--min-delta", "0.1"}, "--min-delta requires --patience");
  refused({"--steps", "2", "--trace", "t.json"}, "--trace");
  refused({"--steps", "2", "--seed", "-1"}, "--seed");
  refused({"--steps", "2", "--seed", "18446744073709551616"}, "--seed");
  refused({"--steps", "2", "--holdout", "nan"}, "--holdout");
  refused({"--steps", "2", "--save-every", "nan"}, "--save-every");
  for (const std::string flag : {"--epochs", "--steps", "--accumulate", "--patience"}) {
    refused({flag, "9223372036854775807"}, flag);
  }
  EXPECT_FALSE(std::filesystem::exists(folder / "run"));
  expect_refused(run_strata({"train", "adding-lstm", "--data", folder.path()}),
                 "[--data] adding-lstm makes its own data");
  expect_refused(run_strata({"train", "gpt2", "--data", folder.path()}),
                 "[gpt2] has no training here");
}

TEST(TrainOptions, PatienceStopsARunThatGetsNoBetter) {
  const TempFolder folder;
  const std::string out = folder / "run";
  // Nothing is an improvement by so much: the first epoch stays the best.
  const Words words = {"--epochs", "20", "--patience", "2", "--min-delta", "1000"};
  const auto r = train(out, words);
  ASSERT_EQ(r.status, 0) << r.err;
  constexpr int64_t kEpoch = (kSamples * 9 / 10 + kBatch - 1) / kBatch;  // a tenth is held out
  EXPECT_EQ(json::parse(r.out).at("steps"), 3 * kEpoch);
  EXPECT_NE(r.err.find("stopped after step 66: no better for 2 epochs"), std::string::npos)
      << r.err;
  EXPECT_EQ(logged(out, "accuracy").size(), 3u);
  // It is the first epoch's weights that are kept and measured.
  const json first = result(folder / "first", {"--epochs", "1", "--holdout", "0.1"});
  EXPECT_EQ(json::parse(r.out).at("metric"), first.at("metric"));
  const auto eval = run_strata({"eval", "mlp-13002", "--weights", out, "--json"});
  EXPECT_EQ(json::parse(eval.out).at("metric"), first.at("metric"));

  const json all = result(folder / "all", {"--epochs", "4", "--patience", "2"});
  EXPECT_EQ(all.at("steps"), 4 * kEpoch) << "stopped although each epoch was better";
}

TEST(TrainOptions, AResumedRunGoesOnToWatchForTheEnd) {
  const TempFolder folder;
  const std::string run = folder / "run";
  result(run, {"--epochs", "1", "--patience", "2", "--min-delta", "1000"});
  constexpr int64_t kEpoch = (kSamples * 9 / 10 + kBatch - 1) / kBatch;
  EXPECT_EQ(result(run, {"--resume", "--epochs", "20"}).at("steps"), 3 * kEpoch);
  // It stays where it ended, with its weights and its report.
  const std::string report = slurp(run + "/report.html"), record = slurp(run + "/run.json");
  const std::string weights = slurp(run + "/model.safetensors");
  EXPECT_EQ(json::parse(record).at("state"), "finished");
  EXPECT_EQ(result(run, {"--resume"}).at("steps"), 3 * kEpoch);
  EXPECT_TRUE(slurp(run + "/model.safetensors") == weights);
  EXPECT_TRUE(slurp(run + "/report.html") == report && slurp(run + "/run.json") == record);
  // A lost record comes back with what the checkpoint tells.
  std::filesystem::remove(run + "/run.json");
  result(run, {"--resume"});
  const json again = json::parse(slurp(run + "/run.json")), before = json::parse(record);
  for (const char* key : {"steps", "loss", "state"}) EXPECT_EQ(again.at(key), before.at(key));
  EXPECT_EQ(again.at("metric").at("value"), before.at("metric").at("value"));
}

TEST(TrainOptions, ALongerRunWithPatienceEndsAsAWholeOne) {
  const TempFolder folder;
  const Words words = {"lr=8", "batch=10", "--patience", "100"};
  result(folder / "whole", joined(words, {"--epochs", "8"}));
  result(folder / "parts", joined(words, {"--epochs", "7"}));
  result(folder / "parts", {"batch=10", "--resume", "--epochs", "8"});
  EXPECT_TRUE(slurp(folder / "parts/model.safetensors") ==
              slurp(folder / "whole/model.safetensors"));
}

TEST(TrainOptions, PatienceNeedsSamplesThatWereHeldOutFromTheStart) {
  const TempFolder folder;
  result(folder / "run", {"--epochs", "1"});
  const Words more = {"--resume", "--epochs", "2", "--patience", "3"};
  expect_refused(train(folder / "run", more),
                 "[--patience] the run was started without samples held out");
  EXPECT_EQ(result(folder / "run", joined(more, {"--holdout", "0"})).at("steps"),
            2 * kSamples / kBatch);
}

TEST(TrainOptions, AResumedRunGoesOnWithTheOptionsItWasStartedWith) {
  const TempFolder folder;
  const Words started = {"--seed", "7", "--accumulate", "2", "--holdout", "0.2", "lr=2"};
  result(folder / "whole", joined(started, {"--steps", "30"}));
  result(folder / "run", joined(started, {"--steps", "12"}));
  const json same = json::parse(
      run_strata({"train", "mlp-13002", "--out", folder / "run", "--resume", "--json"}).out);
  EXPECT_EQ(same.at("steps"), 12) << "as many as were asked for at first";
  const auto r = run_strata(
      {"train", "mlp-13002", "--out", folder / "run", "--resume", "--steps", "30", "--json"});
  ASSERT_EQ(r.status, 0) << r.err;
  EXPECT_EQ(json::parse(r.out).at("steps"), 30);
  EXPECT_TRUE(slurp(folder / "run/model.safetensors") == slurp(folder / "whole/model.safetensors"));
  const std::string record = slurp(folder / "run/run.json");
  for (const Words& other : {Words{"lr=1"}, {"--seed", "8"}, {"--dtype", "bf16"}}) {
    expect_refused(train(folder / "run", joined({"--resume", "--steps", "40"}, other)),
                   "the run was started with");
  }
  EXPECT_TRUE(slurp(folder / "run/run.json") == record)
      << "a slip spoils the finished run's report";
  expect_refused(run_strata({"train", "lenet5", "--out", folder / "run", "--resume"}),
                 "[system] the run was started with mlp-13002, not lenet5");
}

// Of a run from before an option was kept, it was the default.
TEST(TrainOptions, WhatAnOlderRunDidNotKeepCannotChangeEither) {
  const TempFolder folder;
  const std::string run = folder / "run";
  result(run, {"--steps", "2"});
  change_settings(run, [](json& settings) {
    for (const char* name : {"lr", "dtype", "accumulate", "holdout"}) settings.erase(name);
  });
  const Words more = {"--resume", "--steps", "3"};
  for (const Words& other :
       {Words{"lr=1"}, {"--dtype", "bf16"}, {"--accumulate", "2"}, {"--holdout", "0.5"}}) {
    expect_refused(train(run, joined(more, other)), "the run was started with");
  }
  EXPECT_EQ(result(run, more).at("steps"), 3);
}

TEST(TrainOptions, AnOptionThatIsDamagedInACheckpointIsNamed) {
  const TempFolder folder;
  const std::string run = folder / "run";
  result(run, {"--steps", "2"});
  const std::vector<std::pair<std::string, std::string>> damages = {
      {"accumulate", "0"}, {"accumulate", "12abc"}, {"seed", "-1"},    {"seed", "x"},
      {"dtype", "f16"},    {"holdout", "2"},        {"--steps", "1x"}, {"lr", "x"}};
  for (const auto& [name, value] : damages) {
    json whole;
    change_settings(run, [&, &n = name, &v = value](json& settings) {
      whole = settings;
      settings[n] = v;
    });
    const auto r = train(run, {"--resume"});
    EXPECT_EQ(r.status, 1) << r.err;
    for (const std::string& part : {std::string("checkpoint.safetensors"), name}) {
      EXPECT_NE(r.err.find(part), std::string::npos) << part << "\n" << r.err;
    }
    change_settings(run, [&](json& settings) { settings = whole; });
  }
  EXPECT_EQ(result(run, {"--resume"}).at("steps"), 2);
}

TEST(TrainOptions, AResumedRunReadsTheDataItWasStartedWith) {
  const TempFolder folder;
  spill(folder / "text.txt", std::string(50, 'a') + generate_text(5000));
  const Words start = {"train",    "charrnn", "batch=2",     "length=8",
                       "hidden=4", "--out",   folder / "run"};
  Words first = start;
  first.insert(first.end(), {"--steps", "2", "--data", folder / "text.txt"});
  ASSERT_EQ(run_strata(first).status, 0);
  const Words again = {"train", "charrnn", "--out", folder / "run", "--resume", "--steps", "3"};
  const auto r = run_strata(again);
  ASSERT_EQ(r.status, 0) << r.err;
  EXPECT_NE(r.err.find("text.txt"), std::string::npos) << r.err;
  expect_refused(run_strata(joined(again, {"hidden=8"})),
                 "[hidden] the run was started with 4, not 8");
  spill(folder / "other.txt", std::string(50, '%') + generate_text(5000));
  expect_refused(run_strata(joined(again, {"--data", folder / "other.txt"})),
                 "[characters] the run was started with");
  std::filesystem::remove(folder / "text.txt");
  EXPECT_NE(run_strata(again).err.find("text.txt"), std::string::npos);
}

// Runs from before random crops became the default go on without them.
TEST(TrainOptions, AResumedRunKeepsWhatWasDoneBeforeThereWasASetting) {
  const TempFolder folder;
  const std::string run = folder / "run", checkpoint = run + "/checkpoint.safetensors";
  const Words words = {"train", "resnet18", "batch=2", "--out", run, "--steps"};
  const auto with = [&](Words more) {
    more.insert(more.begin(), words.begin(), words.end());
    return run_strata(more);
  };
  const auto setting = [&](const std::string& file, const std::string& key) {
    const SafeTensors weights(file);
    const std::string text = weights.metadata().at(key);
    const size_t at = text.find("least_area\":\"");
    return at == std::string::npos ? "none"
                                   : text.substr(at + 13, text.find('"', at + 13) - at - 13);
  };
  ASSERT_EQ(with({"1"}).status, 0);
  ASSERT_EQ(setting(checkpoint, "strata_checkpoint"), "0.08");
  change_settings(run, [](json& settings) { settings.erase("least_area"); });
  expect_refused(with({"2", "--resume", "least_area=0.3"}),
                 "[least_area] the run was started with 0, not 0.3");
  const auto r = with({"2", "--resume"});
  ASSERT_EQ(r.status, 0) << r.err;
  EXPECT_EQ(setting(run + "/model.safetensors", "strata_settings"), "0");
}

}  // namespace
}  // namespace strata
