#include "recipes/shared/write_text.h"

#include <filesystem>
#include <utility>

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

}  // namespace

GenerateResult write_text(const Writer& writer, const GenerateRequest& request,
                          const TextSink& sink) {
  Sampler sampler(sampling_of(request), request.seed);
  std::vector<int64_t> ids = writer.tokenizer.encode(request.prompt);
  GenerateResult result = {.prompt_tokens = static_cast<int64_t>(ids.size())};
  if (ids.empty()) {
    if (writer.stop.empty()) throw ValueError("generate", "the prompt is empty");
    ids.push_back(writer.stop[0]);
  }
  TokenStream stream(writer.tokenizer);
  size_t read = 0;
  while (result.new_tokens < request.max_tokens) {
    const std::vector<float> logits = writer.next(std::span(ids).subspan(read));
    read = ids.size();
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

GenerateRequest with_folder_defaults(GenerateRequest request, const System& system) {
  const auto [path, config] = generation_config(system);
  const auto fill = [&path = path, &config = config](const char* key, auto& value) {
    if (value < 0) value = value_or(path, config, key, value);
  };
  fill("temperature", request.temperature);
  fill("top_k", request.top_k);
  fill("top_p", request.top_p);
  fill("repetition_penalty", request.repetition_penalty);
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
