#include "recipes/shared/bert_text.h"

#include <algorithm>
#include <numeric>

#include <fmt/format.h>

#include "models/language/bert.h"
#include "recipes/shared/embedded_tokens.h"
#include "recipes/shared/sentence_folder.h"
#include "strata/base/error.h"
#include "strata/ops/joining.h"
#include "strata/ops/softmax.h"
#include "strata/ops/views.h"
#include "strata/text/wordpiece.h"

namespace strata::recipes {
namespace {

using models::Bert;

Bert& network(System& system) { return static_cast<Bert&>(*system.model); }

/// `lower_case` adds to what the tokenizer's files say, and leaves accents as they have it.
WordPiece tokenizer_of(System& system, bool lower_case = false) {
  WordPieceConfig config = read_wordpiece(system.folder);
  config.strip_accents = config.strip_accents.value_or(config.lower_case);
  config.lower_case = config.lower_case || lower_case;
  return WordPiece(config, system.folder);
}

Tensor one_row(const std::vector<int64_t>& values) {
  return tensor(values, {1, static_cast<int64_t>(values.size())});
}

}  // namespace

std::vector<Fill> fill_bert_mask(System& system, const std::string& text, int64_t count) {
  const WordPiece tokenizer = tokenizer_of(system);
  const auto mask = tokenizer.find(tokenizer.config().mask);
  std::vector<int64_t> ids = tokenizer.encode_pair(text).ids;
  expect_embedded(system, tokenizer, ids, network(system).config().vocab_size);
  const auto place = mask ? std::find(ids.begin(), ids.end(), *mask) : ids.end();
  if (!mask || std::count(ids.begin(), ids.end(), *mask) != 1) {
    throw ValueError(system.name, fmt::format("takes a text with one {}", tokenizer.config().mask));
  }
  const Tensor logits = network(system)(models::BertInputs{.input_ids = one_row(ids)}).logits;
  if (!logits.defined() || logits.size(-1) != network(system).config().vocab_size) {
    throw ValueError(system.name, "has no head that guesses masked tokens",
                     "the config.json of such a folder says BertForMaskedLM");
  }
  const Tensor row = select(select(logits, 0, 0), 0, place - ids.begin());
  const auto probabilities = softmax(row, -1).to_vector<double>();
  std::vector<int64_t> order(probabilities.size());
  std::iota(order.begin(), order.end(), 0);
  const auto wanted = std::min(order.size(), static_cast<size_t>(std::max<int64_t>(count, 0)));
  const auto likelier = [&](int64_t a, int64_t b) {
    return probabilities[static_cast<size_t>(a)] > probabilities[static_cast<size_t>(b)];
  };
  std::partial_sort(order.begin(), order.begin() + static_cast<std::ptrdiff_t>(wanted), order.end(),
                    likelier);
  std::vector<Fill> fills;
  for (size_t i = 0; i < wanted; ++i) {
    *place = order[i];
    fills.push_back({.token = tokenizer.piece(order[i], true),
                     .sequence = tokenizer.text_of(ids),
                     .probability = probabilities[static_cast<size_t>(order[i])]});
  }
  return fills;
}

Tensor embed_with_bert(System& system, const std::vector<std::string>& texts) {
  const SentenceFolder how =
      read_sentence_folder(system.folder, network(system).config().max_position_embeddings);
  const WordPiece tokenizer = tokenizer_of(system, how.lower_case);
  // Of the prompt alone the last token is the [SEP] behind it.
  const auto prompt =
      how.prompt.empty()
          ? 0
          : static_cast<int64_t>(tokenizer.encode_pair(how.prompt, {}, how.longest).ids.size()) - 1;
  std::vector<Tensor> rows;
  for (const std::string& text : texts) {
    const TokenPair tokens = tokenizer.encode_pair(how.prompt + text, {}, how.longest);
    expect_embedded(system, tokenizer, tokens.ids, network(system).config().vocab_size);
    const models::BertInputs in = {.input_ids = one_row(tokens.ids),
                                   .token_type_ids = one_row(tokens.types)};
    rows.push_back(pool_sentence(network(system)(in).hidden, how, prompt));
  }
  return concat(rows, 0);
}

}  // namespace strata::recipes
