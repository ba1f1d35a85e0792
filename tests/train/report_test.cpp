#include "strata/train/report.h"

#include <filesystem>

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "strata/base/error.h"
#include "strata/train/run_log.h"
#include "strata/train/run_record.h"
#include "tests/support/message.h"
#include "tests/support/temp_folder.h"

namespace strata::train {
namespace {

using nlohmann::json;
using testing::message;
using testing::slurp;
using testing::spill;
using testing::TempFolder;

RunRecord sample_record() {
  RunRecord r;
  r.title = "Net <5>";
  r.state = "finished";
  r.facts = {{"command", "strata train net"}, {"seed", "7"}};
  r.settings = {{"lr", "0.1"}, {"batch", "64"}};
  r.summary.parameters = 12345;
  r.summary.layers = {{.name = "conv", .type = "Conv2d", .output = {1, 28, 28, 6}}};
  r.metric = {"accuracy", 0.75, 4};
  r.metric.confusion = {{"cat", "dog"}, {2, 0, 1, 1}};
  r.loss = 0.5;
  r.steps = 100;
  r.examples = {{.png = "\x89PNG", .text = "cat, is dog", .wrong = true},
                {.png = {}, .text = "a text </script>"}};
  return r;
}

/// A run's folder of that name with two lines in its log.
std::string make_run(const TempFolder& folder, const std::string& name, const RunRecord& record) {
  const std::string dir = folder / name;
  std::filesystem::create_directories(dir);
  save_record(dir, record);
  spill(dir + "/log.jsonl",
        "{\"step\":50,\"epoch\":1,\"loss\":1.25,\"lr\":0.1,\"seconds\":1.5}\n"
        "{\"step\":75,\"loss\":null}\ndamaged\n"
        "{\"step\":100,\"epoch\":1,\"loss\":0.5,\"lr\":0.05,\"seconds\":3.0}\n"
        "{\"step\":100,\"epoch\":1,\"accuracy\":0.75,\"seconds\":3.0}\n");
  return dir;
}

json data_of(const std::string& page) {
  const std::string mark = "id=\"data\">";
  const size_t from = page.find(mark) + mark.size();
  return json::parse(page.substr(from, page.find("</script>", from) - from));
}

size_t count(const std::string& text, const std::string& part) {
  size_t n = 0;
  for (size_t at = text.find(part); at != std::string::npos; at = text.find(part, at + 1)) ++n;
  return n;
}

TEST(Report, RecordsAreKept) {
  const TempFolder folder;
  const RunRecord r = load_record(make_run(folder, "run-3", sample_record()) + "/");
  EXPECT_EQ(r.name, "run-3");
  EXPECT_EQ(r.title, "Net <5>");
  EXPECT_EQ(r.facts, sample_record().facts);
  EXPECT_EQ(r.settings, sample_record().settings);
  EXPECT_EQ(r.metric.confusion.counts, (std::vector<int64_t>{2, 0, 1, 1}));
  EXPECT_EQ(r.summary.layers.at(0).output, (Shape{1, 28, 28, 6}));
  EXPECT_EQ(r.examples.at(0).png, "\x89PNG");
  EXPECT_TRUE(r.examples.at(0).wrong);
}

TEST(Report, ReadsTheLogsCurves) {
  const TempFolder folder;
  const auto curves = read_log(make_run(folder, "run", sample_record()) + "/log.jsonl");
  ASSERT_EQ(curves.size(), 3u);
  EXPECT_EQ(curves[0].name, "loss");
  EXPECT_EQ(curves[0].steps, (std::vector<int64_t>{50, 100}));
  EXPECT_EQ(curves[0].values, (std::vector<double>{1.25, 0.5}));
  EXPECT_EQ(curves[2].name, "accuracy");
}

TEST(Report, OnePageHoldsAllThereIsAndNeedsNothingElse) {
  const TempFolder folder;
  const std::string page = report_page({make_run(folder, "run", sample_record())});
  for (const char* part :
       {"Net &lt;5&gt;", "12,345", "0.7500", "data-curve=\"loss\"", "data-curve=\"accuracy\"",
        "dog taken for cat: 1", "data:image/png;base64,iVBORw==", "cat, is dog", "Conv2d",
        "a text &lt;/script&gt;", "<code>strata train net</code>", "[1, 28, 28, 6]"}) {
    EXPECT_NE(page.find(part), std::string::npos) << part;
  }
  for (const char* outside : {"src=\"http", "href=", "@import", "url(http", "fetch("}) {
    EXPECT_EQ(page.find(outside), std::string::npos) << outside;
  }
  const json runs = data_of(page);
  EXPECT_EQ(runs.at(0).at("curves").at("loss").at("y"), (std::vector<double>{1.25, 0.5}));
}

TEST(Report, TakesNumbersThatAreAlmostNone) {
  const TempFolder folder;
  const std::string run = make_run(folder, "run", sample_record());
  spill(run + "/log.jsonl", "{\"step\":1,\"loss\":0.5,\"lr\":1e-315}\n");
  const json curves = data_of(report_page({run})).at(0).at("curves");
  EXPECT_NEAR(curves.at("lr").at("y").at(0).get<double>() * 1e300, 1e-15, 1e-20);
}

TEST(Report, SeveralRunsShareChartsAndShowWhereTheyDiffer) {
  const TempFolder folder;
  RunRecord other = sample_record();
  other.settings["lr"] = "0.02";
  other.settings["momentum"] = "0.9";
  const std::string page =
      report_page({make_run(folder, "one", sample_record()), make_run(folder, "a<b", other)});
  EXPECT_EQ(count(page, "data-curve=\"loss\""), 1u);
  const std::string row = "<tr><th>lr</th><td>0.1</td><td>0.02</td></tr>";
  EXPECT_EQ(count(page, row), 1u);
  EXPECT_EQ(count(page, "<tr><th>momentum</th><td>–</td><td>0.9</td></tr>"), 1u);
  EXPECT_EQ(count(page, "<tr><th>batch</th><td>64</td><td>64</td></tr>"), 0u);
  const json runs = data_of(page);
  ASSERT_EQ(runs.size(), 2u);
  EXPECT_EQ(runs.at(1).at("name"), "a<b");
}

TEST(Report, RunsOfOneNameAreToldApart) {
  const TempFolder folder;
  const auto names = [&](const std::vector<std::string>& runs) {
    std::vector<std::string> dirs, found;
    for (const std::string& run : runs) dirs.push_back(make_run(folder, run, sample_record()));
    for (const json& run : data_of(report_page(dirs))) found.push_back(run.at("name"));
    return found;
  };
  using Names = std::vector<std::string>;
  EXPECT_EQ(names({"a/run", "b/run/", "b/other"}), (Names{"a/run", "b/run", "other"}));
  EXPECT_EQ(names({"a/x/run", "b/x/run"}), (Names{"a/x/run", "b/x/run"}));
  EXPECT_EQ(names({"a/run", "a/run"}), (Names{"run", "run"}));
}

TEST(Report, WhatIsNoRunIsAnError) {
  const TempFolder folder;
  EXPECT_THROW(report_page({}), ValueError);
  EXPECT_THROW(report_page({folder / "nothing"}), IoError);
  EXPECT_NE(message<IoError>([&] { report_page({folder.path()}); }).find("is no folder of a run"),
            std::string::npos);
  spill(folder / "run.json", "{\"title\": 3}");
  EXPECT_THROW(report_page({folder.path()}), FormatError);
}

TEST(Report, NumbersThatDoNotFitAreAnError) {
  const TempFolder folder;
  const std::string run = make_run(folder, "run", sample_record());
  json record = json::parse(slurp(run + "/run.json"));
  record["summary"]["layers"][0]["output"][1] = 2e22;
  spill(run + "/run.json", record.dump());
  EXPECT_THROW(load_record(run), FormatError);
  spill(run + "/log.jsonl", "{\"step\": 2e22, \"loss\": 0.5}\n{\"step\": 3, \"loss\": 0.5}\n");
  EXPECT_EQ(read_log(run + "/log.jsonl").at(0).steps, (std::vector<int64_t>{3}));
}

}  // namespace
}  // namespace strata::train
