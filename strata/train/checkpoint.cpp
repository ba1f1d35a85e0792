#include "strata/train/checkpoint.h"

#include <algorithm>
#include <filesystem>
#include <system_error>
#include <utility>
#include <vector>

#include "strata/base/error.h"
#include "strata/base/random.h"
#include "strata/io/json.h"
#include "strata/io/safetensors.h"
#include "strata/io/weights.h"
#include "strata/nn/state_dict.h"
#include "strata/train/metric_json.h"
#include "strata/train/state_json.h"

namespace strata::train {
namespace {

constexpr const char* kKey = "strata_checkpoint";  // the metadata entry that marks our files
constexpr const char* kSettings = "strata_settings";
constexpr const char* kModel = "model.";
constexpr const char* kOptimizer = "optimizer.";
constexpr const char* kAverages = "averages.";
constexpr const char* kBest = "best.";

JsonValue::Object to_json(const RunState& s) {
  const auto value = [](auto v) { return JsonValue(std::move(v)); };
  return {{"step", value(s.step)},
          {"epoch", value(s.epoch)},
          {"batch", value(s.batch)},
          {"loss", value(s.loss)},
          {"seconds", value(s.seconds)},
          {"finished", value(s.finished)},
          {"evaluated", value(s.evaluated)},
          {"metric", metric_json(s.metric)},
          {"settings", object_of(s.settings)},
          {"stopped", value(s.stopped)},
          {"epoch_loss", value(s.epoch_loss)},
          {"best", number_json(s.best)},
          {"epoch_steps", value(s.epoch_steps)},
          {"waited", value(s.waited)},
          {"random", random_json(default_generator())}};
}

RunState from_json(const JsonValue& j) {
  RunState s;
  s.step = j.get<int64_t>("step");
  s.epoch = j.get<int64_t>("epoch");
  s.batch = j.get<int64_t>("batch");
  s.loss = number_from(j.at("loss"));
  s.seconds = j.get<double>("seconds");
  s.finished = j.get<bool>("finished");
  s.metric = metric_from(j.at("metric"));
  s.settings = map_of<std::string>(j.at("settings"));
  const JsonValue* evaluated = j.find("evaluated");  // older ones do not tell, and miss none
  s.evaluated = evaluated ? evaluated->as<int64_t>() : s.epoch;
  if (!j.find("waited")) return s;  // written before there was early stopping
  s.epoch_loss = number_from(j.at("epoch_loss"));
  s.epoch_steps = j.get<int64_t>("epoch_steps");
  s.best = number_from(j.at("best"));
  s.waited = j.get<int64_t>("waited");
  s.stopped = j.get<bool>("stopped");
  return s;
}

/// What a checkpoint's JSON says.
struct Kept {
  RunState state;
  std::map<std::string, double> optimizer, averages, plateau;
  Generator random;
};

/// All that the training takes of it. Throws JsonError.
Kept kept_of(const JsonValue& json, Training& training) {
  Kept kept;
  kept.state = from_json(json);
  kept.optimizer = map_of<double>(json.at("optimizer"));
  if (training.averages()) kept.averages = map_of<double>(json.at("averages"));
  if (training.plateau()) kept.plateau = map_of<double>(json.at("plateau"));
  kept.random = random_from(json.at("random"));
  return kept;
}

/// What `read` makes of the JSON in a checkpoint. Throws FormatError.
template <class Read>
auto read_run(const std::string& path, Read read) {
  const SafeTensors file(path);
  const auto it = file.metadata().find(kKey);
  if (it == file.metadata().end()) throw FormatError(path, "is not a checkpoint of a run");
  try {
    return read(parse_json(path, it->second));
  } catch (const JsonError& e) {
    throw FormatError(path, std::string("the run's state is damaged: ") + e.what());
  }
}

/// The averages take the place of the model's own values, and go back with what the file holds.
void load_averages(Training& training, const TensorMap& values,
                   std::map<std::string, double> numbers) {
  EMA* averages = training.averages();
  if (!averages) return;
  {
    const AveragedScope averaged(averages);
    nn::load_state_dict(training.model(), values);
  }
  OptimizerState state = averages->state();
  state.numbers = std::move(numbers);
  averages->load_state(state);
}

}  // namespace

std::string checkpoint_path(const std::string& run_dir) {
  return (std::filesystem::path(run_dir) / "checkpoint.safetensors").string();
}

std::string weights_path(const std::string& run_dir) {
  return (std::filesystem::path(run_dir) / "model.safetensors").string();
}

bool holds_run(const std::string& run_dir) {
  std::error_code ignored;
  return std::filesystem::exists(checkpoint_path(run_dir), ignored) ||
         std::filesystem::exists(weights_path(run_dir), ignored);
}

void save_checkpoint(const std::string& run_dir, Training& training, const RunState& state) {
  TensorMap tensors;
  for (auto& [name, value] : nn::state_dict(training.model())) tensors[kModel + name] = value;
  const OptimizerState optimizer = training.optimizer().state();
  for (const auto& [name, value] : optimizer.tensors) tensors[kOptimizer + name] = value;
  JsonValue::Object json = to_json(state);
  json["optimizer"] = object_of(optimizer.numbers);
  if (EMA* averages = training.averages()) {
    json["averages"] = object_of(averages->state().numbers);
    const AveragedScope averaged(averages);
    for (auto& [name, value] : nn::state_dict(training.model())) tensors[kAverages + name] = value;
  }
  if (Plateau* plateau = training.plateau()) json["plateau"] = object_of(plateau->state().numbers);
  for (const auto& [name, value] : state.best_weights) tensors[kBest + name] = value;
  save_safetensors(checkpoint_path(run_dir), tensors, {{kKey, JsonValue(std::move(json)).text()}});
}

std::optional<RunState> load_checkpoint(const std::string& run_dir, Training& training) {
  const std::string path = checkpoint_path(run_dir);
  if (!std::filesystem::exists(path)) return std::nullopt;
  Kept kept = read_run(path, [&](const JsonValue& json) { return kept_of(json, training); });
  const SafeTensors file(path);
  const TensorMap model = tensors_of(file, kModel), averages = tensors_of(file, kAverages);
  kept.state.best_weights = tensors_of(file, kBest);
  const OptimizerState optimizer = {.tensors = tensors_of(file, kOptimizer),
                                    .numbers = std::move(kept.optimizer)};
  training.optimizer().check_state(optimizer);  // before the weights: they may fit where this fails
  load_averages(training, averages, std::move(kept.averages));
  nn::load_state_dict(training.model(), model);
  training.optimizer().load_state(optimizer);
  if (Plateau* plateau = training.plateau()) {
    plateau->load_state({.tensors = {}, .numbers = std::move(kept.plateau)});
  }
  default_generator() = kept.random;
  return std::move(kept.state);
}

std::optional<RunState> saved_state(const std::string& run_dir) {
  const std::string path = checkpoint_path(run_dir);
  if (!std::filesystem::exists(path)) return std::nullopt;
  return read_run(path, from_json);
}

void save_weights(const std::string& path, nn::Module& model,
                  const std::map<std::string, std::string>& settings) {
  Metadata metadata = {{"format", "pt"}};
  if (!settings.empty()) metadata[kSettings] = object_of(settings).text();
  save_safetensors(path, nn::state_dict(model), metadata);
}

std::string weights_file(const std::string& file_or_run) {
  namespace fs = std::filesystem;
  if (!fs::is_directory(file_or_run)) return file_or_run;
  std::string path = weights_path(file_or_run);
  if (!fs::exists(path)) path = checkpoint_path(file_or_run);
  if (fs::exists(path)) return path;
  path = find_weights(file_or_run);
  if (!path.empty()) return path;
  throw IoError(file_or_run, "is no folder of a run, and holds no weights");
}

SavedWeights::SavedWeights(const std::string& file_or_run) : path_(weights_file(file_or_run)) {
  if (!path_.ends_with(".safetensors")) return;
  file_.emplace(path_);
  try {
    read_settings();
  } catch (const JsonError& e) {
    throw FormatError(path_, std::string("the settings in it are damaged: ") + e.what());
  }
}

void SavedWeights::read_settings() {
  const Metadata& metadata = file_->metadata();
  if (const auto run = metadata.find(kKey); run != metadata.end()) {
    const JsonValue json = parse_json(path_, run->second);
    const RunState state = from_json(json);
    settings_ = state.settings;
    const std::vector<SafeTensorInfo>& tensors = file_->tensors();
    const bool best =
        state.finished && std::any_of(tensors.begin(), tensors.end(),
                                      [](const auto& t) { return t.name.starts_with(kBest); });
    prefix_ = best ? kBest : json.find("averages") ? kAverages : kModel;
  } else if (const auto ours = metadata.find(kSettings); ours != metadata.end()) {
    settings_ = map_of<std::string>(parse_json(path_, ours->second));
  }
}

TensorMap SavedWeights::load() const {
  if (!file_) return load_tensors(path_);
  TensorMap tensors;
  for (const SafeTensorInfo& info : file_->tensors()) {
    if (!info.name.starts_with(prefix_)) continue;
    tensors[info.name.substr(prefix_.size())] = file_->load(info.name);
  }
  return tensors;
}

nn::LoadReport load_weights(const std::string& file_or_run, nn::Module& model,
                            nn::LoadOptions options) {
  return nn::load_state_dict(model, SavedWeights(file_or_run).load(), options);
}

}  // namespace strata::train
