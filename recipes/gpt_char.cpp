#include <algorithm>

#include "models/language/gpt2.h"
#include "recipes/recipe.h"
#include "recipes/shared/gpt2_text.h"
#include "recipes/shared/plain_text.h"
#include "strata/optim/adamw.h"
#include "strata/text/char_tokenizer.h"
#include "strata/train/text_training.h"

namespace strata::recipes {
namespace {

constexpr int64_t kWarmUp = 100;

struct GptCharSettings {
  double lr = 1e-3;
  double weight_decay = 0.1;
  int64_t batch = 12;
  int64_t length = 64;
  int64_t width = 128;
  int64_t layers = 4;
  int64_t heads = 4;
  double dropout = 0;
  std::string characters = kPlaysCharacters;

  void fields(FieldVisitor& v) {
    v("lr", lr, "highest learning rate; it falls to a tenth along a cosine");
    v("weight_decay", weight_decay, "of matrices and tables");
    v("batch", batch, "windows a step");
    v("length", length, "context, in characters");
    v("width", width, "of the hidden states");
    v("layers", layers, "blocks");
    v("heads", heads, "of attention in a block");
    v("dropout", dropout, "of embeddings, attention weights and residual paths");
    v("characters", characters, "that occur; taken from the text");
  }
};

CharVocabulary vocabulary_of(const Settings& settings) {
  return vocabulary_for(settings.as<GptCharSettings>().characters);
}

models::GPT2Config config_of(const Settings& settings) {
  const auto& s = settings.as<GptCharSettings>();
  return {.vocab_size = vocabulary_of(settings).size(),
          .n_positions = s.length,
          .n_embd = s.width,
          .n_layer = s.layers,
          .n_head = s.heads,
          .activation_function = "gelu",
          .resid_pdrop = s.dropout,
          .embd_pdrop = s.dropout,
          .attn_pdrop = s.dropout,
          .bias = false};
}

/// A straight rise, then half a cosine down to a tenth.
Schedule warm_cosine(double lr, int64_t total) {
  const int64_t rise = std::min(kWarmUp, std::max<int64_t>(1, total / 2));
  return schedules::sequential(
      {schedules::linear(
           {.lr = lr, .steps = rise, .start_factor = 1.0 / static_cast<double>(rise)}),
       schedules::cosine(
           {.lr = lr, .steps = std::max<int64_t>(1, total - rise), .floor = lr / 10})},
      {rise});
}

std::unique_ptr<Optimizer> optimizer_of(nn::Module& model, const GptCharSettings& s) {
  ParamGroup matrices, norms;
  norms.weight_decay = 0;
  for (const Tensor& p : model.parameters()) (p.rank() > 1 ? matrices : norms).params.push_back(p);
  return std::make_unique<AdamW>(
      std::vector{matrices, norms},
      AdamWConfig{.lr = s.lr, .beta1 = 0.9, .beta2 = 0.99, .weight_decay = s.weight_decay});
}

std::unique_ptr<train::Training> train_gpt_char(nn::Module& model, const Settings& settings,
                                                const Source& source) {
  const auto& s = settings.as<GptCharSettings>();
  const CharText text = split_text(text_of(source), vocabulary_of(settings));
  return std::make_unique<train::TextTraining>(
      model, optimizer_of(model, s), text.train, text.test,
      train::TextTrainingConfig{
          .windows = {.length = s.length, .batch = s.batch, .seed = source.seed},
          .holdout = source.holdout,
          .clip_norm = 1,
          .schedule = [lr = s.lr](int64_t total) { return warm_cosine(lr, total); }});
}

GenerateResult generate(System& system, const GenerateRequest& request, const TextSink& sink) {
  const CharTokenizer tokenizer(vocabulary_of(system.settings));
  auto& model = static_cast<models::GPT2&>(*system.model);
  return write_text({tokenizer, gpt2_next(model)}, tokenizer.encode(request.prompt), request, sink);
}

}  // namespace

std::vector<Recipe> gpt_char() {
  return {Recipe{
      .name = "gpt-char",
      .title = "Character GPT",
      .family = "language",
      .year = 2022,
      .paper = "Karpathy, nanoGPT; Radford et al., Language models are unsupervised multitask "
               "learners",
      .summary = "A small GPT-2 that learns to write from a text, character by character: 4 blocks "
                 "of width 128, without biases.",
      .metric = "nats_per_symbol",
      .expected = "1.90 nats a character of tiny Shakespeare after 2000 steps",
      .data = kTextData,
      .steps = 2000,
      .settings = [] { return Settings::of(GptCharSettings()); },
      .inputs =
          [](const Settings& settings) {
            return std::vector<Input>{
                {"input_ids", {1, settings.as<GptCharSettings>().length}, DType::i64}};
          },
      .model =
          [](const Settings& settings) {
            return std::make_unique<models::GPT2>(config_of(settings));
          },
      .prepare =
          [](Settings& settings, const Source& source) {
            auto& characters = settings.as<GptCharSettings>().characters;
            characters = characters_of(source, characters);
          },
      .training = train_gpt_char,
      .generate = generate,
      .narrow =
          [](System& system) {
            static_cast<models::GPT2&>(*system.model).keep_matrices_in(DType::bf16);
          }}};
}

}  // namespace strata::recipes
