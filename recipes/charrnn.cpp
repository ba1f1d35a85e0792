#include "models/language/charrnn.h"

#include <algorithm>
#include <functional>
#include <span>
#include <string>
#include <vector>

#include "recipes/recipe.h"
#include "recipes/shared/plain_text.h"
#include "recipes/shared/write_text.h"
#include "strata/ops/losses.h"
#include "strata/ops/views.h"
#include "strata/optim/adam.h"
#include "strata/text/char_tokenizer.h"
#include "strata/train/text_training.h"

namespace strata::recipes {
namespace {

constexpr int64_t kStreams = 32, kPiece = 256;  // of the text that judges

struct CharRnnSettings {
  double lr = 4e-3;
  int64_t batch = 32;
  int64_t length = 100;
  int64_t width = 64;
  int64_t hidden = 256;
  int64_t layers = 1;
  double dropout = 0;
  std::string characters = kPlaysCharacters;

  void fields(FieldVisitor& v) {
    v("lr", lr, "learning rate, which falls to 0 along a cosine");
    v("batch", batch, "windows a step");
    v("length", length, "characters of a window");
    v("width", width, "of a character's vector");
    v("hidden", hidden, "units of a layer");
    v("layers", layers, "LSTM layers");
    v("dropout", dropout, "between layers");
    v("characters", characters, "that occur; taken from the text");
  }
};

CharVocabulary vocabulary_of(const Settings& settings) {
  return vocabulary_for(settings.as<CharRnnSettings>().characters);
}

/// Nats a character over the whole text, read in order by kStreams readers, each from a place of
/// its own with an empty state.
train::Metric judge(models::CharRnn& model, const Tensor& ids,
                    const std::function<void(int64_t done)>& told) {
  const int64_t targets = ids.numel() - 1;
  const int64_t streams = std::clamp<int64_t>(targets / 1000, 1, kStreams);
  const int64_t length = targets / streams;
  double total = 0;
  int64_t done = 0;
  const auto read = [&](int64_t begin, int64_t rows, int64_t stride, int64_t count) {
    nn::RecurrentState state;
    const auto part = [&](int64_t from, int64_t width) {
      return ids.as_strided({rows, width}, {stride, 1}, ids.offset() + from);
    };
    for (int64_t at = 0; at < count; at += kPiece) {
      const int64_t width = std::min(kPiece, count - at);
      told(done);
      done += rows * width;
      const Tensor logits = model.step(part(begin + at, width), state);
      const Tensor loss =
          cross_entropy(logits, part(begin + at + 1, width), {.reduction = Reduction::sum});
      total += loss.item<double>();
    }
  };
  read(0, streams, length, length);
  read(streams * length, 1, length, targets - streams * length);
  return {"nats_per_character", total / static_cast<double>(targets), targets};
}

std::unique_ptr<train::Training> train_charrnn(nn::Module& module, const Settings& settings,
                                               const Source& source) {
  const auto& s = settings.as<CharRnnSettings>();
  auto& model = static_cast<models::CharRnn&>(module);
  const CharText text = split_text(text_of(source), vocabulary_of(settings));
  return std::make_unique<train::TextTraining>(
      model, std::make_unique<Adam>(model.parameters(), AdamConfig{.lr = s.lr}), text.train,
      text.test,
      train::TextTrainingConfig{
          .windows = {.length = s.length, .batch = s.batch, .seed = source.seed},
          .holdout = source.holdout,
          .schedule =
              [lr = s.lr](int64_t total) { return schedules::cosine({.lr = lr, .steps = total}); },
          .evaluate = [&model](const Tensor& ids,
                               const auto& told) { return judge(model, ids, told); }});
}

GenerateResult generate(System& system, const GenerateRequest& request, const TextSink& sink) {
  auto& model = static_cast<models::CharRnn&>(*system.model);
  const CharTokenizer tokenizer(vocabulary_of(system.settings));
  nn::RecurrentState state;
  const auto next = [&](std::span<const int64_t> ids) {
    const auto count = static_cast<int64_t>(ids.size());
    const Tensor logits = model.step(from_span(ids, {1, count}), state);
    return select(logits, 1, count - 1).to_vector<float>();
  };
  return write_text({tokenizer, next}, tokenizer.encode(request.prompt), request, sink);
}

}  // namespace

std::vector<Recipe> charrnn() {
  return {Recipe{
      .name = "charrnn",
      .title = "Character LSTM",
      .family = "language",
      .year = 2015,
      .paper = "Karpathy, The unreasonable effectiveness of recurrent neural networks",
      .summary = "Learns to write from a text, character by character: a vector for each, an LSTM "
                 "of 256 units, a linear layer.",
      .metric = "nats_per_character",
      .expected = "1.55 nats a character on the last tenth of tiny Shakespeare",
      .data = kTextData,
      .steps = 1500,
      .settings = [] { return Settings::of(CharRnnSettings()); },
      .inputs =
          [](const Settings& settings) {
            return std::vector<Input>{
                {"ids", {1, settings.as<CharRnnSettings>().length}, DType::i64}};
          },
      .model =
          [](const Settings& settings) {
            const auto& s = settings.as<CharRnnSettings>();
            return std::make_unique<models::CharRnn>(
                models::CharRnnConfig{.characters = vocabulary_of(settings).size(),
                                      .width = s.width,
                                      .hidden = s.hidden,
                                      .layers = s.layers,
                                      .dropout = s.dropout});
          },
      .prepare =
          [](Settings& settings, const Source& source) {
            auto& characters = settings.as<CharRnnSettings>().characters;
            characters = characters_of(source, characters);
          },
      .training = train_charrnn,
      .generate = generate}};
}

}  // namespace strata::recipes
