#include "models/language/gpt2.h"

#include <filesystem>
#include <string>

#include <gtest/gtest.h>

#include "recipes/shared/gpt2_text.h"
#include "recipes/shared/hub_folder.h"
#include "recipes/shared/system.h"
#include "strata/base/error.h"
#include "strata/io/file.h"
#include "strata/nn/state_dict.h"
#include "strata/tape/grad_mode.h"
#include "strata/text/byte_bpe.h"
#include "strata/text/utf8.h"
#include "tests/support/difference.h"
#include "tests/support/rule_weights.h"
#include "tests/support/temp_folder.h"

namespace strata::recipes {
namespace {

using testing::rule_integers;
using testing::spill;
using testing::TempFolder;

const std::string kTokenizer = std::string(STRATA_SOURCE_DIR) + "/tests/golden/text/tokenizer.json";

/// A small folder as the hub's, with weights by rule and a tokenizer.
void write_folder(const std::string& folder) {
  std::filesystem::create_directories(folder);
  spill(folder + "/config.json",
        R"({"model_type": "gpt2", "vocab_size": 601, "n_positions": 16, "n_embd": 24, "n_layer": 2,
            "n_head": 3, "n_inner": null, "eos_token_id": 0, "layer_norm_epsilon": 1e-3})");
  std::filesystem::copy_file(kTokenizer, folder + "/tokenizer.json");
  models::GPT2 model(
      {.vocab_size = 601, .n_positions = 16, .n_embd = 24, .n_layer = 2, .n_head = 3});
  testing::set_rule_weights(model);
  TensorMap tensors;
  for (auto& [name, value] : nn::state_dict(model)) {
    tensors[name.substr(std::string("transformer.").size())] = value;
  }
  tensors["h.0.attn.bias"] = tensor<float>({1.0f}, {1, 1, 1, 1});
  tensors["h.0.attn.masked_bias"] = tensor<float>({-1e4f}, {});
  save_safetensors(folder + "/model.safetensors", tensors);
}

std::string written(System& system, const GenerateRequest& request) {
  const NoGrad no_grad;
  std::string text;
  system.recipe->generate(system, request, [&](std::string_view piece) {
    EXPECT_TRUE(is_utf8(piece));
    text += piece;
    return true;
  });
  return text;
}

TEST(Gpt2Folder, KeepsMatricesInBf16WhereAskedTo) {
  TempFolder folder;
  write_folder(folder / "given");
  System wide = open_system(folder / "given"), narrow = open_system(folder / "given");
  narrow.recipe->narrow(narrow);
  const TensorMap in = {{"input_ids", rule_integers("ids", {2, 9}, 601)}};
  const NoGrad no_grad;
  const double difference = testing::relative_difference(run_arrays(narrow, in).at("logits"),
                                                         run_arrays(wide, in).at("logits"));
  EXPECT_GT(difference, 0);
  EXPECT_LT(difference, 0.02);
}

TEST(Gpt2Folder, OpensSavesAndOpensAgain) {
  TempFolder folder;
  write_folder(folder / "given");
  System given = open_system(folder / "given");
  const TensorMap in = {{"input_ids", rule_integers("ids", {2, 9}, 601)}};
  const NoGrad no_grad;
  const auto logits = run_arrays(given, in).at("logits").to_vector<float>();
  save_hub_folder(folder / "saved", given);
  System saved = open_system(folder / "saved");
  EXPECT_EQ(run_arrays(saved, in).at("logits").to_vector<float>(), logits);
  EXPECT_EQ(saved.settings.as<models::GPT2Config>().layer_norm_epsilon, 1e-3);
  EXPECT_EQ(saved.settings.as<models::GPT2Config>().eos_token_id, 0);
  const HubConfig config = read_hub_config(folder / "saved");
  EXPECT_EQ(config.at("architectures.0"), "GPT2LMHeadModel");
  EXPECT_FALSE(config.contains("n_inner"));
  EXPECT_FALSE(config.contains("bos_token_id")) << "it lies outside of the vocabulary";
  EXPECT_THROW(run_arrays(given, {}), ValueError);
}

TEST(Gpt2Folder, WritesTheSameTextForTheSameSeedBeyondTheContext) {
  TempFolder folder;
  write_folder(folder.path() + "/m");
  System system = open_system(folder / "m");
  const GenerateRequest request = {.prompt = "Hello", .max_tokens = 40, .seed = 3};
  const std::string text = written(system, request);
  EXPECT_FALSE(text.empty());
  EXPECT_EQ(written(system, request), text);
  GenerateRequest other = request;
  other.seed = 4;
  EXPECT_NE(written(system, other), text);
  GenerateRequest greedy = request;
  greedy.temperature = 0;
  other.temperature = 0;
  EXPECT_EQ(written(system, greedy), written(system, other));
  // The folder's own defaults count where nothing is asked for.
  spill(folder.path() + "/m/generation_config.json", R"({"top_k": 1, "eos_token_id": [0]})");
  EXPECT_EQ(written(system, request), written(system, greedy));
  other.top_k = 1;
  other.temperature = 1;
  EXPECT_EQ(written(system, other), written(system, greedy));
}

TEST(Gpt2Folder, StopsAtTheEndOfText) {
  TempFolder folder;
  write_folder(folder / "m");
  System system = open_system(folder / "m");
  const NoGrad no_grad;
  const ByteBpe tokenizer = ByteBpe::load(folder / "m");
  auto& model = static_cast<models::GPT2&>(*system.model);
  const auto all = [](std::string_view) { return true; };
  const std::vector<int64_t> prompt = tokenizer.encode("Hello");
  const GenerateRequest request = {.prompt = "", .max_tokens = 30, .temperature = 0};
  std::vector<int64_t> every;
  for (int64_t id = 0; id < 601; ++id) every.push_back(id);
  const GenerateResult result =
      write_text({tokenizer, gpt2_next(model), every}, prompt, request, all);
  EXPECT_TRUE(result.stopped);
  EXPECT_EQ(result.new_tokens, 0);
  EXPECT_GT(result.prompt_tokens, 0);
  int pieces = 0;
  const auto once =
      write_text({tokenizer, gpt2_next(model)}, prompt, request, [&](std::string_view) {
        ++pieces;
        return false;
      });
  EXPECT_EQ(pieces, 1) << "the sink said stop";
  EXPECT_FALSE(once.stopped);
}

TEST(Gpt2Folder, SaysWhatIsWrong) {
  TempFolder folder;
  write_folder(folder / "m");
  System system = open_system(folder / "m");
  EXPECT_THROW(written(system, {.prompt = std::string(400, '!')}), ValueError)
      << "context too long";
  EXPECT_THROW(written(system, {.prompt = "a", .top_p = 7}), ValueError);
  for (const char* wrong : {R"({"top_k": 1e30})", R"({"temperature": "hot"})",
                            R"({"eos_token_id": 18446744073709551615})",
                            R"({"eos_token_id": [18446744073709551615]})"}) {
    spill(folder / "m/generation_config.json", wrong);
    EXPECT_THROW(written(system, {.prompt = "a", .max_tokens = 1}), FormatError) << wrong;
  }
  std::filesystem::remove(folder / "m/generation_config.json");
  std::filesystem::remove(folder / "m/tokenizer.json");
  EXPECT_THROW(written(system, {.prompt = "a"}), IoError);
  spill(folder / "m/config.json",
        R"({"model_type": "gpt2", "vocab_size": 601, "n_embd": 24, "n_head": 5})");
  EXPECT_THROW(open_system(folder / "m"), ValueError);
}

TEST(GptChar, WritesAndRefusesWhatItDoesNotKnow) {
  System system = sketch_system("gpt-char");
  const std::string text = written(system, {.prompt = "ROMEO:", .max_tokens = 100, .seed = 1});
  EXPECT_EQ(text.size(), 100u);
  EXPECT_THROW(written(system, {.prompt = "\xc3\xa9"}), ValueError);
  EXPECT_THROW(written(system, {.prompt = ""}), ValueError);
}

}  // namespace
}  // namespace strata::recipes
