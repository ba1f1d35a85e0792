#include "tests/support/program.h"

#include <fstream>
#include <sstream>
#include <string>
#include <vector>

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "strata/base/random.h"
#include "strata/io/safetensors.h"
#include "strata/ops/creation.h"
#include "tests/support/temp_folder.h"

namespace strata {
namespace {

using nlohmann::json;
using testing::run_strata;
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
      {{"gradcheck", "expp"}, 2, "did you mean exp?"},
      {{"bench", "lenett"}, 2, "lenet5"},
      {{"summary"}, 2, "system"},
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

TEST(Program, EveryCommandHasHelpWithAnExampleWithin80Columns) {
  for (const char* command : {"list", "info", "train", "eval", "predict", "summary", "forward",
                              "bench", "gradcheck", "inspect", "data", "doctor"}) {
    const auto r = run_strata({command, "--help"});
    EXPECT_EQ(r.status, 0) << command;
    EXPECT_NE(r.out.find("Example: strata " + std::string(command)), std::string::npos) << command;
    EXPECT_NE(r.out.find("--json"), std::string::npos) << command;
    std::istringstream lines(r.out);
    for (std::string line; std::getline(lines, line);) EXPECT_LE(line.size(), 80u) << line;
  }
}

}  // namespace
}  // namespace strata
