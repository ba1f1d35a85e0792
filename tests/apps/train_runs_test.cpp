// The folder that `strata train` works in, the data it takes, and what it says of both.
#include <csignal>
#include <filesystem>
#include <set>
#include <string>
#include <vector>

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "strata/base/timer.h"
#include "strata/data/text_windows.h"
#include "strata/io/png.h"
#include "strata/ops/creation.h"
#include "tests/support/in_folder.h"
#include "tests/support/program.h"
#include "tests/support/temp_folder.h"

namespace strata {
namespace {

namespace fs = std::filesystem;
using nlohmann::json;
using testing::InFolder;
using testing::ProgramResult;
using testing::run_strata;
using testing::slurp;
using testing::spill;
using testing::TempFolder;
using Words = std::vector<std::string>;

bool has(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

/// Two steps of a small network, which takes no second; `more` may say otherwise.
Words quick(const std::string& system, const Words& more) {
  Words words = {"train", system, "--steps", "2"};
  if (system == "charrnn") words.insert(words.end(), {"batch=2", "length=8", "hidden=4"});
  words.insert(words.end(), more.begin(), more.end());
  return words;
}

TEST(TrainRuns, ATextWithoutALineEndIsWrittenOnAllTheSame) {
  const TempFolder folder;
  std::string text;
  for (int i = 0; i < 2000; ++i) text += "to be or not ";
  spill(folder / "text", text);
  const auto r = run_strata(quick("charrnn", {"--data", folder / "text", "--out", folder / "run"}));
  ASSERT_EQ(r.status, 0) << r.err;
  const json record = json::parse(slurp(folder / "run/run.json"));
  EXPECT_EQ(record.at("state"), "finished");
  EXPECT_GT(record.at("examples").at(0).at("text").get<std::string>().size(), 100u);
}

TEST(TrainRuns, TheReportHasPicturesOfAShortScheduleToo) {
  const TempFolder folder;
  const auto r = run_strata({"train", "ddpm", "--steps", "1", "batch=2", "judged=2",
                             "judged_steps=1", "noise_steps=10", "--out", folder / "run"});
  ASSERT_EQ(r.status, 0) << r.err;
  const json record = json::parse(slurp(folder / "run/run.json"));
  EXPECT_EQ(record.at("state"), "finished");
  EXPECT_FALSE(record.at("examples").empty()) << r.err;
}

TEST(TrainRuns, ARunIsNeverOverwritten) {
  const TempFolder folder;
  const std::string run = folder / "run";
  const Words words = quick("mlp-13002", {"--out", run});
  ASSERT_EQ(run_strata(words).status, 0);
  const std::string weights = slurp(run + "/model.safetensors"), record = slurp(run + "/run.json");
  Words other = words;
  other.push_back("lr=0.5");
  for (const std::string lost : {"", "/checkpoint.safetensors"}) {
    if (!lost.empty()) fs::remove(run + lost);
    const auto r = run_strata(other);
    EXPECT_EQ(r.status, 2) << r.err;
    EXPECT_TRUE(has(r.err, run + " holds a run already")) << r.err;
    EXPECT_TRUE(has(r.err, "--resume goes on with it") && has(r.err, "--out")) << r.err;
  }
  other.push_back("--resume");
  const auto r = run_strata(other);
  EXPECT_EQ(r.status, 2) << r.err;
  EXPECT_TRUE(has(r.err, "holds weights, but no checkpoint to go on from")) << r.err;
  EXPECT_TRUE(slurp(run + "/model.safetensors") == weights);
  EXPECT_TRUE(slurp(run + "/run.json") == record);
}

TEST(TrainRuns, ARunThatFailedAtOnceLeavesItsFolderToTheNext) {
  const TempFolder folder;
  const std::string run = folder / "run";
  EXPECT_EQ(run_strata(quick("lenet5", {"--out", run, "lr=1e30"})).status, 1);
  ASSERT_TRUE(fs::exists(run + "/run.json"));
  const auto r = run_strata(quick("lenet5", {"--out", run}));
  EXPECT_EQ(r.status, 0) << r.err;
}

TEST(TrainRuns, TheNewestOfItsFoldersIsResumed) {
  const TempFolder folder;
  const InFolder in(folder.path());
  for (int i = 0; i < 3; ++i) ASSERT_EQ(run_strata(quick("mlp-13002", {})).status, 0);
  fs::create_directory("runs/mlp-13002-x");
  fs::remove_all("runs/mlp-13002");
  // Neither a report makes a run newer, nor is there one where a checkpoint is not.
  ASSERT_EQ(run_strata({"report", "runs/mlp-13002-2"}).status, 0);
  fs::create_directory("runs/mlp-13002-7");
  fs::create_symlink("nowhere", "runs/mlp-13002-9");
  const auto r = run_strata({"train", "mlp-13002", "--steps", "3", "--resume", "--json"});
  ASSERT_EQ(r.status, 0) << r.err;
  EXPECT_EQ(json::parse(r.out).at("run_dir"), "runs/mlp-13002-3");
  EXPECT_FALSE(fs::exists("runs/mlp-13002"));
}

TEST(TrainRuns, ThoseStartedTogetherHaveFoldersOfTheirOwn) {
  const TempFolder folder;
  const InFolder in(folder.path());
  const Words words = quick("mlp-13002", {"--json"});
  ProgramResult second, third;
  const ProgramResult first = testing::run_meanwhile(words, {}, [&](pid_t) {
    second = testing::run_meanwhile(words, {}, [&](pid_t) { third = run_strata(words); });
  });
  std::set<std::string> folders;
  for (const ProgramResult& r : {first, second, third}) {
    ASSERT_EQ(r.status, 0) << r.err;
    folders.insert(json::parse(r.out).at("run_dir"));
  }
  EXPECT_EQ(folders,
            (std::set<std::string>{"runs/mlp-13002", "runs/mlp-13002-2", "runs/mlp-13002-3"}));
}

TEST(TrainRuns, AnErrorBeforeTheTrainingLeavesNoFolder) {
  const TempFolder folder;
  const InFolder in(folder.path());
  for (const Words& more : std::vector<Words>{
           {"lr=fast"}, {"--data", "nowhere"}, {"--holdout", "2"}, {"--trace", "t.json"}}) {
    EXPECT_NE(run_strata(quick("mlp-13002", more)).status, 0) << more[0];
  }
  EXPECT_FALSE(fs::exists("runs"));
}

TEST(TrainRuns, ARunThatIsGoingOnIsLeftAlone) {
  const TempFolder folder;
  const std::string run = folder / "a run";
  ProgramResult second;
  bool reported = true;
  const auto first = testing::run_meanwhile(
      {"train", "lenet5", "--epochs", "50", "--save-every", "0", "--out", run},
      run + "/checkpoint.safetensors", [&](pid_t child) {
        second = run_strata({"train", "lenet5", "--steps", "1", "--resume", "--out", run});
        reported = fs::exists(run + "/run.json");
        kill(child, SIGINT);
      });
  EXPECT_EQ(second.status, 1);
  EXPECT_TRUE(has(second.err, run + "] another training is writing into it")) << second.err;
  EXPECT_FALSE(reported) << "the folder's report is that of the run in it";
  EXPECT_EQ(first.status, 130) << first.err;
  EXPECT_TRUE(has(first.err, "Go on with: strata train lenet5 --resume --out '" + run + "'"))
      << first.err;
}

TEST(TrainRuns, WhatToTypeNextCanBeTyped) {
  const TempFolder folder;
  const std::string run = folder / "it's a run";
  const std::string said = run_strata(quick("mlp-13002", {"--out", run})).err;
  const std::string before = "next: strata predict mlp-13002 --weights ", after = " FILE.png";
  const size_t begin = said.find(before), end = said.find(after);
  ASSERT_TRUE(begin != std::string::npos && end != std::string::npos) << said;
  const size_t word = begin + before.size();
  EXPECT_EQ(
      testing::run_program("/bin/sh", {"-c", "printf %s " + said.substr(word, end - word)}).out,
      run);
}

TEST(TrainRuns, ADataPathOfOtherBytesThanUtf8IsFoundAgain) {
  const TempFolder folder;
  const std::string data = folder / "caf\xe9.txt", run = folder / "run";
  spill(data, generate_text(5000));
  ASSERT_EQ(run_strata(quick("charrnn", {"--data", data, "--out", run})).status, 0);
  const auto r = run_strata({"train", "charrnn", "--out", run, "--resume", "--steps", "3"});
  EXPECT_EQ(r.status, 0) << r.err;
}

TEST(TrainRuns, AFolderWithTheTextOfTheCatalogueIsData) {
  const TempFolder folder;
  fs::create_directory(folder / "data");
  const Words words = quick("charrnn", {"--data", folder / "data", "--out", folder / "run"});
  const auto without = run_strata(words);
  EXPECT_EQ(without.status, 1);
  EXPECT_TRUE(has(without.err, "holds no tiny_shakespeare.txt")) << without.err;
  spill(folder / "data/tiny_shakespeare.txt", generate_text(5000));
  EXPECT_EQ(run_strata(words).status, 0);
}

TEST(TrainRuns, ATraceThatCannotBeWrittenIsNoticedBeforeTheTraining) {
  const TempFolder folder;
  const auto r = run_strata(quick(
      "mlp-13002", {"--out", folder / "run", "--profile", "--trace", folder / "nowhere/x.json"}));
  EXPECT_EQ(r.status, 1);
  EXPECT_TRUE(has(r.err, "nowhere/x.json")) << r.err;
  EXPECT_FALSE(fs::exists(folder / "run"));
}

TEST(TrainRuns, ARateThatIsAlmostNoneIsReported) {
  const TempFolder folder;
  const auto r = run_strata(quick("mlp-13002", {"--out", folder / "run", "lr=1e-315"}));
  EXPECT_EQ(r.status, 0) << r.err;
  EXPECT_TRUE(has(slurp(folder / "run/report.html"), "data-curve=\"lr\""));
}

TEST(TrainRuns, TheStartLineSaysWhoseLengthItIs) {
  const TempFolder folder;
  spill(folder / "text", generate_text(5000));
  int runs = 0;
  const auto started = [&](const Words& more) {
    Words words = {
        "train",   "charrnn", "batch=1",       "length=4", "hidden=1",
        "width=1", "--data",  folder / "text", "--out",    folder / std::to_string(runs++)};
    words.insert(words.end(), more.begin(), more.end());
    return run_strata(words).err;
  };
  const std::string by_default = started({}), one = started({"--steps", "1"}),
                    epochs = started({"--epochs", "1"});
  EXPECT_TRUE(has(by_default, "1,500 steps (its default)")) << by_default;
  EXPECT_TRUE(has(one, "\n1 step (as asked)")) << one;
  EXPECT_TRUE(has(epochs, " (1 epoch)")) << epochs;
}

/// Writes two pictures of each of the classes.
void write_set(const std::string& folder, const Words& classes) {
  for (const std::string& name : classes) {
    fs::create_directories(fs::path(folder) / name);
    for (const char* file : {"1.png", "2.png"}) {
      write_png((fs::path(folder) / name / file).string(), full({32, 32, 3}, 90, DType::u8));
    }
  }
}

TEST(TrainRuns, TestPicturesHaveTheTrainingsClasses) {
  const TempFolder folder;
  write_set(folder / "data/train", {"a", "b", "c"});
  write_set(folder / "data/test", {"b", "c"});
  const auto train = [&](const std::string& out) {
    return run_strata({"train", "resnet-cifar", "--steps", "1", "batch=4", "--data",
                       folder / "data", "--out", folder / out});
  };
  const auto r = train("run");
  ASSERT_EQ(r.status, 0) << r.err;
  const json counts =
      json::parse(slurp(folder / "run/run.json")).at("metric").at("confusion").at("counts");
  ASSERT_EQ(counts.size(), 100u);  // rows are truths
  for (size_t truth = 0; truth < 10; ++truth) {
    int64_t row = 0;
    for (size_t guess = 0; guess < 10; ++guess) row += counts[truth * 10 + guess].get<int64_t>();
    EXPECT_EQ(row, truth == 1 || truth == 2 ? 2 : 0) << truth;
  }
  write_set(folder / "data/test", {"d"});
  const auto foreign = train("other");
  EXPECT_EQ(foreign.status, 1);
  EXPECT_TRUE(has(foreign.err, "data/test] its folder 'd' is none of the 3 classes"))
      << foreign.err;
}

/// `text` so often, in a file.
std::string write_text(const std::string& path, const std::string& text, int times) {
  std::string all;
  for (int i = 0; i < times; ++i) all += text;
  spill(path, all);
  return path;
}

TEST(TrainRuns, AResumeThatFailsKeepsTheNumbersOfTheRun) {
  const TempFolder folder;
  const std::string text = "to be or not ", run = folder / "run", path = run + "/run.json";
  const std::string data = write_text(folder / "text", text, 2000),
                    smaller = write_text(folder / "smaller", text, 40);
  const Words shape = {"train", "charrnn", "batch=2", "length=8", "hidden=4", "--out", run};
  const auto train = [&](const Words& more) {
    Words words = shape;
    words.insert(words.end(), more.begin(), more.end());
    return run_strata(words);
  };
  ASSERT_EQ(train({"--data", data, "--steps", "60"}).status, 0);
  json before = json::parse(slurp(path));
  before["state"] = "stopped at step 60";
  spill(path, before.dump());
  const auto failed = [&] {
    const auto r = train({"--resume", "--data", smaller, "--steps", "70"});
    EXPECT_EQ(r.status, 1) << r.err;
    json record = json::parse(slurp(path));
    EXPECT_TRUE(has(record.at("state"), "has done 60 batches")) << r.err;
    EXPECT_TRUE(has(slurp(run + "/report.html"), "has done 60 batches"));
    return record;
  };
  json after = failed();
  EXPECT_FALSE(after.at("examples").empty());
  after["state"] = before.at("state");
  EXPECT_EQ(after, before);
  // Where there is no report, the checkpoint has the numbers.
  fs::remove(path);
  after = failed();
  for (const char* number : {"steps", "loss", "metric"}) {
    EXPECT_EQ(after.at(number), before.at(number)) << number;
  }
}

TEST(TrainRuns, AReportThatIsMissingIsMadeAnewAsItWas) {
  const TempFolder folder;
  const std::string path = folder / "run/run.json";
  const Words words = quick("lenet5", {"--out", folder / "run", "--json"});
  ASSERT_EQ(run_strata(words).status, 0);
  const json before = json::parse(slurp(path));
  ASSERT_EQ(before.at("metric").at("confusion").at("counts").size(), 100u);
  fs::remove(path);
  Words again = words;
  again.push_back("--resume");
  ASSERT_EQ(run_strata(again).status, 0);
  const json after = json::parse(slurp(path));
  for (const char* part : {"state", "steps", "loss", "metric", "examples"}) {
    EXPECT_EQ(after.at(part), before.at(part)) << part;
  }
}

TEST(TrainRuns, AReportOfFewerStepsIsMadeAnew) {
  const TempFolder folder;
  const std::string path = folder / "run/run.json";
  const auto steps = [&](const char* count) {
    return run_strata(
        {"train", "mlp-13002", "--steps", count, "--resume", "--out", folder / "run"});
  };
  ASSERT_EQ(steps("2").status, 0);
  const std::string shorter = slurp(path);
  ASSERT_EQ(steps("3").status, 0);
  spill(path, shorter);  // as a kill -9 while the pictures are drawn leaves it
  ASSERT_EQ(steps("3").status, 0);
  EXPECT_EQ(json::parse(slurp(path)).at("steps"), 3);
}

TEST(TrainRuns, CtrlCAfterTheWeightsLeavesTheReportToAResume) {
  for (int i = 0; i < 3; ++i) {  // the moment differs
    const TempFolder folder;
    const std::string path = folder / "run/run.json";
    Words words = quick("lenet5", {"--out", folder / "run"});
    const auto r = testing::run_and_interrupt(words, folder / "run/model.safetensors");
    EXPECT_TRUE(r.status == 130 || r.status == 0) << r.err;
    words.push_back("--resume");
    ASSERT_EQ(run_strata(words).status, 0);
    const json record = json::parse(slurp(path));
    EXPECT_EQ(record.at("state"), "finished");
    EXPECT_FALSE(record.at("examples").empty()) << r.err;
  }
}

TEST(TrainRuns, CtrlCEndsTheLastEvaluation) {
  const TempFolder folder;
  const Timer timer;
  // Some minutes of drawing; the checkpoint is written before.
  const auto r = testing::run_and_interrupt(
      {"train", "ddpm", "--steps", "1", "batch=2", "judged=20000", "--out", folder / "run"},
      folder / "run/checkpoint.safetensors");
  EXPECT_EQ(r.status, 130) << r.err;
  EXPECT_TRUE(has(r.err, "stopped at step 1, saved. Go on with")) << r.err;
  EXPECT_FALSE(fs::exists(folder / "run/model.safetensors"));
  EXPECT_LT(timer.seconds(), 50);
}

}  // namespace
}  // namespace strata
