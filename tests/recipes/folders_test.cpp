// Folders that transformers and sentence-transformers wrote (tools/golden/folders_tiny.py), through
// the program as users call it.
#include <filesystem>
#include <sstream>
#include <string>
#include <vector>

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "recipes/shared/hub_photo.h"
#include "strata/base/error.h"
#include "strata/io/file.h"
#include "strata/io/png.h"
#include "strata/io/weights.h"
#include "strata/ops/copy.h"
#include "tests/support/difference.h"
#include "tests/support/program.h"
#include "tests/support/temp_folder.h"

namespace strata {
namespace {

namespace fs = std::filesystem;
using nlohmann::json;
using testing::largest_difference;
using testing::run_strata;
using testing::TempFolder;

const std::string kFolders = std::string(STRATA_SOURCE_DIR) + "/tests/golden/folders/";
constexpr double kTolerance = 1e-4;

/// `strata forward` on a folder gives what transformers gave.
void expect_answers(const std::string& folder, const std::string& name) {
  const TempFolder temp;
  const auto run = run_strata({"forward", folder, "--input", kFolders + name + ".in.safetensors",
                               "--output", temp / "out.safetensors"});
  ASSERT_EQ(run.status, 0) << run.err;
  const TensorMap got = load_safetensors(temp / "out.safetensors");
  for (const auto& [key, wanted] : load_safetensors(kFolders + name + ".out.safetensors")) {
    ASSERT_TRUE(got.contains(key)) << key;
    EXPECT_LE(largest_difference(got.at(key), wanted), kTolerance) << key;
  }
}

/// What a tensor is called once Strata has written it.
std::string saved_name(std::string name, const std::string& folder) {
  const auto modern = [&](const std::string& old, const std::string& now) {
    if (name.ends_with(old)) name.replace(name.size() - old.size(), old.size(), now);
  };
  modern("LayerNorm.gamma", "LayerNorm.weight");
  modern("LayerNorm.beta", "LayerNorm.bias");
  return folder == "gpt2-bare" ? "transformer." + name : name;
}

void expect_saved(const std::string& name, const std::string& saved) {
  TensorMap wanted;
  for (auto& [key, value] : load_tensors(kFolders + name)) wanted[saved_name(key, name)] = value;
  // Of two biases that transformers writes, the decoder's own counts where it has one, else the
  // other.
  if (name == "bert-untied") wanted.erase("cls.predictions.bias");
  if (name == "bert-masks") wanted.erase("cls.predictions.decoder.bias");
  const TensorMap got = load_tensors(saved);
  for (const auto& [key, value] : wanted) EXPECT_TRUE(got.contains(key)) << key;
  for (const auto& [key, value] : got) {
    ASSERT_TRUE(wanted.contains(key)) << key;
    EXPECT_EQ(value.shape(), wanted.at(key).shape()) << key;
    EXPECT_EQ(value.to_vector<double>(), wanted.at(key).to_vector<double>()) << key;
  }
}

class Folders : public ::testing::TestWithParam<const char*> {};

TEST_P(Folders, AnswerAsTransformersAndAreSavedAsTheyWere) {
  const std::string name = GetParam();
  expect_answers(kFolders + name, name);
  const TempFolder temp;
  const auto run = run_strata({"convert", kFolders + name, "--output", temp / "saved"});
  ASSERT_EQ(run.status, 0) << run.err;
  expect_saved(name, temp / "saved");
  expect_answers(temp / "saved", name);
}

INSTANTIATE_TEST_SUITE_P(Tiny, Folders,
                         ::testing::Values("gpt2-shards", "gpt2-bare", "bert-masks",
                                           "bert-sentences", "bert-labels", "bert-untied",
                                           "vit-labels", "vit-model"),
                         [](const auto& info) {
                           std::string name = info.param;
                           std::erase(name, '-');
                           return name;
                         });

/// `strata embed` against rows and cosine similarities of the dump.
void expect_vectors(const std::string& folder, const std::string& rows) {
  const TensorMap wanted = load_safetensors(kFolders + "bert-sentences.vectors.safetensors");
  const auto run = run_strata({"embed", folder, "The cat is unhappy.", "Green tea",
                               "Paris, the capital of France is a dog of the cat.", "--json"});
  ASSERT_EQ(run.status, 0) << run.err;
  const json got = json::parse(run.out);
  std::vector<double> values, cosines;
  for (const json& row : got.at("embeddings")) values.insert(values.end(), row.begin(), row.end());
  for (const json& row : got.at("similarities")) {
    cosines.insert(cosines.end(), row.begin(), row.end());
  }
  const std::string mode = rows.substr(0, rows.find('.'));
  EXPECT_LE(largest_difference(values, wanted.at(rows).to_vector<double>()), kTolerance) << rows;
  EXPECT_LE(largest_difference(cosines, wanted.at(mode + ".cosine").to_vector<double>()),
            kTolerance);
}

TEST(ConvertFolder, KeepsLabelsAndTheModulesOfSentences) {
  const TempFolder temp;
  for (const std::string name : {"bert-labels", "vit-labels"}) {
    ASSERT_EQ(run_strata({"convert", kFolders + name, "--output", temp / name}).status, 0);
    const json given = json::parse(read_text_file(kFolders + name + "/config.json"));
    const json saved = json::parse(read_text_file(temp / (name + "/config.json")));
    EXPECT_EQ(saved.at("id2label"), given.at("id2label"));
    EXPECT_EQ(saved.at("label2id"), given.at("label2id"));
  }
  const std::string name = "bert-sentences";
  ASSERT_EQ(run_strata({"convert", kFolders + name, "--output", temp / name}).status, 0);
  for (const char* file : {"/modules.json", "/1_Pooling/config.json", "/vocab.txt"}) {
    EXPECT_EQ(read_text_file(temp / (name + file)), read_text_file(kFolders + name + file));
  }
  expect_vectors(temp / name, "mean.normal");
}

/// A copy of a folder whose weights lack one tensor, have one too many and one of another shape.
std::string damaged(const TempFolder& temp) {
  const std::string folder = temp / "damaged";
  fs::copy(kFolders + "bert-labels", folder, fs::copy_options::recursive);
  TensorMap tensors = load_tensors(folder);
  tensors["classifier.biass"] = tensors.at("classifier.bias");
  tensors.erase("classifier.bias");
  tensors["bert.pooler.dense.bias"] = tensor({1.0f}, {1});
  save_safetensors(folder + "/model.safetensors", tensors);
  return folder;
}

const std::vector<std::string> kFaults = {
    "missing: classifier.bias (near: classifier.biass)",
    "unexpected: classifier.biass (near: classifier.bias)",
    "of another shape: bert.pooler.dense.bias: file f32[1], module f32[48]"};

TEST(NoStrict, TakesWhatFitsAndSaysWhatDoesNot) {
  const TempFolder temp;
  const std::string folder = damaged(temp);
  const std::vector<std::string> forward = {"forward",  folder,
                                            "--input",  kFolders + "bert-labels.in.safetensors",
                                            "--output", temp / "out.safetensors"};
  const auto strict = run_strata(forward);
  EXPECT_EQ(strict.status, 1);
  EXPECT_NE(strict.err.find("missing: classifier.bias (near: classifier.biass)"), std::string::npos)
      << strict.err;
  std::vector<std::string> arguments = forward;
  arguments.push_back("--no-strict");
  const auto lenient = run_strata(arguments);
  EXPECT_EQ(lenient.status, 0) << lenient.err;
  for (const std::string& fault : kFaults) {
    EXPECT_NE(lenient.err.find("left out: " + fault), std::string::npos) << lenient.err;
  }
  const auto saved = run_strata({"convert", folder, "--no-strict", "--output", temp / "saved"});
  ASSERT_EQ(saved.status, 0) << saved.err;
  const TensorMap given = load_tensors(kFolders + "bert-labels"),
                  got = load_tensors(temp / "saved");
  EXPECT_EQ(got.size(), given.size());
  EXPECT_EQ(got.at("classifier.weight").to_vector<float>(),
            given.at("classifier.weight").to_vector<float>());
  for (float v : got.at("bert.pooler.dense.bias").to_vector<float>()) {
    EXPECT_EQ(v, 0) << "as it is first made";
  }
  const auto other =
      run_strata({"forward", "lenet5", "--no-strict", "--weights", folder + "/model.safetensors",
                  "--input", forward[3], "--output", temp / "o.safetensors"});
  EXPECT_EQ(other.status, 1);
  EXPECT_NE(other.err.find("nothing of the weights fits"), std::string::npos) << other.err;
}

TEST(InspectFolder, HoldsTheWeightsAgainstTheConfig) {
  const auto sound = run_strata({"inspect", kFolders + "bert-masks", "--json"});
  EXPECT_EQ(sound.status, 0) << sound.err;
  const json report = json::parse(sound.out);
  EXPECT_EQ(report.at("format"), "PyTorch");
  EXPECT_EQ(report.at("mismatches"), json::array());
  EXPECT_EQ(report.at("tokenizer").at("tokens"), 97);
  EXPECT_EQ(report.at("tokenizer").at("special").at("[MASK]"), 4);
  for (const char* name : {"gpt2-shards", "gpt2-bare", "bert-sentences", "vit-model"}) {
    const auto run = run_strata({"inspect", kFolders + name});
    EXPECT_EQ(run.status, 0) << name << run.err;
    EXPECT_NE(run.out.find("the weights fit config.json"), std::string::npos) << run.out;
  }
  const TempFolder temp;
  const auto broken = run_strata({"inspect", damaged(temp), "--json"});
  EXPECT_EQ(broken.status, 1);
  EXPECT_EQ(json::parse(broken.out).at("mismatches"), json(kFaults));
}

TEST(HubPhoto, IsPreparedAsByTransformers) {
  const SafeTensors dump(kFolders + "photos.safetensors");
  ASSERT_GE(dump.metadata().size(), 8u);
  for (const auto& [name, config] : dump.metadata()) {
    const TempFolder temp;
    write_file(temp / "preprocessor_config.json", config);
    const Tensor wanted = dump.load(name);
    const Tensor got = recipes::hub_photo(dump.load("picture"), temp.path(), 24, 32);
    EXPECT_LE(largest_difference(got, wanted), kTolerance) << name;
  }
  const TempFolder temp;
  for (const char* bad : {R"({"size": 0})", R"({"resample": 9})", R"({"do_resize": 3})",
                          R"({"image_mean": ["x"]})"}) {
    write_file(temp / "preprocessor_config.json", bad);
    EXPECT_THROW(recipes::hub_photo(dump.load("picture"), temp.path(), 8, 8), FormatError) << bad;
  }
}

TEST(DiffusersFolder, OpensAsItIs) {
  const std::string name = "diffusers-unet", folder = kFolders + name;
  expect_answers(folder, name);
  const TempFolder temp;
  const std::string flat = temp / "flat";  // as google/ddpm-cifar10-32 is published
  fs::copy(folder + "/unet", flat);
  fs::copy(folder + "/scheduler/scheduler_config.json", flat);
  fs::copy(folder + "/model_index.json", flat);
  expect_answers(flat, name);
  std::string first;
  for (const std::string& from : {folder, flat}) {
    const auto run = run_strata({"sample", from, "--count", "4", "--steps", "3", "--seed", "1",
                                 "--output", temp / "grid.png"});
    ASSERT_EQ(run.status, 0) << run.err;
    const std::string picture = testing::slurp(temp / "grid.png");
    EXPECT_EQ(describe(read_png(temp / "grid.png")), "u8[22, 22, 3]");
    EXPECT_TRUE(first.empty() || first == picture);
    first = picture;
  }
  EXPECT_EQ(run_strata({"inspect", folder}).status, 0);
  write_file(flat + "/config.json", R"({"_class_name": "UNet2DModel", "act_fn": "mish"})");
  const auto refused = run_strata({"sample", flat, "--output", temp / "grid.png"});
  EXPECT_NE(refused.status, 0);
  EXPECT_NE(refused.err.find("act_fn mish is not supported"), std::string::npos) << refused.err;
}

TEST(DiffusersFolder, IsWrittenAsThatLibraryReadsIt) {
  const std::string name = "diffusers-unet", folder = kFolders + name;
  const TempFolder temp;
  const std::string written = temp / "written";
  const auto r = run_strata({"convert", folder, "--output", written});
  ASSERT_EQ(r.status, 0) << r.err;
  expect_answers(written, name);
  EXPECT_EQ(run_strata({"inspect", written}).status, 0);
  const auto values = [](const std::string& file) {
    auto object = nlohmann::json::parse(testing::slurp(file));
    object.erase("_diffusers_version");
    return object;
  };
  for (const std::string file :
       {"model_index.json", "unet/config.json", "scheduler/scheduler_config.json"}) {
    const auto before = values(folder + "/" + file), now = values(written + "/" + file);
    for (const auto& [key, value] : now.items()) {
      EXPECT_EQ(value, before.value(key, nlohmann::json())) << file << " " << key;
    }
    EXPECT_GE(now.size(), 3u) << file;
  }
  const std::string scheduler = "scheduler/scheduler_config.json";
  auto before = values(folder + "/" + scheduler);
  before.erase("trained_betas");  // null
  EXPECT_EQ(values(written + "/" + scheduler), before);
  const SafeTensors a(folder + "/unet/diffusion_pytorch_model.safetensors"),
      b(written + "/unet/diffusion_pytorch_model.safetensors");
  ASSERT_EQ(a.tensors().size(), b.tensors().size());
  for (const SafeTensorInfo& t : a.tensors()) {
    EXPECT_EQ(a.load(t.name).to_vector<float>(), b.load(t.name).to_vector<float>()) << t.name;
  }
}

TEST(DiffusersFolder, KeepsTheSchedulersOptionsOrRefusesThem) {
  const TempFolder temp;
  const std::string folder = temp / "given", file = folder + "/scheduler/scheduler_config.json";
  fs::copy(kFolders + "diffusers-unet", folder, fs::copy_options::recursive);
  const json sound = json::parse(read_text_file(file));
  const auto convert = [&](const json& changes) {
    json now = sound;
    now.update(changes);
    write_file(file, now.dump());
    return run_strata({"convert", folder, "--output", temp / "written"});
  };
  const json kept = {{"variance_type", "fixed_large"}, {"steps_offset", 3},
                     {"timestep_spacing", "trailing"}, {"beta_end", 0.03},
                     {"new_in_2030", "a \"word\""},    {"set_alpha_to_one", false}};
  for (const std::string name : {"DDPM", "DDIM"}) {
    json changes = kept;
    changes["_class_name"] = name + "Scheduler";
    const auto r = convert(changes);
    ASSERT_EQ(r.status, 0) << r.err;
    const json now = json::parse(read_text_file(temp / "written/scheduler/scheduler_config.json"));
    for (const auto& [key, value] : changes.items()) EXPECT_EQ(now.at(key), value) << key;
    const json index = json::parse(read_text_file(temp / "written/model_index.json"));
    EXPECT_EQ(index.at("_class_name"), name + "Pipeline");
    EXPECT_EQ(index.at("scheduler").at(1), name + "Scheduler");
  }
  const json others = {
      {"thresholding", true},           {"clip_sample_range", 2.0},
      {"variance_type", "learned"},     {"_class_name", "PNDMScheduler"},
      {"rescale_betas_zero_snr", true}, {"trained_betas", json::array({0.1, 0.2})}};
  for (const auto& [key, value] : others.items()) {
    json change;
    change[key] = value;
    const auto refused = convert(change);
    EXPECT_NE(refused.status, 0) << key;
    EXPECT_NE(refused.err.find("not supported"), std::string::npos) << refused.err;
  }
}

/// The keys of a JSON object, in their order.
std::string keys_of(const std::string& text) {
  std::string keys;
  const auto object = nlohmann::ordered_json::parse(text);
  for (auto it = object.begin(); it != object.end(); ++it) keys += it.key() + " ";
  return keys;
}

TEST(FolderCommands, SayInJsonWhatTheyDid) {
  const TempFolder temp;
  const std::string bert = kFolders + "bert-masks", unet = kFolders + "diffusers-unet";
  const auto saved = run_strata({"convert", bert, "--output", temp / "saved", "--json"});
  ASSERT_EQ(saved.status, 0) << saved.err;
  EXPECT_EQ(keys_of(saved.out), "system output parameters ");
  const json convert = json::parse(saved.out);
  EXPECT_EQ(convert.at("system"), bert);
  EXPECT_EQ(convert.at("output"), temp / "saved");
  const json summary = json::parse(run_strata({"summary", temp / "saved", "--json"}).out);
  EXPECT_EQ(convert.at("parameters"), summary.at("parameters"));

  const auto filled = run_strata({"fill-mask", bert, "A [MASK] cat.", "--count", "2", "--json"});
  ASSERT_EQ(filled.status, 0) << filled.err;
  EXPECT_EQ(keys_of(filled.out), "system text fills ");
  const json fill = json::parse(filled.out);
  EXPECT_EQ(fill.at("text"), "A [MASK] cat.");
  ASSERT_EQ(fill.at("fills").size(), 2u);
  EXPECT_EQ(keys_of(nlohmann::ordered_json::parse(filled.out).at("fills")[0].dump()),
            "token probability sequence ");

  const auto drawn = run_strata({"sample", unet, "--count", "3", "--steps", "2", "--seed", "5",
                                 "--output", temp / "grid.png", "--json"});
  ASSERT_EQ(drawn.status, 0) << drawn.err;
  EXPECT_EQ(keys_of(drawn.out), "system output count steps seed seconds ");
  const json sample = json::parse(drawn.out);
  EXPECT_EQ(sample.at("output"), temp / "grid.png");
  EXPECT_EQ(sample.at("count"), 3);
  EXPECT_EQ(sample.at("steps"), 2);
  EXPECT_EQ(sample.at("seed"), 5);
  EXPECT_GT(sample.at("seconds"), 0);

  const auto rows = run_strata({"embed", kFolders + "bert-sentences", "Green tea", "--json"});
  ASSERT_EQ(rows.status, 0) << rows.err;
  EXPECT_EQ(keys_of(rows.out), "system texts width embeddings similarities ");
  EXPECT_EQ(json::parse(rows.out).at("texts"), json::array({"Green tea"}));
}

TEST(FillMask, GuessesAsTransformers) {
  const TensorMap wanted = load_safetensors(kFolders + "bert-masks.fills.safetensors");
  const auto run = run_strata({"fill-mask", kFolders + "bert-masks",
                               "Paris is the [MASK] of France.", "--count", "5", "--json"});
  ASSERT_EQ(run.status, 0) << run.err;
  std::vector<std::string> vocabulary;
  std::istringstream lines(read_text_file(kFolders + "bert-masks/vocab.txt"));
  for (std::string line; std::getline(lines, line);) vocabulary.push_back(line);
  const json fills = json::parse(run.out).at("fills");
  ASSERT_EQ(fills.size(), 5u);
  const auto ids = wanted.at("fills").to_vector<int64_t>();
  const auto shares = wanted.at("probabilities").to_vector<double>();
  for (size_t i = 0; i < 5; ++i) {
    EXPECT_EQ(fills[i].at("token"), vocabulary.at(static_cast<size_t>(ids[i])));
    EXPECT_NEAR(fills[i].at("probability"), shares[i], kTolerance);
  }
  const auto two = run_strata({"fill-mask", kFolders + "bert-masks", "[MASK] and [MASK]"});
  EXPECT_EQ(two.status, 2);
  EXPECT_NE(two.err.find("takes a text with one [MASK]"), std::string::npos) << two.err;
}

TEST(Embed, PoolsAndScalesAsTheFolderSays) {
  expect_vectors(kFolders + "bert-sentences", "mean.normal");
  const TempFolder temp;
  const std::string folder = temp / "other";
  fs::copy(kFolders + "bert-sentences", folder, fs::copy_options::recursive);
  write_file(folder + "/1_Pooling/config.json",
             R"({"pooling_mode_cls_token": true, "pooling_mode_mean_tokens": false})");
  expect_vectors(folder, "cls.normal");
  write_file(folder + "/modules.json",
             R"([{"path": "", "type": "sentence_transformers.models.Transformer"},
                 {"path": "1_Pooling", "type": "sentence_transformers.models.Pooling"}])");
  expect_vectors(folder, "cls");
  fs::remove(folder + "/modules.json");
  expect_vectors(folder, "mean");
  write_file(folder + "/sentence_bert_config.json", R"({"max_seq_length": 18446744073709551615})");
  const auto wrong = run_strata({"embed", folder, "Green tea"});
  EXPECT_EQ(wrong.status, 1);
  EXPECT_NE(wrong.err.find("sentence_bert_config.json] \"max_seq_length\" cannot be"),
            std::string::npos)
      << wrong.err;
}

}  // namespace
}  // namespace strata
