#include <filesystem>

#include <gtest/gtest.h>

#include "models/language/gpt2.h"
#include "strata/io/safetensors.h"
#include "strata/nn/state_dict.h"
#include "tests/support/program.h"
#include "tests/support/rule_weights.h"
#include "tests/support/temp_folder.h"

namespace strata {
namespace {

const std::string kExample = std::string(STRATA_EXAMPLES) + "/generate_from_folder";

// The other examples need no arguments: ctest runs them by themselves.
TEST(Examples, GenerateFromFolderGoesOnWithAText) {
  const testing::TempFolder folder;
  testing::spill(folder / "config.json",
                 R"({"model_type": "gpt2", "vocab_size": 601, "n_positions": 64, "n_embd": 24,
                     "n_layer": 2, "n_head": 3})");
  std::filesystem::copy_file(std::string(STRATA_SOURCE_DIR) + "/tests/golden/text/tokenizer.json",
                             folder / "tokenizer.json");
  models::GPT2 model(
      {.vocab_size = 601, .n_positions = 64, .n_embd = 24, .n_layer = 2, .n_head = 3});
  testing::set_rule_weights(model);
  save_safetensors(folder / "model.safetensors", nn::state_dict(model));
  const auto r = testing::run_program(kExample, {folder.path(), "Once upon"});
  EXPECT_EQ(r.status, 0) << r.err;
  EXPECT_TRUE(r.out.starts_with("Once upon")) << r.out;
  EXPECT_NE(r.out.find("20 new tokens"), std::string::npos) << r.out;
}

TEST(Examples, GenerateFromFolderSaysWhatIsWrong) {
  EXPECT_EQ(testing::run_program(kExample, {}).status, 2);
  const auto r = testing::run_program(kExample, {"/nowhere", "Once"});
  EXPECT_EQ(r.status, 1);
  EXPECT_NE(r.err.find("/nowhere"), std::string::npos) << r.err;
}

}  // namespace
}  // namespace strata
