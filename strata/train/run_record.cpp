#include "strata/train/run_record.h"

#include <cmath>
#include <filesystem>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "strata/base/error.h"
#include "strata/io/base64.h"
#include "strata/io/file.h"
#include "strata/train/checkpoint.h"

namespace strata::train {
namespace {

using Json = nlohmann::ordered_json;

/// JSON has no NaN: it is written as null.
double number_or_nan(const Json& j) { return j.is_number() ? j.get<double>() : NAN; }

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

nn::Summary summary_from(const Json& j) {
  nn::Summary s;
  s.parameters = j.at("parameters");
  s.trainable = j.at("trainable");
  s.buffers = j.at("buffers");
  s.macs = j.at("macs");
  for (const Json& l : j.at("layers")) {
    nn::LayerSummary layer;
    layer.name = l.at("name");
    layer.type = l.at("type");
    for (const Json& size : l.at("output")) layer.output.push_back(size.get<int64_t>());
    layer.parameters = l.at("parameters");
    layer.macs = l.at("macs");
    layer.depth = l.at("depth");
    s.layers.push_back(std::move(layer));
  }
  return s;
}

Json to_json(const Metric& m) {
  return {{"name", m.name},
          {"value", m.value},
          {"samples", m.samples},
          {"details", m.details},
          {"confusion", {{"labels", m.confusion.labels}, {"counts", m.confusion.counts}}}};
}

Metric metric_from(const Json& j) {
  Metric m{j.at("name"), number_or_nan(j.at("value")), j.at("samples")};
  for (const auto& [name, value] : j.at("details").items()) m.details[name] = number_or_nan(value);
  const Json& confusion = j.at("confusion");
  m.confusion.labels = confusion.at("labels").get<std::vector<std::string>>();
  m.confusion.counts = confusion.at("counts").get<std::vector<int64_t>>();
  const size_t classes = m.confusion.labels.size();
  if (m.confusion.counts.size() != classes * classes) m.confusion = {};
  return m;
}

RunRecord from_json(const Json& j) {
  RunRecord r;
  r.title = j.at("title");
  r.state = j.at("state");
  for (const auto& [name, value] : j.at("facts").items()) r.facts.emplace_back(name, value);
  r.settings = j.at("settings").get<std::map<std::string, std::string>>();
  r.summary = summary_from(j.at("summary"));
  r.metric = metric_from(j.at("metric"));
  r.loss = number_or_nan(j.at("loss"));
  r.steps = j.at("steps");
  r.seconds = j.at("seconds");
  for (const Json& e : j.at("examples")) {
    r.examples.push_back({.png = decode_base64(e.at("png").get<std::string>()),
                          .text = e.at("text"),
                          .wrong = e.at("wrong")});
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
  Json facts = Json::object();
  for (const auto& [name, value] : r.facts) facts[name] = value;
  Json examples = Json::array();
  for (const RunExample& e : r.examples) {
    examples.push_back({{"png", encode_base64(e.png)}, {"text", e.text}, {"wrong", e.wrong}});
  }
  const Json json = {{"title", r.title},
                     {"state", r.state},
                     {"facts", facts},
                     {"settings", r.settings},
                     {"metric", to_json(r.metric)},
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
      r = from_json(Json::parse(read_text_file(path)));
    } catch (const Json::exception& e) {
      throw FormatError(path, fmt::format("is damaged: {}", e.what()));
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
