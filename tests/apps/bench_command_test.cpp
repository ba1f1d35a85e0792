#include <algorithm>
#include <chrono>
#include <string>
#include <thread>
#include <vector>

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>
#include <sys/types.h>

#include "tests/support/program.h"
#include "tests/support/temp_folder.h"

namespace strata {
namespace {

using nlohmann::json;
using testing::run_strata;
using testing::slurp;
using testing::TempFolder;

TEST(BenchCommand, ATraceIsOfOneWorkload) {
  const TempFolder folder;
  const std::string trace = folder / "t.json";
  const auto with = [&](std::vector<std::string> names, const std::vector<std::string>& more) {
    std::vector<std::string> all = {"bench"};
    all.insert(all.end(), names.begin(), names.end());
    for (const char* word : {"--seconds", "0.05", "--no-bound", "--trace"}) all.push_back(word);
    all.push_back(trace);
    all.insert(all.end(), more.begin(), more.end());
    return run_strata(all);
  };
  using Names = std::vector<std::string>;
  for (const Names& names : {Names{"mlp", "mlp-13002"}, Names{"matmul"}}) {
    const auto r = with(names, {"--profile"});
    EXPECT_EQ(r.status, 2) << r.err;
    EXPECT_NE(r.err.find("is the file of one workload"), std::string::npos) << r.err;
    EXPECT_EQ(r.out, "") << "nothing is measured before";
  }
  const auto alone = with({"mlp-13002"}, {});
  EXPECT_EQ(alone.status, 2) << alone.err;
  EXPECT_NE(alone.err.find("needs --profile"), std::string::npos) << alone.err;
  EXPECT_EQ(alone.out, "") << "nothing is measured before";
  EXPECT_NE(with({"mlp-13002", "mlp-13002"}, {"--profile"}).status, 2) << "it runs once";
  EXPECT_TRUE(json::accept(slurp(trace)));
}

TEST(BenchCommand, LeavesBoundsOutOfJsonWhereItDoesNotWorkThemOut) {
  const auto r = run_strata({"bench", "mlp-13002", "--seconds", "0.05", "--no-bound", "--json"});
  ASSERT_EQ(r.status, 0) << r.err;
  const json row = json::parse(r.out).at("results").at(0);
  EXPECT_FALSE(row.contains("bound_ms")) << row;
  EXPECT_TRUE(row.contains("added_mib")) << row;
}

/// The most threads that a process has had until its end.
int most_threads(pid_t process) {
  int most = 0;
  for (std::string status = "R"; !status.empty() && status.find("\tZ") == std::string::npos;) {
    status = slurp("/proc/" + std::to_string(process) + "/status");
    const std::string name = "\nThreads:\t";
    const size_t at = status.find(name);
    if (at != std::string::npos) most = std::max(most, std::stoi(status.substr(at + name.size())));
    std::this_thread::sleep_for(std::chrono::milliseconds(1));
  }
  return most;
}

// Else the bound would be that of all cores.
TEST(BenchCommand, TheLibraryTakesNoMoreThreadsThanOurKernels) {
  int most = 0;
  const auto r = testing::run_meanwhile(
      {"bench", "mlp-13002", "--seconds", "0.05", "--threads", "1", "--json"}, {},
      [&](pid_t process) { most = most_threads(process); });
  ASSERT_EQ(r.status, 0) << r.err;
  EXPECT_GT(json::parse(r.out).at("results").at(0).at("bound_ms"), 0);
  EXPECT_EQ(most, 1);
}

TEST(BenchCommand, SaysHowToMeasureBesideOtherWork) {
  const auto r = run_strata({"bench", "--help"});
  EXPECT_NE(r.out.find("OMP_WAIT_POLICY=passive"), std::string::npos) << r.out;
}

}  // namespace
}  // namespace strata
