// Slips of a command line: each is told before anything is done, and so that it can be mended.
#include <cctype>
#include <filesystem>
#include <sstream>
#include <string>
#include <utility>
#include <vector>

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "strata/data/text_windows.h"
#include "strata/io/safetensors.h"
#include "strata/ops/copy.h"
#include "strata/ops/creation.h"
#include "tests/support/in_folder.h"
#include "tests/support/program.h"
#include "tests/support/temp_folder.h"

namespace strata {
namespace {

namespace fs = std::filesystem;
using testing::InFolder;
using testing::run_strata;
using testing::spill;
using testing::TempFolder;
using Words = std::vector<std::string>;

const std::string kFolders = std::string(STRATA_SOURCE_DIR) + "/tests/golden/folders/";

std::string joined(const Words& words) {
  std::string out = "strata";
  for (const auto& w : words) out += " " + (w.empty() ? "''" : w);
  return out;
}

bool has(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

/// Expects that the program ends with this status, having said all of `said` and done nothing.
void expect_told(const Words& words, int status, const Words& said) {
  const auto r = run_strata(words);
  EXPECT_EQ(r.status, status) << joined(words) << "\n" << r.err;
  EXPECT_EQ(r.out, "") << joined(words);
  for (const std::string& part : said) {
    EXPECT_TRUE(has(r.err, part)) << joined(words) << "\nlacks: " << part << "\n" << r.err;
  }
}

// What an unset variable of the shell leaves.
TEST(Usage, AnEmptyPathIsRefused) {
  const TempFolder folder;
  const InFolder in(folder.path());
  const std::vector<std::pair<Words, std::string>> all = {
      {{"train", "lenet5", "--steps", "1", "--data", ""}, "--data"},
      {{"train", "lenet5", "--steps", "1", "--out", ""}, "--out"},
      {{"train", "lenet5", "--steps", "1", "--profile", "--trace", ""}, "--trace"},
      {{"eval", "lenet5", "--weights", "run", "--data", ""}, "--data"},
      {{"eval", "lenet5", "--weights", ""}, "--weights"},
      {{"predict", "lenet5", "--weights", "run", ""}, "files"},
      {{"generate", "", "x"}, "system"},
      {{"sample", "ddpm", "--weights", "run", "--output", ""}, "--output"},
      {{"embed", kFolders + "bert-sentences", "x", "--output", ""}, "--output"},
      {{"forward", "lenet5", "--weights", "run", "--input", "", "--output", "y"}, "--input"},
      {{"forward", "lenet5", "--weights", "run", "--input", "x", "--output", ""}, "--output"},
      {{"convert", "lenet5", "--weights", "run", "--output", ""}, "--output"},
      {{"summary", ""}, "system"},
      {{"inspect", ""}, "file"},
      {{"report", ""}, "runs"},
      {{"report", "run", "--output", ""}, "--output"},
      {{"data", "mnist", ""}, "folder"}};
  for (const auto& [words, option] : all) expect_told(words, 2, {option + ": is empty"});
  EXPECT_TRUE(fs::is_empty(folder.path())) << "something was done";
}

TEST(Usage, ABadOutputIsToldBeforeTheWeightsAreRead) {
  const TempFolder folder;
  const std::string none = folder / "none", no = folder / "no/";
  spill(folder / "x.safetensors", "");
  const auto forward = [&](const std::string& output) {
    return Words{"forward",  "lenet5", "--weights", none, "--input", folder / "x.safetensors",
                 "--output", output};
  };
  const Words sample = {"sample", "ddpm", "--weights", none, "--output"};
  const Words embed = {"embed", "bert-base-uncased", "text", "--weights", none, "--output"};
  const auto with = [](Words words, const std::string& last) {
    words.push_back(last);
    return words;
  };
  expect_told(with(sample, no + "x.png"), 1, {"[" + no + "x.png] cannot create a file"});
  expect_told(with(sample, folder / "x.jpg"), 2, {"[--output]", "x.jpg does not end with .png"});
  expect_told(with(embed, no + "x.safetensors"), 1, {"[" + no + "x.safetensors] cannot create"});
  expect_told(with(embed, folder / "x.npy"), 2, {"x.npy does not end with .safetensors"});
  expect_told(forward(no + "y.safetensors"), 1, {"[" + no + "y.safetensors] cannot create"});
  expect_told(forward(folder / "y.txt"), 2, {"y.txt does not end with .safetensors"});
  expect_told(forward(folder / "./x.safetensors"), 2, {"[--output] is the --input too"});
  expect_told({"generate", "gpt2", "x", "--weights", none, "--profile", "--trace", no + "t.json"},
              1, {"[" + no + "t.json] cannot create a file"});
}

TEST(Usage, AWordThatIsNearlyAnOptionGetsItsName) {
  expect_told({"train", "lenet5", "--step", "3"}, 2, {"--step", "did you mean --steps?"});
  expect_told({"train", "lenet5", "--ecpochs=3"}, 2, {"did you mean --epochs?"});
  expect_told({"sample", "--wieghts", "run"}, 2, {"did you mean --weights?"});
  expect_told({"train", "lenet5", "--qqqqqqqq", "3"}, 2, {"hint: strata train --help"});
}

TEST(Usage, NumbersOutOfTheirRangeAreNamedAlike) {
  expect_told({"generate", "gpt2", "x", "--top-p", "0"}, 2,
              {"--top-p: '0' is not a number above 0 and up to 1"});
  expect_told({"list", "--threads", "0"}, 2,
              {"--threads: '0' is not a whole number from 1 to 1024"});
  expect_told({"sample", "ddpm", "--count", "1.5"}, 2,
              {"--count: '1.5' is not a whole number from 1 to 65536"});
  expect_told({"fill-mask", "x", "y", "--count", "1001"}, 2,
              {"--count: '1001' is not a whole number from 1 to 1000"});
}

TEST(Usage, SettingsThatCannotBeAreNamed) {
  const TempFolder folder;
  const Words train = {"train", "lenet5", "--steps", "1", "--out", folder / "run"};
  const auto with = [&](const Words& more) {
    Words words = train;
    words.insert(words.end(), more.begin(), more.end());
    return words;
  };
  expect_told(with({"lr=0.1", "lr=0.2"}), 2, {"[lr] is given twice"});
  expect_told({"summary", "vit-mnist", "width=8", "width=8"}, 2, {"[width] is given twice"});
  for (const std::string shift : {"-1", "28", "1000", "9000000000000000000"}) {
    expect_told(with({"shift=" + shift}), 1, {"[shift] must be from 0 to 27", "got " + shift});
  }
  EXPECT_FALSE(fs::exists(folder / "run"));
  EXPECT_EQ(run_strata(with({"shift=0"})).status, 0) << "the corrected run";
  expect_told({"summary", "charrnn", "layers=-1"}, 2, {"[LSTM] .layers must be given, at least 1"});
  expect_told({"summary", "charrnn", "characters="}, 2, {"[characters] is empty"});
}

TEST(Usage, AFileInPlaceOfAFolderIsCalledAFile) {
  const TempFolder folder;
  const std::string file = folder / "file";
  spill(file, "");
  expect_told({"data", "mnist", file}, 2, {"[" + file + "] is no folder but a file"});
  expect_told({"data", "mnist", file, "--get"}, 2, {"[" + file + "] is no folder but a file"});
  expect_told({"data", "mnist", file + "/below", "--get"}, 1, {"cannot make the folder"});
  expect_told({"train", "lenet5", "--steps", "1", "--data", file, "--out", folder / "run"}, 1,
              {"[" + file + "] is a file; the folder that holds it is needed"});
  fs::create_directory(folder / "empty");
  expect_told({"report", folder / "empty"}, 1, {"empty] is no folder of a run"});
}

TEST(Usage, WeightsThatDoNotFitNameTheFlagThatTakesThem) {
  const TempFolder folder;
  save_safetensors(folder / "w.safetensors", {{"conv1.weight", zeros({1})}});
  expect_told({"eval", "lenet5", "--weights", folder / "w.safetensors"}, 1,
              {"hint: ", "--no-strict"});
}

TEST(Usage, ARunWithoutStepsLeftSaysSo) {
  const TempFolder folder;
  const auto train = [&](const std::string& steps) {
    return run_strata(
        {"train", "mlp-13002", "--out", folder / "run", "--resume", "--steps", steps});
  };
  ASSERT_EQ(train("3").status, 0);
  for (const std::string steps : {"3", "2"}) {
    const auto r = train(steps);
    EXPECT_TRUE(has(r.err, "nothing is left to train: 3 steps done, " + steps + " asked for"))
        << r.err;
  }
  EXPECT_TRUE(has(train("4").err, "going on from step 3 of 4"));
}

TEST(Usage, SummaryTakesSettings) {
  const auto parameters = [](const Words& more) {
    Words words = {"summary", "gpt-char", "--json"};
    words.insert(words.end(), more.begin(), more.end());
    const auto r = run_strata(words);
    EXPECT_EQ(r.status, 0) << r.err;
    return nlohmann::json::parse(r.out).at("parameters").get<int64_t>();
  };
  const int64_t four = parameters({}), five = parameters({"layers=5"});
  EXPECT_EQ(five - four, four - parameters({"layers=3"}));
  EXPECT_GT(five, four);
}

TEST(Usage, InputsOfAnotherDtypeAreToldOf) {
  const TempFolder folder;
  const std::string name = "bert-sentences", x = folder / "x.safetensors";
  TensorMap inputs = load_safetensors(kFolders + name + ".in.safetensors");
  inputs.at("input_ids") = cast(inputs.at("input_ids"), DType::f64);
  save_safetensors(x, inputs);
  const auto forward = [&](const std::string& input) {
    return run_strata(
        {"forward", kFolders + name, "--input", input, "--output", folder / "y.safetensors"});
  };
  const auto other = forward(x), same = forward(kFolders + name + ".in.safetensors");
  EXPECT_EQ(other.status, 0) << other.err;
  EXPECT_EQ(other.err, "input_ids: f64 is taken as i64\n");
  EXPECT_EQ(same.err, "");
}

TEST(Usage, ListKeepsItsColumns) {
  std::istringstream lines(run_strata({"list"}).out);
  std::string head;
  std::getline(lines, head);
  const size_t year = head.find("year"), what = head.find("what");
  size_t rows = 0;
  for (std::string line; std::getline(lines, line) && !line.empty();) {
    EXPECT_LE(line.size(), 80u) << line;
    EXPECT_EQ(line.substr(what - 1, 1), " ") << line;
    EXPECT_NE(line.substr(what, 1), " ") << line;
    if (line[0] == ' ') continue;  // the rest of a title
    EXPECT_TRUE(std::isdigit(line[year]) && line[year - 1] == ' ' && line[year + 4] == ' ') << line;
    ++rows;
  }
  EXPECT_GT(rows, 20u);
}

TEST(Usage, InfoOfASystemWithDataOfItsOwnSaysSo) {
  EXPECT_TRUE(has(run_strata({"info", "adding-lstm"}).out, "  data        its own, made by rule"));
}

TEST(Usage, OnePictureIsOne) {
  const TempFolder folder;
  const auto r = run_strata({"sample", kFolders + "diffusers-unet", "--count", "1", "--steps", "1",
                             "--output", folder / "x.png"});
  ASSERT_EQ(r.status, 0) << r.err;
  EXPECT_TRUE(has(r.err, "1 picture in ")) << r.err;
}

TEST(Usage, APromptIsShownWithWhatFollowsIt) {
  const TempFolder folder;
  const std::string run = folder / "run";
  spill(folder / "text", generate_text(5000));
  ASSERT_EQ(run_strata({"train", "charrnn", "--steps", "1", "batch=2", "length=8", "hidden=4",
                        "--data", folder / "text", "--out", run})
                .status,
            0);
  expect_told({"generate", "charrnn", "%%", "--weights", run}, 1, {"strata: ["});
  const Words words = {"-c",   "exec \"$@\" 2>&1", "sh", STRATA_PROGRAM, "generate", "charrnn",
                       "the ", "--weights",        run,  "--max-tokens", "2"};
  const std::string both = testing::run_program("/bin/sh", words).out;
  EXPECT_TRUE(both.starts_with("the ")) << both;
  EXPECT_EQ(both.find("\n2 tokens in "), both.rfind('\n', both.size() - 2)) << both;
}

}  // namespace
}  // namespace strata
