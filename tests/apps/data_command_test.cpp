#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <string>

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "tests/support/program.h"
#include "tests/support/temp_folder.h"

namespace strata {
namespace {

namespace fs = std::filesystem;
using testing::run_strata;
using testing::spill;
using testing::TempFolder;

/// Puts a program called curl first in the PATH: it hands out files of a folder, and insists on
/// https. Its exit statuses are those of the real one.
class DataCommand : public ::testing::Test {
 protected:
  void SetUp() override {
    fs::create_directories(folder_ / "bin");
    spill(folder_ / "bin/curl", R"(#!/bin/sh
case "$*" in *"--fail --location --proto =https"*) ;; *) exit 2 ;; esac
while [ $# -gt 1 ]; do [ "$1" = --output ] && output=$2; shift; done
[ -e ")" + (folder_ / "offline") +
                                    R"(" ] && exit 6
cp ")" + (folder_ / "server") + R"(/${1##*/}" "$output" || exit 22
)");
    fs::permissions(folder_ / "bin/curl", fs::perms::owner_all);
    fs::create_directories(folder_ / "server");
    const char* path = std::getenv("PATH");
    path_ = path ? path : "";
    set_path((folder_ / "bin") + ":" + path_);
  }
  void TearDown() override { set_path(path_); }

  static void set_path(const std::string& path) { setenv("PATH", path.c_str(), 1); }
  testing::ProgramResult get(const std::string& name) {
    return run_strata({"data", name, folder_ / "data", "--get"});
  }
  /// No file of the data set and no half of one.
  bool nothing_there() const {
    return !fs::exists(folder_ / "data") || fs::is_empty(folder_ / "data");
  }

  TempFolder folder_;
  std::string path_;
};

TEST_F(DataCommand, WithoutANetworkSaysSoInOneLineAndNamesTheGeneratedSet) {
  spill(folder_ / "offline", "");
  const auto r = get("mnist");
  EXPECT_EQ(r.status, 1);
  EXPECT_NE(r.err.find("no network"), std::string::npos) << r.err;
  EXPECT_NE(r.err.find("generated digits"), std::string::npos) << r.err;
  EXPECT_EQ(std::count(r.err.begin(), r.err.end(), '\n'), 2) << r.err;  // what it does, and that
  EXPECT_TRUE(nothing_there());
}

TEST_F(DataCommand, WhatIsNotThePublishedFileDoesNotTakeItsPlace) {
  spill(folder_ / "server/input.txt", std::string(1'115'394, 'x'));
  const auto r = get("tiny-shakespeare");
  EXPECT_EQ(r.status, 1);
  EXPECT_NE(r.err.find("checksum"), std::string::npos) << r.err;
  EXPECT_TRUE(nothing_there());
}

TEST_F(DataCommand, WhatTheServerLacksIsNamed) {
  const auto r = get("fashion-mnist");
  EXPECT_EQ(r.status, 1);
  EXPECT_NE(r.err.find("the server does not have it"), std::string::npos) << r.err;
  EXPECT_NE(r.err.find("train-images-idx3-ubyte.gz"), std::string::npos) << r.err;
  EXPECT_TRUE(nothing_there());
}

TEST_F(DataCommand, WithoutCurlSaysSo) {
  set_path(folder_ / "server");
  const auto r = get("mnist");
  EXPECT_EQ(r.status, 1);
  EXPECT_NE(r.err.find("curl is not installed"), std::string::npos) << r.err;
}

TEST_F(DataCommand, GetsChecksAndKeepsWhatIsGood) {
  const char* data = std::getenv("STRATA_DATA");
  if (!data) GTEST_SKIP() << "STRATA_DATA is not set: there is no real file to get";
  fs::copy_file(std::string(data) + "/text/tiny_shakespeare.txt", folder_ / "server/input.txt");
  const auto r = get("tiny-shakespeare");
  EXPECT_EQ(r.status, 0) << r.err;
  EXPECT_NE(r.out.find("as published"), std::string::npos) << r.out;
  spill(folder_ / "offline", "");
  EXPECT_EQ(get("tiny-shakespeare").status, 0) << "it is there and good";
}

TEST_F(DataCommand, NeedsAFolderAndFiles) {
  EXPECT_EQ(run_strata({"data", "mnist", "--get"}).status, 2);
  EXPECT_EQ(get("digits").status, 2);
  EXPECT_EQ(get("mnisst").status, 2);
}

}  // namespace
}  // namespace strata
