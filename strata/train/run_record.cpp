#include "strata/train/run_record.h"

#include <filesystem>

#include <nlohmann/json.hpp>

#include "strata/base/error.h"
#include "strata/io/base64.h"
#include "strata/io/file.h"
#include "strata/io/json.h"
#include "strata/train/checkpoint.h"
#include "strata/train/metric_json.h"
#include "strata/train/state_json.h"

namespace strata::train {
namespace {

using Json = nlohmann::ordered_json;

Json to_json(const nn::Summary& s) {
  Json layers = Json::array();
  for (const nn::LayerSummary& l : s.layers) {
    layers.push_back({{"name", l.name},
                      {"type", l.type},
                      {"output", std::vector<int64_t>(l.output.begin(), l.output.end())},
                      {"parameters", l.parameters},
                      {"macs", l.macs},
                      {"depth", l.depth}});
  }
  return {{"parameters", s.parameters},
          {"trainable", s.trainable},
          {"buffers", s.buffers},
          {"macs", s.macs},
          {"layers", layers}};
}

nn::Summary summary_from(const JsonValue& j) {
  nn::Summary s;
  s.parameters = j.get<int64_t>("parameters");
  s.trainable = j.get<int64_t>("trainable");
  s.buffers = j.get<int64_t>("buffers");
  s.macs = j.get<int64_t>("macs");
  for (const JsonValue& l : j.at("layers").elements()) {
    nn::LayerSummary layer;
    layer.name = l.get<std::string>("name");
    layer.type = l.get<std::string>("type");
    for (const JsonValue& size : l.at("output").elements()) {
      layer.output.push_back(size.as<int64_t>());
    }
    layer.parameters = l.get<int64_t>("parameters");
    layer.macs = l.get<int64_t>("macs");
    layer.depth = static_cast<int>(l.get<int64_t>("depth"));
    s.layers.push_back(std::move(layer));
  }
  return s;
}

RunRecord from_json(const JsonValue& j) {
  RunRecord r;
  r.title = j.get<std::string>("title");
  r.state = j.get<std::string>("state");
  for (const JsonValue& fact : j.at("facts").elements()) {
    r.facts.emplace_back(fact.get<std::string>("name"), fact.get<std::string>("value"));
  }
  for (const auto& [name, value] : j.at("settings").members()) {
    r.settings[name] = value.as<std::string>();
  }
  r.summary = summary_from(j.at("summary"));
  r.metric = metric_from(j.at("metric"));
  r.loss = number_from(j.at("loss"));
  r.steps = j.get<int64_t>("steps");
  r.seconds = j.get<double>("seconds");
  for (const JsonValue& e : j.at("examples").elements()) {
    r.examples.push_back({.png = decode_base64(e.get<std::string>("png")),
                          .text = e.get<std::string>("text"),
                          .wrong = e.get<bool>("wrong")});
  }
  return r;
}

/// "lenet5-2" of "runs/lenet5-2/".
std::string folder_name(const std::string& run_dir) {
  const auto path = std::filesystem::absolute(run_dir).lexically_normal();
  return (path.has_filename() ? path : path.parent_path()).filename().string();
}

}  // namespace

std::string record_path(const std::string& run_dir) {
  return (std::filesystem::path(run_dir) / "run.json").string();
}

void save_record(const std::string& run_dir, const RunRecord& r) {
  Json facts = Json::array();
  for (const auto& [name, value] : r.facts) facts.push_back({{"name", name}, {"value", value}});
  Json examples = Json::array();
  for (const RunExample& e : r.examples) {
    examples.push_back({{"png", encode_base64(e.png)}, {"text", e.text}, {"wrong", e.wrong}});
  }
  const Json json = {{"title", r.title},
                     {"state", r.state},
                     {"facts", facts},
                     {"settings", r.settings},
                     {"metric", Json::parse(metric_json(r.metric).text())},
                     {"loss", r.loss},
                     {"steps", r.steps},
                     {"seconds", r.seconds},
                     {"summary", to_json(r.summary)},
                     {"examples", examples}};
  write_file(record_path(run_dir), json.dump(1, ' ', false, Json::error_handler_t::replace) + "\n");
}

RunRecord load_record(const std::string& run_dir) {
  RunRecord r;
  const std::string path = record_path(run_dir);
  if (std::filesystem::exists(path)) {
    try {
      r = from_json(read_json(path));
    } catch (const JsonError& e) {
      throw FormatError(path, std::string("is damaged: ") + e.what());
    }
  } else {
    if (!std::filesystem::is_directory(run_dir)) throw IoError(run_dir, "is no folder of a run");
    r.settings = SavedWeights(run_dir).settings();
    r.state = "has no record (run.json)";
  }
  r.name = folder_name(run_dir);
  if (r.title.empty()) r.title = r.name;
  return r;
}

}  // namespace strata::train
