#include "recipes/shared/write_text.h"

#include <algorithm>
#include <cmath>
#include <filesystem>
#include <limits>
#include <utility>

#include <fmt/format.h>

#include "strata/base/error.h"
#include "strata/io/json.h"
#include "strata/text/sampling.h"

namespace strata::recipes {
namespace {

/// The folder's generation_config.json, with its path; null if it has none.
std::pair<std::string, JsonValue> generation_config(const System& system) {
  const auto path = (std::filesystem::path(system.folder) / "generation_config.json").string();
  if (system.folder.empty() || !std::filesystem::exists(path)) return {};
  JsonValue json = read_json(path, 1 << 20);
  if (!json.is_object()) throw FormatError(path, "is no JSON object");
  return {path, std::move(json)};
}

SamplingConfig sampling_of(const GenerateRequest& r) {
  SamplingConfig c;
  if (!(r.temperature < 0)) c.temperature = r.temperature;
  if (r.top_k >= 0) c.top_k = r.top_k;
  if (!(r.top_p < 0)) c.top_p = r.top_p;
  if (!(r.repetition_penalty < 0)) c.repetition_penalty = r.repetition_penalty;
  return c;
}

/// An option of generation_config.json with the value that changes nothing, as null and an empty
/// list do.
struct NeutralOption {
  const char* key;
  double value;
};
constexpr double kNoNumber = NAN;
constexpr NeutralOption kNeutral[] = {{"num_beams", 1},
                                      {"num_beam_groups", 1},
                                      {"num_return_sequences", 1},
                                      {"diversity_penalty", 0},
                                      {"penalty_alpha", 0},
                                      {"no_repeat_ngram_size", 0},
                                      {"encoder_no_repeat_ngram_size", 0},
                                      {"encoder_repetition_penalty", 1},
                                      {"guidance_scale", 1},
                                      {"token_healing", 0},
                                      {"bad_words_ids", kNoNumber},
                                      {"suppress_tokens", kNoNumber},
                                      {"begin_suppress_tokens", kNoNumber},
                                      {"forced_bos_token_id", kNoNumber},
                                      {"forced_eos_token_id", kNoNumber},
                                      {"force_words_ids", kNoNumber},
                                      {"constraints", kNoNumber},
                                      {"exponential_decay_length_penalty", kNoNumber},
                                      {"sequence_bias", kNoNumber},
                                      {"stop_strings", kNoNumber},
                                      {"max_time", kNoNumber},
                                      {"dola_layers", kNoNumber},
                                      {"watermarking_config", kNoNumber}};
/// Of those that count while tokens are drawn alone.
constexpr NeutralOption kNeutralOfDraws[] = {
    {"typical_p", 1}, {"min_p", 0}, {"top_h", kNoNumber}, {"epsilon_cutoff", 0}, {"eta_cutoff", 0}};

bool is_neutral(const JsonValue& value, double neutral) {
  if (value.is_number()) return value.as<double>() == neutral;
  if (value.is_array()) return value.elements().empty();
  if (value.is_object()) return value.members().empty();
  return value.is_null() || value.text() == "false";
}

void refuse_options(const std::string& path, const JsonValue& config,
                    std::span<const NeutralOption> options) {
  for (const NeutralOption& option : options) {
    const JsonValue* at = config.find(option.key);
    if (!at || is_neutral(*at, option.value)) continue;
    throw FormatError(path, fmt::format("{} {} is not supported", option.key, at->brief()),
                      "remove it from the file to write without it");
  }
}

/// The limits of the new tokens, by options that count them alone or the prompt's with them.
void fill_lengths(const std::string& path, const JsonValue& config, int64_t prompt_tokens,
                  GenerateRequest& request) {
  const auto number = [&](const char* key) { return value_or<int64_t>(path, config, key, -1); };
  request.min_tokens = std::max(
      {request.min_tokens, number("min_new_tokens"), number("min_length") - prompt_tokens});
  if (request.max_tokens < 0) request.max_tokens = number("max_new_tokens");
  const int64_t whole = number("max_length");
  if (request.max_tokens >= 0 || whole < 0) return;
  request.max_tokens = whole - prompt_tokens;
  if (request.max_tokens > 0) return;
  throw FormatError(
      path, fmt::format("its max_length of {} leaves no room behind a prompt of {} tokens", whole,
                        prompt_tokens));
}

constexpr int64_t kUsualTokens = 100;

void forbid(const std::vector<int64_t>& tokens, std::vector<float>& logits) {
  for (const int64_t id : tokens) {
    if (id >= 0 && id < static_cast<int64_t>(logits.size())) {
      logits[static_cast<size_t>(id)] = -std::numeric_limits<float>::infinity();
    }
  }
}

}  // namespace

GenerateResult write_text(const Writer& writer, std::vector<int64_t> prompt,
                          const GenerateRequest& request, const TextSink& sink) {
  TokenSampler sampler(sampling_of(request), request.seed);
  std::vector<int64_t> ids = std::move(prompt);
  GenerateResult result = {.prompt_tokens = static_cast<int64_t>(ids.size())};
  if (ids.empty()) {
    if (writer.stop.empty()) throw ValueError("generate", "the prompt is empty");
    ids.push_back(writer.stop[0]);
  }
  TokenStream stream(writer.tokenizer);
  size_t read = 0;
  const int64_t most = request.max_tokens < 0 ? kUsualTokens : request.max_tokens;
  while (result.new_tokens < most) {
    std::vector<float> logits = writer.next(std::span(ids).subspan(read));
    read = ids.size();
    if (result.new_tokens < request.min_tokens) forbid(writer.stop, logits);
    const int64_t id = sampler.next(logits, ids);
    if (std::find(writer.stop.begin(), writer.stop.end(), id) != writer.stop.end()) {
      result.stopped = true;
      break;
    }
    ids.push_back(id);
    ++result.new_tokens;
    const std::string text = stream.push(id);
    if (!text.empty() && !sink(text)) return result;
  }
  const std::string rest = stream.finish();
  if (!rest.empty()) sink(rest);
  return result;
}

GenerateRequest with_folder_defaults(GenerateRequest request, const System& system,
                                     int64_t prompt_tokens) {
  const auto [path, config] = generation_config(system);
  const auto fill = [&path = path, &config = config](const char* key, auto& value) {
    if (value < 0) value = value_or(path, config, key, value);
  };
  const bool draws = !(request.temperature < 0 && request.top_k < 0 && request.top_p < 0);
  if (!draws && !value_or(path, config, "do_sample", true)) request.temperature = 0;
  fill("temperature", request.temperature);
  fill("top_k", request.top_k);
  fill("top_p", request.top_p);
  fill("repetition_penalty", request.repetition_penalty);
  fill_lengths(path, config, prompt_tokens, request);
  refuse_options(path, config, kNeutral);
  if (request.temperature != 0) refuse_options(path, config, kNeutralOfDraws);
  return request;
}

std::vector<int64_t> stop_tokens(const System& system) {
  constexpr const char* kKey = "eos_token_id";
  const auto [path, config] = generation_config(system);
  std::vector<int64_t> stop;
  if (const JsonValue* at = config.find(kKey)) {
    if (at->is_integer()) stop.push_back(read_value<int64_t>(path, kKey, *at));
    for (const JsonValue& id : at->elements()) {
      if (id.is_integer()) stop.push_back(read_value<int64_t>(path, kKey, id));
    }
  }
  if (!stop.empty()) return stop;
  for (const auto& [key, value] : system.hub) {
    if (key == kKey || key.starts_with("eos_token_id.")) {
      stop.push_back(std::atoll(value.c_str()));
    }
  }
  return stop;
}

}  // namespace strata::recipes
