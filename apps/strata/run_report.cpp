#include "apps/strata/run_report.h"

#include <algorithm>
#include <array>
#include <ctime>
#include <filesystem>
#include <optional>

#include <fmt/format.h>

#include "apps/strata/command.h"
#include "apps/strata/terminal.h"
#include "strata/base/parallel.h"
#include "strata/io/png.h"
#include "strata/kernels/machine.h"
#include "strata/ops/views.h"
#include "strata/tape/grad_mode.h"
#include "strata/tensor/default_device.h"
#include "strata/text/char_vocabulary.h"
#include "strata/train/checkpoint.h"
#include "strata/train/report.h"
#include "strata/vision/image.h"

namespace strata::app {
namespace {

constexpr int64_t kBigSide = 48;    // pixels; of larger pictures fewer are kept
constexpr int64_t kKeptSide = 128;  // and no larger than so
constexpr size_t kBigPictures = 16;
constexpr int64_t kDrawn = 16, kWritten = 300;

std::string now_as_text() {
  const std::time_t now = std::time(nullptr);
  std::tm local{};
  localtime_r(&now, &local);
  std::string text(32, '\0');
  text.resize(std::strftime(text.data(), text.size(), "%Y-%m-%d %H:%M:%S %z", &local));
  return text;
}

std::string small_png(const Tensor& image) {
  const int64_t h = image.size(0), w = image.size(1), most = std::max(h, w);
  if (most <= kKeptSide) return encode_png(to_bytes(image));
  return encode_png(to_bytes(resize(image, h * kKeptSide / most, w * kKeptSide / most)));
}

/// What a text begins with: a line's end, but where a model of characters does not know that, its
/// first one.
std::string opening(const recipes::Settings& settings) {
  const std::string line_end = "\n";
  for (const auto& field : settings.fields().list()) {
    if (field.name != "characters" || field.value.find(line_end) != std::string::npos) continue;
    const std::array<int64_t, 1> first = {0};
    return CharVocabulary::of(field.value).decode(first);
  }
  return line_end;
}

void write_record(const std::string& run_dir, const train::RunRecord& record) {
  try {
    save_record(run_dir, record);
    const std::string path = (std::filesystem::path(run_dir) / "report.html").string();
    train::write_report(path, {run_dir});
    say("report: " + path);
  } catch (const Error& e) {
    say(std::string("the report could not be written: ") + e.what());
  }
}

}  // namespace

RunReport::RunReport(const recipes::Recipe& recipe, const recipes::Settings& settings,
                     std::vector<std::pair<std::string, std::string>> facts)
    : recipe_(recipe) {
  record_.title = recipe.title;
  record_.facts = std::move(facts);
  record_.facts.emplace_back(
      "machine", fmt::format("{}, {}", kernels::processor_name(), kernels::instruction_set()));
  record_.facts.emplace_back("threads", fmt::format("{}", thread_count()));
  record_.facts.emplace_back("started", now_as_text());
  record_.facts.emplace_back("Strata", STRATA_VERSION);
  record_.facts.emplace_back("paper", recipe.paper);
  if (!recipe.expected.empty()) record_.facts.emplace_back("expected", recipe.expected);
  for (const auto& e : settings.fields().list()) record_.settings[e.name] = e.value;
  const DeviceScope meta(kMeta);
  recipes::System sketch{.recipe = &recipe, .name = recipe.name, .settings = settings};
  sketch.model = recipe.model(settings);
  record_.summary = summarize_system(sketch);
}

void RunReport::stepped(const train::Progress& p) {
  record_.loss = p.loss;
  record_.steps = p.step;
  record_.seconds = p.seconds;
}

void RunReport::evaluated(const train::Progress& p, const train::Metric& m) {
  record_.metric = m;
  record_.seconds = p.seconds;
}

void RunReport::add_result(const train::FitResult& result) {
  record_.loss = result.loss;
  record_.steps = result.steps;
  record_.seconds = result.seconds;
  if (record_.metric.name.empty()) record_.metric = result.metric;
}

void RunReport::add_kept(const std::string& run_dir) {
  try {
    const std::optional<train::RunState> kept = train::saved_state(run_dir);
    if (!kept) return;
    if (record_.metric.name.empty()) record_.metric = kept->metric;
    if (record_.steps > 0) return;  // of this session, and so newer
    record_.loss = kept->loss;
    record_.steps = kept->step;
    record_.seconds = kept->seconds;
  } catch (const Error&) {  // a damaged checkpoint tells nothing; why the run failed is said
  }
}

void RunReport::add_answers(const std::vector<train::Answer>& answers) {
  for (const train::Answer& a : answers) {
    const bool big = std::max(a.seen.size(0), a.seen.size(1)) > kBigSide;
    if (big && record_.examples.size() >= kBigPictures) break;
    const bool wrong = a.answer != a.truth;
    record_.examples.push_back({.png = small_png(a.seen),
                                .text = wrong ? a.answer + ", is " + a.truth : a.answer,
                                .wrong = wrong});
  }
}

void RunReport::add_creations(const std::string& run_dir, uint64_t seed) {
  if (!recipe_.generate && !recipe_.sample) return;
  try {
    create(run_dir, seed);
  } catch (const Error& e) {
    say(std::string("the report lacks what the network makes: ") + e.what());
  }
}

void RunReport::create(const std::string& run_dir, uint64_t seed) {
  const NoGrad no_grad;
  recipes::System system = recipes::open_system(recipe_.name, run_dir);
  if (recipe_.generate) {
    std::string text;
    recipe_.generate(system,
                     {.prompt = opening(system.settings),
                      .max_tokens = kWritten,
                      .temperature = 0.8,
                      .seed = seed},
                     [&](std::string_view piece) {
                       text += piece;
                       return true;
                     });
    record_.examples.push_back({.png = {}, .text = text});
  }
  if (recipe_.sample) {
    const Tensor pictures = recipe_.sample(system, {.count = kDrawn, .seed = seed});
    for (int64_t i = 0; i < pictures.size(0); ++i) {
      record_.examples.push_back({.png = small_png(select(pictures, 0, i)), .text = {}});
    }
  }
}

bool RunReport::restate(const std::string& run_dir, const std::string& state) {
  if (!std::filesystem::exists(train::record_path(run_dir))) return false;
  train::RunRecord record;
  try {
    record = train::load_record(run_dir);
  } catch (const Error&) {  // a damaged one is written anew
    return false;
  }
  record.state = state;
  write_record(run_dir, record);
  return true;
}

void RunReport::write(const std::string& run_dir, const std::string& state) {
  record_.state = state;
  write_record(run_dir, record_);
}

}  // namespace strata::app
