#include <filesystem>
#include <string>

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "tests/support/program.h"
#include "tests/support/temp_folder.h"

namespace strata {
namespace {

namespace fs = std::filesystem;
using nlohmann::json;
using testing::run_strata;
using testing::slurp;
using testing::TempFolder;

bool has(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

int event_files(const std::string& run) {
  int n = 0;
  for (const auto& f : fs::directory_iterator(run)) {
    n += f.path().filename().string().starts_with("events.out.tfevents.");
  }
  return n;
}

TEST(ReportCommand, ATrainingLeavesAPageARecordAndEventFiles) {
  const TempFolder folder;
  const std::string run = folder / "first run";
  const auto r =
      run_strata({"train", "lenet5", "--steps", "5", "--seed", "3", "--out", run, "lr=0.003"});
  ASSERT_EQ(r.status, 0) << r.err;
  EXPECT_TRUE(has(r.err, "report: " + run + "/report.html")) << r.err;
  const json record = json::parse(slurp(run + "/run.json"));
  EXPECT_EQ(record.at("state"), "finished");
  EXPECT_EQ(record.at("settings").at("lr"), "0.003");
  const std::string command = "strata train lenet5 --steps 5 --seed 3 --out '" + run + "' lr=0.003";
  EXPECT_EQ(record.at("facts").at(0), (json{{"name", "command"}, {"value", command}}));
  EXPECT_EQ(record.at("summary").at("parameters"), 61706);
  EXPECT_EQ(record.at("metric").at("confusion").at("labels").size(), 10u);
  EXPECT_EQ(record.at("examples").size(), 64u);
  const std::string page = slurp(run + "/report.html");
  EXPECT_TRUE(has(page, "class=\"confusion\"") && has(page, "data-curve=\"accuracy\""));
  EXPECT_EQ(event_files(run), 1);

  const auto second = run_strata({"report", run, "--output", folder / "again.html", "--json"});
  ASSERT_EQ(second.status, 0) << second.err;
  EXPECT_EQ(json::parse(second.out).at("output"), folder / "again.html");
  EXPECT_EQ(slurp(folder / "again.html"), page);
  EXPECT_EQ(run_strata({"report", folder / "nothing"}).status, 1);
}

TEST(ReportCommand, AnInterruptedTrainingLeavesOneToo) {
  const TempFolder folder;
  const std::string run = folder / "run";
  const auto r = testing::run_and_interrupt(
      {"train", "lenet5", "--epochs", "50", "--save-every", "0", "--out", run},
      run + "/checkpoint.safetensors");
  ASSERT_EQ(r.status, 130) << r.err;
  EXPECT_TRUE(has(json::parse(slurp(run + "/run.json")).at("state"), "stopped at step"));
  EXPECT_TRUE(has(slurp(run + "/report.html"), "stopped at step"));
}

TEST(ReportCommand, AFailedTrainingLeavesOneThatSaysWhy) {
  const TempFolder folder;
  const std::string run = folder / "run";
  ASSERT_EQ(run_strata({"train", "lenet5", "--steps", "50", "--out", run, "lr=1e30"}).status, 1);
  const std::string state = json::parse(slurp(run + "/run.json")).at("state");
  EXPECT_TRUE(has(state, "at step")) << state;
}

TEST(ReportCommand, TextsAreExamplesToo) {
  const TempFolder folder;
  const std::string run = folder / "run";
  const auto r = run_strata(
      {"train", "gpt-char", "--steps", "2", "--out", run, "layers=1", "width=16", "heads=2"});
  ASSERT_EQ(r.status, 0) << r.err;
  const json examples = json::parse(slurp(run + "/run.json")).at("examples");
  ASSERT_EQ(examples.size(), 1u);
  EXPECT_EQ(examples[0].at("png"), "");
  EXPECT_GT(examples[0].at("text").get<std::string>().size(), 100u);
}

TEST(ReportCommand, ProfileTellsLayersAndOpsAndWritesATrace) {
  const TempFolder folder;
  const std::string run = folder / "run", trace = folder / "mine.json";
  const auto r = run_strata({"train", "lenet5", "--steps", "3", "--out", run, "--profile"});
  ASSERT_EQ(r.status, 0) << r.err;
  EXPECT_TRUE(has(r.err, "conv1 (Conv2d)") && has(r.err, "conv2d") && has(r.err, "(update)"))
      << r.err;
  EXPECT_GT(json::parse(slurp(run + "/trace.json")).at("traceEvents").size(), 100u);
  const auto named = run_strata({"bench", "mlp-13002", "--seconds", "0.05", "--no-bound",
                                 "--profile", "--trace", trace, "--json"});
  ASSERT_EQ(named.status, 0) << named.err;
  EXPECT_TRUE(json::accept(named.out));
  EXPECT_TRUE(json::accept(slurp(trace)));
  const auto alone = run_strata({"bench", "mlp-13002", "--trace", trace});
  EXPECT_EQ(alone.status, 2);
  EXPECT_TRUE(has(alone.err, "--trace")) << alone.err;
}

}  // namespace
}  // namespace strata
