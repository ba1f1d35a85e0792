#include "strata/train/checkpoint.h"

#include <cmath>
#include <filesystem>

#include <nlohmann/json.hpp>

#include "strata/base/error.h"
#include "strata/base/random.h"
#include "strata/io/safetensors.h"
#include "strata/io/weights.h"
#include "strata/nn/state_dict.h"

namespace strata::train {
namespace {

constexpr const char* kKey = "strata_checkpoint";  // the metadata entry that marks our files
constexpr const char* kSettings = "strata_settings";
constexpr const char* kModel = "model.";
constexpr const char* kOptimizer = "optimizer.";
constexpr const char* kAverages = "averages.";
constexpr const char* kBest = "best.";

using Json = nlohmann::json;

/// JSON has no NaN: it is written as null.
double number_or_nan(const Json& j) { return j.is_number() ? j.get<double>() : NAN; }

Json to_json(const RunState& s, const std::map<std::string, double>& optimizer) {
  const Generator& g = default_generator();
  const Json metric = {
      {"name", s.metric.name}, {"value", s.metric.value}, {"samples", s.metric.samples}};
  return {{"step", s.step},
          {"epoch", s.epoch},
          {"batch", s.batch},
          {"loss", s.loss},
          {"seconds", s.seconds},
          {"finished", s.finished},
          {"metric", metric},
          {"settings", s.settings},
          {"stopped", s.stopped},
          {"epoch_loss", s.epoch_loss},
          {"best", s.best},
          {"epoch_steps", s.epoch_steps},
          {"waited", s.waited},
          {"optimizer", optimizer},
          {"random", {{"seed", g.seed}, {"stream", g.stream}}}};
}

RunState from_json(const Json& j) {
  RunState s;
  s.step = j.at("step");
  s.epoch = j.at("epoch");
  s.batch = j.at("batch");
  s.loss = number_or_nan(j.at("loss"));
  s.seconds = j.at("seconds");
  s.finished = j.at("finished");
  const Json& metric = j.at("metric");
  s.metric = {metric.at("name"), number_or_nan(metric.at("value")), metric.at("samples")};
  s.settings = j.at("settings").get<std::map<std::string, std::string>>();
  if (!j.contains("waited")) return s;  // written before there was early stopping
  s.epoch_loss = number_or_nan(j.at("epoch_loss"));
  s.epoch_steps = j.at("epoch_steps");
  s.best = number_or_nan(j.at("best"));
  s.waited = j.at("waited");
  s.stopped = j.at("stopped");
  return s;
}

/// The entries whose names begin with `prefix`, without it.
TensorMap strip(const TensorMap& all, const std::string& prefix) {
  TensorMap out;
  for (const auto& [name, value] : all) {
    if (name.starts_with(prefix)) out[name.substr(prefix.size())] = value;
  }
  return out;
}

/// The averages take the place of the model's own values, and go back with what the file holds.
void load_averages(Training& training, const TensorMap& tensors, const Json& json) {
  EMA* averages = training.averages();
  if (!averages) return;
  {
    const AveragedScope averaged(averages);
    nn::load_state_dict(training.model(), strip(tensors, kAverages));
  }
  OptimizerState state = averages->state();
  state.numbers = json.at("averages").get<std::map<std::string, double>>();
  averages->load_state(state);
}

}  // namespace

std::string checkpoint_path(const std::string& run_dir) {
  return (std::filesystem::path(run_dir) / "checkpoint.safetensors").string();
}

std::string weights_path(const std::string& run_dir) {
  return (std::filesystem::path(run_dir) / "model.safetensors").string();
}

void save_checkpoint(const std::string& run_dir, Training& training, const RunState& state) {
  TensorMap tensors;
  for (auto& [name, value] : nn::state_dict(training.model())) tensors[kModel + name] = value;
  const OptimizerState optimizer = training.optimizer().state();
  for (const auto& [name, value] : optimizer.tensors) tensors[kOptimizer + name] = value;
  Json json = to_json(state, optimizer.numbers);
  if (EMA* averages = training.averages()) {
    json["averages"] = averages->state().numbers;
    const AveragedScope averaged(averages);
    for (auto& [name, value] : nn::state_dict(training.model())) tensors[kAverages + name] = value;
  }
  if (Plateau* plateau = training.plateau()) json["plateau"] = plateau->state().numbers;
  for (const auto& [name, value] : state.best_weights) tensors[kBest + name] = value;
  save_safetensors(checkpoint_path(run_dir), tensors, {{kKey, json.dump()}});
}

std::optional<RunState> load_checkpoint(const std::string& run_dir, Training& training) {
  const std::string path = checkpoint_path(run_dir);
  if (!std::filesystem::exists(path)) return std::nullopt;
  const SafeTensors file(path);
  const auto it = file.metadata().find(kKey);
  if (it == file.metadata().end()) throw FormatError(path, "is not a checkpoint of a run");
  const TensorMap tensors = load_safetensors(path);
  try {
    const Json json = Json::parse(it->second);
    RunState state = from_json(json);
    state.best_weights = strip(tensors, kBest);
    load_averages(training, tensors, json);
    nn::load_state_dict(training.model(), strip(tensors, kModel));
    training.optimizer().load_state(
        {.tensors = strip(tensors, kOptimizer),
         .numbers = json.at("optimizer").get<std::map<std::string, double>>()});
    if (Plateau* plateau = training.plateau()) {
      plateau->load_state(
          {.tensors = {}, .numbers = json.at("plateau").get<std::map<std::string, double>>()});
    }
    Generator g(json.at("random").at("seed").get<uint64_t>());
    g.stream = json.at("random").at("stream").get<uint64_t>();
    default_generator() = g;
    return state;
  } catch (const Json::exception& e) {
    throw FormatError(path, std::string("the run's state is damaged: ") + e.what());
  }
}

void save_weights(const std::string& path, nn::Module& model,
                  const std::map<std::string, std::string>& settings) {
  Metadata metadata = {{"format", "pt"}};
  if (!settings.empty()) metadata[kSettings] = Json(settings).dump();
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
  throw IoError(file_or_run, "the folder holds neither weights nor a checkpoint");
}

SavedWeights::SavedWeights(const std::string& file_or_run) : path_(weights_file(file_or_run)) {
  if (!path_.ends_with(".safetensors")) return;
  file_.emplace(path_);
  try {
    read_settings();
  } catch (const Json::exception& e) {
    throw FormatError(path_, std::string("the settings in it are damaged: ") + e.what());
  }
}

void SavedWeights::read_settings() {
  const Metadata& metadata = file_->metadata();
  if (const auto run = metadata.find(kKey); run != metadata.end()) {
    const Json json = Json::parse(run->second);
    settings_ = from_json(json).settings;
    prefix_ = json.contains("averages") ? kAverages : kModel;
  } else if (const auto ours = metadata.find(kSettings); ours != metadata.end()) {
    settings_ = Json::parse(ours->second).get<std::map<std::string, std::string>>();
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
