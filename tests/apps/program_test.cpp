#include "tests/support/program.h"

#include <fstream>
#include <numeric>
#include <sstream>
#include <string>
#include <vector>

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "strata/base/random.h"
#include "strata/data/digits.h"
#include "strata/io/png.h"
#include "strata/io/safetensors.h"
#include "strata/ops/creation.h"
#include "strata/ops/views.h"
#include "strata/vision/image.h"
#include "tests/support/temp_folder.h"

namespace strata {
namespace {

using nlohmann::json;
using testing::run_strata;
using testing::slurp;
using testing::TempFolder;

TEST(Program, ListsAndCounts) {
  const auto list = run_strata({"list", "--json"});
  ASSERT_EQ(list.status, 0) << list.err;
  std::map<std::string, int64_t> parameters;
  for (const auto& r : json::parse(list.out)) parameters[r.at("name")] = r.at("parameters");
  EXPECT_EQ(parameters.at("lenet5"), 61706);
  EXPECT_EQ(parameters.at("mlp-13002"), 13002);

  const auto summary = run_strata({"summary", "lenet5", "--json"});
  ASSERT_EQ(summary.status, 0) << summary.err;
  const json s = json::parse(summary.out);
  EXPECT_EQ(s.at("parameters"), 61706);
  EXPECT_EQ(s.at("macs"), 416520);
  EXPECT_EQ(json::parse(run_strata({"summary", "mlp-13002", "--json"}).out).at("parameters"),
            13002);
}

TEST(Program, TrainsEvaluatesAndRunsForward) {
  const TempFolder folder;
  const std::string run = folder / "run";
  const auto train = run_strata({"train", "lenet5", "--steps", "60", "--out", run, "--json"});
  ASSERT_EQ(train.status, 0) << train.err;
  const json t = json::parse(train.out);
  EXPECT_EQ(t.at("steps"), 60);
  EXPECT_EQ(t.at("run_dir"), run);
  EXPECT_GT(t.at("metric").at("value"), 0.5);

  const auto eval = run_strata({"eval", "lenet5", "--weights", run, "--json"});
  ASSERT_EQ(eval.status, 0) << eval.err;
  EXPECT_EQ(json::parse(eval.out).at("metric"), t.at("metric"));

  save_safetensors(folder / "in.safetensors", {{"x", randn({3, 1, 28, 28})}});
  const auto forward =
      run_strata({"forward", "lenet5", "--weights", run + "/model.safetensors", "--input",
                  folder / "in.safetensors", "--output", folder / "out.safetensors", "--json"});
  ASSERT_EQ(forward.status, 0) << forward.err;
  const TensorMap out = load_safetensors(folder / "out.safetensors");
  EXPECT_EQ(describe(out.at("logits")), "f32[3, 10]");
}

struct Mistake {
  std::vector<std::string> arguments;
  int status;
  std::string said;  // must occur on standard error
};

TEST(Program, CtrlCSavesAndResumeEndsInTheSameBits) {
  const TempFolder folder;
  const std::vector<std::string> common = {"train", "lenet5", "--epochs", "2", "--json", "--out"};
  const auto with = [&](std::vector<std::string> more) {
    std::vector<std::string> all = common;
    all.insert(all.end(), more.begin(), more.end());
    return all;
  };
  const auto stopped = testing::run_and_interrupt(with({folder / "broken", "--save-every", "0"}),
                                                  folder / "broken/checkpoint.safetensors");
  ASSERT_EQ(stopped.status, 130) << stopped.err;
  EXPECT_NE(stopped.err.find("saved. Go on with: strata train lenet5 --resume"), std::string::npos)
      << stopped.err;
  const int64_t steps = json::parse(stopped.out).at("steps");
  EXPECT_LT(steps, 188);
  ASSERT_EQ(run_strata(with({folder / "broken", "--resume"})).status, 0);
  ASSERT_EQ(run_strata(with({folder / "whole"})).status, 0);
  EXPECT_EQ(slurp(folder / "broken/model.safetensors"), slurp(folder / "whole/model.safetensors"));
}

TEST(Program, MistakesAreOneClearLineAndTheRightStatus) {
  const TempFolder folder;
  const std::string text = folder / "text";
  std::ofstream(text) << "not a tensor";
  const std::vector<Mistake> mistakes = {
      {{"frobnicate"}, 2, "frobnicate"},
      {{}, 2, "subcommand"},
      {{"train", "lenet6"}, 2, "did you mean lenet5?"},
      {{"train", "lenet5", "learnrate=3"}, 2, "learnrate"},
      {{"train", "lenet5", "lr=fast"}, 2, "'fast' is not a number"},
      {{"train", "lenet5", "--epochs", "-1"}, 2, "--epochs"},
      {{"train", "lenet5", "--epochs", "many"}, 2, "--epochs"},
      {{"train", "lenet5", "--dtype", "f8"}, 2, "--dtype"},
      {{"train", "lenet5", "--device", "gpu"}, 2, "gpu"},
      {{"train", "lenet5", "--threads", "0"}, 2, "--threads"},
      {{"train", "lenet5", "--data", folder / "nowhere", "--out", folder / "r"}, 1, "nowhere"},
      {{"eval", "lenet5", "--weights", folder / "nowhere"}, 1, "nowhere"},
      {{"eval", "lenet5", "--weights", text}, 1, "text"},
      {{"inspect", text}, 1, "text"},
      {{"gradcheck", "tanhh"}, 2, "did you mean tanh?"},
      {{"bench", "lenett"}, 2, "lenet5"},
      {{"summary"}, 2, "system"},
      {{"bench", "--seconds", "0"}, 2, "--seconds: '0' is not a number above 0"},
      {{"sample", "ddpm", "--steps", "inf"}, 2, "'inf' is not a number above 0"},
      {{"sample", "ddpm", "--seed", "18446744073709551616"},
       2,
       "--seed: '18446744073709551616' is not a whole number up to 18446744073709551615"},
      {{"sample", "ddpm", "--seed", "-1"}, 2, "--seed: '-1' is not a whole number"},
      {{"generate", "gpt2", "x", "--seed", "99999999999999999999"}, 2, "--seed: '9999"},
      {{"generate", "gpt2", "x", "--seed", "-1"}, 2, "--seed: '-1' is not a whole number"},
      {{"train", "lenet5", "--seed", "-1"}, 2, "--seed: '-1' is not a whole number"},
      {{"generate", "gpt2", "x", "--max-tokens", "abc"}, 2, "'abc' is not a number above 0"},
      {{"generate", "gpt2", "x", "--top-k", "-1"},
       2,
       "--top-k: '-1' is not a number of at least 0"},
      {{"generate", "gpt2", "x", "--temperature", "nan"}, 2, "--temperature: 'nan' is not"},
      {{"generate", "gpt2", "x", "--top-p", "nan"}, 2, "--top-p: 'nan' is not"},
      {{"generate", "gpt2", "x", "--repetition-penalty", "nan"}, 2, "'nan' is not"},
      {{"train", "lenet5", "--steps", "1", "--out", folder / "r", "--save-every", "nan"},
       2,
       "'nan' is not a number of at least 0"},
      {{"generate", folder.path(), "x"}, 2, "is a folder without config.json or model_index.json"},
      {{"generate", folder.path(), "x"}, 2, "a system's name and --weights FOLDER"},
      {{"summary", folder.path()}, 2, "is a folder without config.json or model_index.json"},
      {{"generate", folder / "nowhere", "x"}, 2, "there is no such folder"},
      {{"summary", folder / "nowhere"}, 2, "there is no such folder"},
      {{"generate", "gpt2", "x"}, 2, "has no weights of its own"},
      {{"generate", "lenet5", "x"}, 2, "generates no text"},
      {{"generate", "charrnn", "x", "--dtype", "bf16"}, 2, "keeps its weights in f32"},
      {{"sample", "lenet5"}, 2, "draws no pictures"},
      {{"fill-mask", "lenet5", "x"}, 2, "fills no masks"},
      {{"embed", "lenet5", "x"}, 2, "embeds no texts"},
      {{"predict", "gpt2", text}, 2, "predicts nothing from files"},
      {{"eval", "gpt2"}, 2, "has no data set that it is measured on"},
  };
  for (const Mistake& m : mistakes) {
    const auto r = run_strata(m.arguments);
    std::string line = "strata";
    for (const auto& a : m.arguments) line += " " + a;
    EXPECT_EQ(r.status, m.status) << line << "\n" << r.err;
    EXPECT_NE(r.err.find(m.said), std::string::npos) << line << "\n" << r.err;
    EXPECT_EQ(r.out, "") << line;
    EXPECT_EQ(r.err.find('\x1b'), std::string::npos) << "coloured in a pipe: " << line;
  }
}

/// The commands that `strata --help` lists.
std::vector<std::string> all_commands() {
  std::istringstream lines(run_strata({"--help"}).out);
  std::vector<std::string> commands;
  bool listed = false;
  for (std::string line; std::getline(lines, line);) {
    if (listed && line.starts_with("  ")) commands.push_back(line.substr(2, line.find(' ', 2) - 2));
    listed = listed || line.starts_with("Subcommands");
  }
  return commands;
}

TEST(Program, EveryCommandHasHelpWithAnExampleWithin80Columns) {
  const auto commands = all_commands();
  ASSERT_GE(commands.size(), 17u);
  for (const std::string& command : commands) {
    const auto r = run_strata({command, "--help"});
    EXPECT_EQ(r.status, 0) << command;
    EXPECT_NE(r.out.find("Example: strata " + command), std::string::npos) << command;
    EXPECT_NE(r.out.find("--json"), std::string::npos) << command;
    std::istringstream lines(r.out);
    for (std::string line; std::getline(lines, line);) EXPECT_LE(line.size(), 80u) << line;
  }
}

TEST(Program, ItsOwnHelpIsWithin80Columns) {
  std::istringstream lines(run_strata({"--help"}).out);
  for (std::string line; std::getline(lines, line);) EXPECT_LE(line.size(), 80u) << line;
}

/// A photo-like picture: a dark digit with soft edges on unevenly lit light paper.
Tensor photo_of(const Tensor& digit) {
  const Tensor large = resize(select(digit, 0, 0), 140, 140);
  Tensor photo = empty({200, 180, 3}, DType::u8);
  auto* out = photo.data<uint8_t>();
  const float* ink = large.data<float>();
  for (int64_t y = 0; y < 200; ++y) {
    for (int64_t x = 0; x < 180; ++x) {
      const bool inside = y >= 30 && y < 170 && x >= 20 && x < 160;
      const float dark = inside ? ink[(y - 30) * 140 + x - 20] : 0;
      const float paper = 235 - 0.2f * static_cast<float>(y) - 0.1f * static_cast<float>(x);
      for (int64_t c = 0; c < 3; ++c) {
        out[(y * 180 + x) * 3 + c] = static_cast<uint8_t>(paper * (1 - 0.85f * dark));
      }
    }
  }
  return photo;
}

TEST(Program, PredictsAPhotoOfADigit) {
  const TempFolder folder;
  const std::string run = folder / "run";
  ASSERT_EQ(run_strata({"train", "lenet5", "--epochs", "2", "--out", run}).status, 0);
  std::vector<int64_t> indices(20);
  std::iota(indices.begin(), indices.end(), 0);
  const Batch digits = generate_digits(20, Split::test).get(indices);
  const auto labels = digits.y.to_vector<int64_t>();
  std::vector<std::string> arguments = {"predict", "lenet5", "--weights", run, "--json"};
  for (int64_t i = 0; i < 20; ++i) {
    const std::string file = folder / (std::to_string(i) + ".png");
    write_png(file, photo_of(slice(digits.x, 0, i, i + 1)));
    arguments.push_back(file);
  }
  const auto r = run_strata(arguments);
  ASSERT_EQ(r.status, 0) << r.err;
  const json predictions = json::parse(r.out).at("predictions");
  int right = 0;
  for (size_t i = 0; i < 20; ++i) {
    right += predictions[i].at("label") == std::to_string(labels[i]);
  }
  EXPECT_GE(right, 17);
}

}  // namespace
}  // namespace strata
