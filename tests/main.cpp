// Runs the tests; --source=tests/ops/exp_test.cpp runs those of one file.
#include <iostream>
#include <memory>
#include <string>
#include <string_view>

#include <gtest/gtest.h>

#include "strata/base/random.h"

namespace {

/// Starts the default generator anew before each test: what a test draws then depends neither on
/// the tests before it nor on how they are shared among processes.
class SeedsEachTest : public testing::EmptyTestEventListener {
  void OnTestStart(const testing::TestInfo&) override { strata::manual_seed(0); }
};

constexpr std::string_view kSource = "--source=";

/// A GoogleTest filter that names each test whose source file ends with `path`.
std::string tests_of_file(std::string_view path) {
  std::string filter;
  const testing::UnitTest& all = *testing::UnitTest::GetInstance();
  for (int s = 0; s < all.total_test_suite_count(); ++s) {
    const testing::TestSuite& suite = *all.GetTestSuite(s);
    for (int t = 0; t < suite.total_test_count(); ++t) {
      const testing::TestInfo& test = *suite.GetTestInfo(t);
      if (!std::string_view(test.file()).ends_with(path)) continue;
      filter += std::string(suite.name()) + "." + test.name() + ":";
    }
  }
  return filter;
}

}  // namespace

int main(int argc, char** argv) {
  testing::InitGoogleTest(&argc, argv);
  for (int i = 1; i < argc; ++i) {
    const std::string_view argument = argv[i];
    if (!argument.starts_with(kSource)) {
      std::cerr << "strata_tests: unknown argument " << argument << "\n";
      return 2;
    }
    const std::string filter = tests_of_file(argument.substr(kSource.size()));
    if (filter.empty()) {
      std::cerr << "strata_tests: no test in " << argument.substr(kSource.size()) << "\n";
      return 2;
    }
    testing::GTEST_FLAG(filter) = filter;
  }
  testing::UnitTest::GetInstance()->listeners().Append(
      std::make_unique<SeedsEachTest>().release());  // which takes it over
  return RUN_ALL_TESTS();
}
