#include <string>

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "strata/io/safetensors.h"
#include "strata/ops/creation.h"
#include "strata/text/utf8.h"
#include "tests/support/program.h"
#include "tests/support/temp_folder.h"

namespace strata {
namespace {

using testing::run_strata;
using testing::TempFolder;

TEST(InspectCommand, WhatAFileSaysCannotCommandTheTerminal) {
  const TempFolder folder;
  const std::string file = folder / "a.safetensors", name = "w\x1b[2J\nx", csi = "\xc2\x9b";
  save_safetensors(file, {{name, ones({2})}}, {{"note", "red\x1b[31m" + csi + "1m"}});
  const auto r = run_strata({"inspect", file});
  ASSERT_EQ(r.status, 0) << r.err;
  EXPECT_NE(r.out.find("  w\\x1b[2J\\x0ax "), std::string::npos) << r.out;
  EXPECT_NE(r.out.find("  note = red\\x1b[31m\\xc2\\x9b1m\n"), std::string::npos) << r.out;
  EXPECT_EQ(r.out.find('\x1b'), std::string::npos);
  const auto json = nlohmann::json::parse(run_strata({"inspect", file, "--json"}).out);
  EXPECT_EQ(json.at("tensors").at(0).at("name"), name);
}

TEST(InspectCommand, LongTextsAreCutBetweenLetters) {
  const TempFolder folder;
  const std::string file = folder / "a.safetensors", text = std::string(59, 'a') + "ü";
  save_safetensors(file, {{"w", ones({2})}}, {{"cut", text + "bc"}, {"whole", text}});
  const auto r = run_strata({"inspect", file});
  ASSERT_EQ(r.status, 0) << r.err;
  EXPECT_TRUE(is_utf8(r.out));
  EXPECT_NE(r.out.find("  cut = " + text + "...\n"), std::string::npos) << r.out;
  EXPECT_NE(r.out.find("  whole = " + text + "\n"), std::string::npos) << r.out;
}

}  // namespace
}  // namespace strata
