// What folders of other libraries say in rarer words: done as those libraries do it, or refused.
#include <cmath>
#include <filesystem>
#include <string>
#include <vector>

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "models/generative/diffusion.h"
#include "models/language/bert.h"
#include "models/language/gpt2.h"
#include "models/vision/vit.h"
#include "recipes/shared/diffusers_unet.h"
#include "recipes/shared/hub_folder.h"
#include "recipes/shared/hub_photo.h"
#include "recipes/shared/system.h"
#include "strata/base/error.h"
#include "strata/io/file.h"
#include "strata/io/image_file.h"
#include "strata/io/png.h"
#include "strata/io/weights.h"
#include "strata/ops/activations.h"
#include "strata/ops/arithmetic.h"
#include "strata/ops/copy.h"
#include "strata/ops/creation.h"
#include "strata/ops/reduce.h"
#include "strata/tape/grad_mode.h"
#include "tests/support/message.h"
#include "tests/support/program.h"
#include "tests/support/temp_folder.h"

namespace strata::recipes {
namespace {

namespace fs = std::filesystem;
using nlohmann::json;
using testing::message;
using testing::run_strata;
using testing::TempFolder;

const std::string kFolders = std::string(STRATA_SOURCE_DIR) + "/tests/golden/folders/";
const TensorMap kIds = {{"input_ids", tensor<int64_t>({1, 2, 3}, {1, 3})}};

/// A folder of the dump with another config.json; a member that is set to nothing is left out.
std::string changed(const TempFolder& temp, const std::string& name, const json& changes) {
  std::string folder = temp / name;
  while (fs::exists(folder)) folder += "x";
  fs::copy(kFolders + name, folder, fs::copy_options::recursive);
  json config = json::parse(read_text_file(folder + "/config.json"));
  for (const auto& [key, value] : changes.items()) {
    if (value == json::object()) {
      config.erase(key);
    } else {
      config[key] = value;
    }
  }
  write_file(folder + "/config.json", config.dump());
  return folder;
}

std::vector<double> output(const std::string& folder, const TensorMap& in, const char* name) {
  const NoGrad no_grad;
  System system = open_system(folder);
  return run_arrays(system, in).at(name).to_vector<double>();
}

void expect_near(const std::vector<double>& got, const std::vector<double>& wanted,
                 double tolerance) {
  ASSERT_EQ(got.size(), wanted.size());
  for (size_t i = 0; i < got.size(); ++i) EXPECT_NEAR(got[i], wanted[i], tolerance) << i;
}

TEST(Gpt2Options, KnowTheOtherNamesOfSizes) {
  const TempFolder temp;
  const json gone = json::object();
  const std::string folder = changed(temp, "gpt2-shards",
                                     {{"n_embd", gone},
                                      {"n_head", gone},
                                      {"n_layer", gone},
                                      {"n_positions", gone},
                                      {"hidden_size", 48},
                                      {"num_attention_heads", 4},
                                      {"num_hidden_layers", 3},
                                      {"max_position_embeddings", 16}});
  EXPECT_EQ(output(folder, kIds, "logits"), output(kFolders + "gpt2-shards", kIds, "logits"));
  EXPECT_EQ(message<ValueError>([&] {
              open_system(changed(temp, "gpt2-shards", {{"num_attention_heads", 2}}));
            }),
            "[GPT2] num_attention_heads 2 contradicts n_head 4");
}

TEST(Gpt2Options, TakeAHeadOfItsOwnInSpiteOfATiedConfig) {
  const TempFolder temp;
  const std::string folder = changed(temp, "gpt2-bare", {{"tie_word_embeddings", true}});
  TensorMap tensors = load_tensors(folder);
  const auto tied = output(folder, kIds, "logits");
  tensors["lm_head.weight"] = tensors.at("wte.weight") * 2;
  save_safetensors(folder + "/model.safetensors", tensors);
  std::vector<double> twice = tied;
  for (double& v : twice) v *= 2;
  expect_near(output(folder, kIds, "logits"), twice, 1e-4);
  System system = open_system(folder);
  save_hub_folder(temp / "saved", system);
  expect_near(output(temp / "saved", kIds, "logits"), twice, 1e-4);
  tensors["lm_head.weight"] = tensors.at("wte.weight");
  save_safetensors(folder + "/model.safetensors", tensors);
  EXPECT_EQ(output(folder, kIds, "logits"), tied);
  EXPECT_TRUE(open_system(folder).settings.as<models::GPT2Config>().tie_word_embeddings);
}

TEST(BertOptions, TakeADecoderOfItsOwnInSpiteOfATiedConfig) {
  const TempFolder temp;
  const std::string folder = changed(temp, "bert-untied", {{"tie_word_embeddings", true}});
  EXPECT_EQ(output(folder, kIds, "logits"), output(kFolders + "bert-untied", kIds, "logits"));
}

TEST(ForwardInputs, AreAllTakenOrRefused) {
  TensorMap in = kIds;
  in["token_type_ids"] = tensor<int64_t>({4, 5, 4}, {1, 3});
  const auto hidden = output(kFolders + "gpt2-shards", in, "last_hidden_state");
  const std::vector<double> first(hidden.begin() + 48, hidden.begin() + 51);
  expect_near(first, {0.9546, 1.0420, 0.7168}, 2e-4);  // by transformers 5.24
  in["token_type_ids"] = tensor<int64_t>({4}, {1, 1});
  EXPECT_THROW(output(kFolders + "gpt2-shards", in, "logits"), ShapeError);
  for (const std::string name : {"gpt2-shards", "bert-masks", "vit-model", "diffusers-unet"}) {
    System system = open_system(kFolders + name);
    const std::string told = message<ValueError>([&] {
      run_arrays(system, {{"attention_masks", zeros({1, 3})}});
    });
    EXPECT_NE(told.find("takes no input named attention_masks\n  hint: known: "), std::string::npos)
        << told;
  }
}

TEST(BertOptions, KeepNoPaddingAndTheKindOfAProblem) {
  const TempFolder temp;
  const std::string folder =
      changed(temp, "bert-labels",
              {{"pad_token_id", nullptr}, {"problem_type", "multi_label_classification"}});
  System system = open_system(folder);
  save_hub_folder(temp / "saved", system);
  const json saved = json::parse(read_text_file(temp / "saved/config.json"));
  EXPECT_TRUE(saved.at("pad_token_id").is_null());
  EXPECT_EQ(saved.at("problem_type"), "multi_label_classification");
  System plain = open_system(kFolders + "bert-labels");
  save_hub_folder(temp / "plain", plain);
  EXPECT_FALSE(json::parse(read_text_file(temp / "plain/config.json")).contains("problem_type"));
}

TEST(VitOptions, GiveEachLabelAShareOfItsOwnWhereSeveralMayBeTrue) {
  const TempFolder temp;
  write_png(temp / "a.png", randint(0, 256, {40, 40, 3}, DType::u8));
  const auto sum = [&](const std::string& folder) {
    const NoGrad no_grad;
    System system = open_system(folder);
    double all = 0;
    for (const auto& c : system.recipe->predict(system, temp / "a.png").classes) {
      all += c.probability;
    }
    return all;
  };
  EXPECT_NEAR(sum(kFolders + "vit-labels"), 1, 1e-6);
  System system = open_system(kFolders + "vit-labels");
  const auto& c = system.settings.as<models::ViTConfig>();
  const int64_t width = c.image_width ? c.image_width : c.image_size;
  const NoGrad no_grad;
  const Tensor x = hub_photo(read_image(temp / "a.png"), system.folder, c.image_size, width);
  const double wanted = strata::sum(sigmoid((*system.model)(x))).item<double>();
  EXPECT_NEAR(sum(changed(temp, "vit-labels", {{"problem_type", "multi_label_classification"}})),
              wanted, 1e-6);
}

TEST(SavedFolder, IsNotMixedWithAnotherTokenizer) {
  const TempFolder temp;
  const std::string folder = changed(temp, "gpt2-shards", json::object());
  write_file(folder + "/vocab.json", "{}");
  fs::create_directories(temp / "saved");
  write_file(temp / "saved/tokenizer.json", "{}");
  const auto run = run_strata({"convert", folder, "--output", temp / "saved"});
  EXPECT_EQ(run.status, 1) << run.err;
  EXPECT_NE(run.err.find("tokenizer.json is the tokenizer of another model"), std::string::npos)
      << run.err;
  EXPECT_FALSE(fs::exists(temp / "saved/config.json"));
  fs::remove(temp / "saved/tokenizer.json");
  EXPECT_EQ(run_strata({"convert", folder, "--output", temp / "saved"}).status, 0);
}

TEST(SavedFolder, LosesTheShardsOfTheModelBeforeIt) {
  const TempFolder temp;
  const std::string folder = changed(temp, "gpt2-shards", json::object());
  write_file(folder + "/other.safetensors", "not of the index");
  System system = open_system(kFolders + "gpt2-shards");
  {
    const NoGrad no_grad;
    for (Tensor p : system.model->parameters()) fill_(p, 0);
  }
  save_hub_folder(folder, system);
  for (const auto& entry : fs::directory_iterator(folder)) {
    const std::string name = entry.path().filename();
    EXPECT_EQ(name.find("model-0000"), std::string::npos) << name;
    EXPECT_NE(name, "model.safetensors.index.json");
  }
  EXPECT_TRUE(fs::exists(folder + "/other.safetensors"));
  fs::remove(folder + "/other.safetensors");
  for (const double v : output(folder, kIds, "logits")) EXPECT_EQ(v, 0);
}

TEST(ConvertCommand, KeepsTheSettingsInALoneFile) {
  const TempFolder temp;
  const std::string folder = kFolders + "gpt2-shards", file = temp / "lone.safetensors";
  const auto run = run_strata({"convert", folder, "--output", file});
  ASSERT_EQ(run.status, 0) << run.err;
  const NoGrad no_grad;
  for (const char* name : {"gpt2", "gpt2-medium"}) {
    System system = open_system(name, file);
    EXPECT_EQ(run_arrays(system, kIds).at("logits").to_vector<double>(),
              output(folder, kIds, "logits"));
  }
  EXPECT_EQ(message<ValueError>([&] { open_system("vit_b_16", file); }),
            "[" + file + "] holds weights of gpt2, not of vit_b_16");
}

TEST(ConvertCommand, TakesEveryTokenizerAlong) {
  const TempFolder temp;
  const std::string folder = changed(temp, "gpt2-bare", json::object());
  const std::vector<std::string> files = {"encoder.json", "vocab.bpe", "tokenizer.json.gz",
                                          "vocab.json.gz", "merges.txt.gz"};
  for (const std::string& file : files) write_file(folder + "/" + file, file);
  const auto run = run_strata({"convert", folder, "--output", temp / "saved"});
  ASSERT_EQ(run.status, 0) << run.err;
  for (const std::string& file : files) EXPECT_TRUE(fs::exists(temp / ("saved/" + file))) << file;
}

TEST(FillMask, KnowsNoTextForTokensOfANetworkThatIsPadded) {
  const TempFolder temp;
  const std::string folder = changed(temp, "bert-masks", {{"vocab_size", 97}});
  std::string vocabulary = read_text_file(folder + "/vocab.txt");
  vocabulary.resize(vocabulary.find("[unused20]"));
  write_file(folder + "/vocab.txt", vocabulary);
  System system = open_system(folder);
  const NoGrad no_grad;
  const auto fills = system.recipe->fill_mask(system, "Paris is the [MASK] of France.", 97);
  ASSERT_EQ(fills.size(), 97u);
  double all = 0;
  int64_t nameless = 0;
  for (const Fill& f : fills) {
    all += f.probability;
    nameless += f.token.empty();
  }
  EXPECT_NEAR(all, 1, 1e-5);
  EXPECT_EQ(nameless, 5);
}

TEST(HubPhoto, TakesOneNumberForAllChannels) {
  const TempFolder temp;
  const Tensor picture = full({4, 4, 3}, 51, DType::u8);  // a fifth of white
  const std::string file = temp / "preprocessor_config.json";
  write_file(file, R"({"image_mean": 0.1, "image_std": 0.25})");
  for (const float v : hub_photo(picture, temp.path(), 4, 4).to_vector<float>()) {
    EXPECT_NEAR(v, 0.4, 1e-6);
  }
  for (const char* wrong : {R"({"image_mean": [0.1]})", R"({"image_std": "0.5"})",
                            R"({"image_mean": {"red": 1}})", R"({"image_std": []})"}) {
    write_file(file, wrong);
    EXPECT_THROW(hub_photo(picture, temp.path(), 4, 4), FormatError) << wrong;
  }
}

TEST(DiffusersOptions, TakeSquareSizesAlone) {
  Settings settings = find_recipe("ddpm-cifar10").settings();
  adopt_diffusers(settings, {{"sample_size.0", "16"}, {"sample_size.1", "16"}});
  EXPECT_EQ(settings.as<DiffusersUNet>().sample_size, 16);
  EXPECT_EQ(message<ValueError>([&] {
              adopt_diffusers(settings, {{"sample_size.0", "16"}, {"sample_size.1", "8"}});
            }),
            "[UNet2DModel] sample_size [16, 8] is not supported: pictures must be square");
}

TEST(DiffusersOptions, DrawWithTheVarianceTheyName) {
  const models::NoiseSchedule schedule = models::NoiseSchedule::linear(10, 0.1, 0.4);
  const Tensor x = tensor({0.5, -0.25}, {2}), noise = tensor({0.3, 0.1}, {2}),
               fresh = tensor({1.0, -2.0}, {2});
  const auto step = [&](bool large) {
    return models::ancestral_step(schedule, {.t = 4, .before = 3, .large_variance = large}, x,
                                  noise, fresh)
        .to_vector<double>();
  };
  // By DDPMScheduler of diffusers 0.42, which computes in f32.
  expect_near(step(false), {0.8995154669840548, -1.1830253109627114}, 1e-6);
  expect_near(step(true), {0.9509912601073001, -1.2859768972092018}, 1e-6);
  const TempFolder temp;
  const std::string folder = temp / "given", file = folder + "/scheduler/scheduler_config.json";
  fs::copy(kFolders + "diffusers-unet", folder, fs::copy_options::recursive);
  json config = json::parse(read_text_file(file));
  const auto drawn = [&](const char* variance, const char* sampler) {
    config["variance_type"] = variance;
    write_file(file, config.dump());
    System system = open_system(folder);
    return system.recipe->sample(system, {.count = 1, .steps = 3, .sampler = sampler, .seed = 1})
        .to_vector<float>();
  };
  EXPECT_NE(drawn("fixed_large", "ddpm"), drawn("fixed_small", "ddpm"));
  EXPECT_EQ(drawn("fixed_large", "ddim"), drawn("fixed_small", "ddim"));
  EXPECT_THROW(drawn("fixed_large_log", "ddpm"), ValueError);
}

}  // namespace
}  // namespace strata::recipes
