#pragma once

#include <functional>
#include <span>
#include <vector>

#include "recipes/shared/system.h"
#include "strata/text/tokenizer.h"

namespace strata::recipes {

/// The logits of what follows all tokens given so far; called with those that are new since the
/// last call.
using NextLogits = std::function<std::vector<float>(std::span<const int64_t> ids)>;

/// What a system brings to write text.
struct Writer {
  const Tokenizer& tokenizer;
  NextLogits next;
  std::vector<int64_t> stop = {};  ///< tokens that end a text; they are not shown
};

/// Goes on with the prompt's tokens, one by one, each handed to `sink` as text. An empty prompt
/// begins behind the first stop token. What the request leaves open is not restricted, but for the
/// length. Throws ValueError for settings out of range and an empty prompt where there is no stop
/// token; what the tokenizer and `next` throw.
GenerateResult write_text(const Writer& writer, std::vector<int64_t> prompt,
                          const GenerateRequest& request, const TextSink& sink);

/// The request with what it leaves open taken from the folder's generation_config.json, if there is
/// one; `prompt_tokens` count where that limits the whole text. Where its do_sample is false it is
/// the likeliest token always, unless the request says how to draw. Throws FormatError, also for an
/// option that would change the text and is not built here.
GenerateRequest with_folder_defaults(GenerateRequest request, const System& system,
                                     int64_t prompt_tokens);

/// The tokens that end a text by generation_config.json, else config.json; none if neither says.
/// Throws FormatError.
std::vector<int64_t> stop_tokens(const System& system);

}  // namespace strata::recipes
