#include <cmath>
#include <filesystem>
#include <optional>
#include <string_view>

#include <fmt/format.h>

#include "apps/strata/command.h"
#include "apps/strata/profiling.h"
#include "apps/strata/run_folder.h"
#include "apps/strata/run_report.h"
#include "apps/strata/terminal.h"
#include "apps/strata/train_observer.h"
#include "strata/base/parallel.h"
#include "strata/base/random.h"
#include "strata/io/base64.h"
#include "strata/io/png.h"
#include "strata/nn/precision.h"
#include "strata/ops/joining.h"
#include "strata/tape/grad_mode.h"
#include "strata/text/utf8.h"
#include "strata/train/checkpoint.h"
#include "strata/train/fit.h"
#include "strata/train/run_record.h"
#include "strata/vision/image.h"

namespace strata::app {
namespace {

namespace fs = std::filesystem;
using recipes::Recipe;

/// What a checkpoint calls the options that a resumed run takes over and that may change.
constexpr const char *kData = "--data", *kEpochs = "--epochs", *kSteps = "--steps",
                     *kPatience = "--patience", *kMinDelta = "--min-delta";
using Kept = std::map<std::string, std::string>;

// The state of a run, as its report calls it.
constexpr const char *kFinished = "finished",
                     *kUnreported = "trained; stopped before its report was made";

struct TrainArguments {
  Common common;
  ProfileOptions profile;
  std::string system, data, out, dtype = "f32", device = "cpu";
  std::vector<std::string> assignments;
  bool resume = false;
  int64_t epochs = 0, steps = 0;
  int64_t accumulate = 1, patience = 0;
  double save_every = 30, min_delta = 0, holdout = -1;
  uint64_t seed = 0;
  CLI::App* command = nullptr;

  bool typed(const std::string& flag) const { return command->count(flag) > 0; }
};

/// The folder named, or the newest one to resume; empty for a fresh one.
std::string given_run_dir(const TrainArguments& a) {
  if (!a.out.empty() || !a.resume) return a.out;
  return newest_run(a.system);
}

/// A new run would cost one that lies in its folder.
void require_free(const TrainArguments& a, const std::string& run_dir) {
  if (run_dir.empty() || !train::holds_run(run_dir)) return;
  if (!a.resume) {
    throw UsageError("--out", run_dir + " holds a run already",
                     "--resume goes on with it; a new one needs another folder: --out");
  }
  if (!fs::exists(train::checkpoint_path(run_dir))) {
    throw UsageError("--resume", run_dir + " holds weights, but no checkpoint to go on from",
                     "a new run needs another folder: --out");
  }
}

constexpr std::string_view kInBase64 = "base64:";

/// A path as a checkpoint's JSON can keep it, which takes UTF-8 alone.
std::string kept_path(const std::string& data) {
  if (data.empty()) return {};
  const std::string path = fs::absolute(data).string();
  return is_utf8(path) ? path : std::string(kInBase64) + encode_base64(path);
}

std::string path_of(const std::string& kept) {
  return kept.starts_with(kInBase64) ? decode_base64(kept.substr(kInBase64.size())) : kept;
}

/// A tenth of the training samples where early stopping asks for some to judge by.
double held_share(const TrainArguments& a) {
  if (a.holdout >= 0) return a.holdout;
  return a.patience > 0 ? 0.1 : 0;
}

/// What a run is started with and cannot change.
Kept remembered(const TrainArguments& a, const recipes::Settings& settings) {
  Kept out = recipes::settings_to_save(a.system, settings);
  out.insert({{"seed", std::to_string(a.seed)},
              {"dtype", a.dtype},
              {"accumulate", std::to_string(a.accumulate)},
              {"holdout", fmt::format("{}", held_share(a))}});
  return out;
}

/// What the run that is to be resumed was started with; nothing where there is none.
Kept kept_options(const Recipe& recipe, const std::string& checkpoint) {
  if (!fs::exists(checkpoint)) return {};
  Kept kept = train::SavedWeights(checkpoint).settings();
  // Of what an older run did not keep it was this.
  kept.insert(recipe.before.begin(), recipe.before.end());
  TrainArguments plain;
  plain.system = recipe.name;
  kept.merge(remembered(plain, recipe.settings()));
  checked_usage([&] { train::require_same_settings(kept, {{"system", recipe.name}}); });
  return kept;
}

/// Takes over what is kept of an option that was not typed, as if it had been.
void adopt(const TrainArguments& a, const std::string& flag, const std::string& value,
           const std::string& checkpoint) {
  if (a.typed(flag)) return;
  try {
    a.command->get_option(flag)->add_result(value)->run_callback();
  } catch (const CLI::ParseError& e) {
    throw FormatError(checkpoint, fmt::format("the run's options are damaged: {}", e.what()));
  }
}

/// A resumed run goes on with all that it was started with, but for what is typed now.
void adopt_options(TrainArguments& a, const Kept& kept, const std::string& checkpoint) {
  if (kept.empty()) return;
  const auto given = [&](const char* flag) {  // 0 stands for an option that was left out
    const auto at = kept.find(flag);
    return at != kept.end() && at->second != "0";
  };
  if (a.typed(kPatience) && !given(kPatience) && !a.typed("--holdout") &&
      kept.at("holdout") == "0") {
    throw UsageError(kPatience, "the run was started without samples held out to judge by",
                     "choose another folder; --holdout 0 judges by the training's loss");
  }
  std::vector<const char*> may_change = {kPatience, kMinDelta};
  if (!a.typed(kEpochs) && !a.typed(kSteps)) {
    may_change.insert(may_change.end(), {kEpochs, kSteps});
  }
  for (const char* flag : may_change) {
    if (given(flag)) adopt(a, flag, kept.at(flag), checkpoint);
  }
  if (!a.typed(kData) && kept.contains(kData)) a.data = path_of(kept.at(kData));
  for (const std::string name : {"seed", "dtype", "accumulate", "holdout"}) {
    adopt(a, "--" + name, kept.at(name), checkpoint);
  }
}

recipes::Settings settings_of(const Recipe& recipe, const TrainArguments& a, const Kept& kept,
                              const std::string& checkpoint) {
  recipes::Settings settings = recipe.settings();
  try {
    settings.take(kept);
  } catch (const ValueError& e) {
    throw FormatError(checkpoint, fmt::format("the run's settings are damaged: {}", e.what()));
  }
  assign_typed(settings, a.assignments);
  return settings;
}

train::FitOptions fit_options(const Recipe& recipe, const TrainArguments& a,
                              const recipes::Settings& settings, const std::string& run_dir) {
  train::FitOptions o;
  o.epochs = a.epochs > 0 ? a.epochs : recipe.epochs;
  o.steps = a.steps > 0 || a.epochs > 0 ? a.steps : recipe.steps;
  o.run_dir = run_dir;
  o.resume = a.resume;
  o.checkpoint_seconds = a.save_every;
  o.accumulate = a.accumulate;
  o.patience = a.patience;
  o.min_delta = a.min_delta;
  o.settings = remembered(a, settings);
  o.notes = {{kData, kept_path(a.data)},
             {kEpochs, std::to_string(o.steps > 0 ? 0 : o.epochs)},
             {kSteps, std::to_string(o.steps)},
             {kPatience, std::to_string(o.patience)},
             {kMinDelta, fmt::format("{}", o.min_delta)}};
  o.cancel = &interrupted();
  return o;
}

void announce(const Recipe& r, const TrainArguments& a, const train::FitOptions& o,
              nn::Module& model, const train::Training& training) {
  const char* generated =
      r.data.empty() ? "data of its own" : "generated data (--data for real ones)";
  say(fmt::format("{} with {} parameters, on {}", bold(r.title), grouped(model.parameter_count()),
                  a.data.empty() ? generated : a.data));
  const int64_t epoch_steps = (training.batches_per_epoch() - 1) / o.accumulate + 1;
  const int64_t steps = o.steps ? o.steps : o.epochs * epoch_steps;
  const std::string why = o.steps == 0         ? counted(o.epochs, "epoch")
                          : o.steps == r.steps ? "its default"
                                               : "as asked";
  say(fmt::format("{} ({}), seed {}, {}, {}, into {}", counted(steps, "step"), why, a.seed, a.dtype,
                  counted(thread_count(), "thread"), o.run_dir));
}

/// Half as large, for a terminal.
Tensor halved(const Tensor& image) {
  return image.size(0) > 20 ? resize(image, image.size(0) / 2, image.size(1) / 2) : image;
}

constexpr int64_t kAnswersShown = 8, kAnswersKept = 64;

/// Writes some answers as one picture into the run's folder; on a terminal shows the first of them.
void show_answers(const std::vector<train::Answer>& answers, const std::string& run_dir) {
  if (answers.empty()) return;
  std::vector<Tensor> pictures;
  std::vector<std::vector<std::string>> blocks;
  int width = 0;
  size_t wrong = 0;
  for (const train::Answer& a : answers) {
    pictures.push_back(a.seen);
    const bool right = a.answer == a.truth;
    wrong += !right;
    if (static_cast<int64_t>(blocks.size()) == kAnswersShown) continue;
    const Tensor small = halved(a.seen);
    width += static_cast<int>(small.size(1)) + 1;
    if (width > terminal_width()) continue;
    auto block = picture(small);
    block.push_back(right ? a.answer : styled(a.answer + ", is " + a.truth, "31"));
    blocks.push_back(std::move(block));
  }
  if (is_terminal()) {
    for (const auto& line : side_by_side(blocks, 1)) say(line);
  }
  const std::string path = (fs::path(run_dir) / "answers.png").string();
  write_png(path, to_bytes(picture_grid(stack(pictures, 0), 8, 0.5f)));
  say(fmt::format("{} of {} answers right in {}", answers.size() - wrong, answers.size(), path));
}

/// Whether the folder has the report of a finished run already, to which nothing was added; of one
/// with so many steps, where they are known: a longer run may have ended before its own was made.
bool is_reported(const train::FitOptions& options, const TerminalObserver& observer,
                 std::optional<int64_t> steps = std::nullopt) {
  if (!options.resume || !observer.idle()) return false;
  if (!fs::exists(train::record_path(options.run_dir))) return false;
  try {
    const train::RunRecord record = train::load_record(options.run_dir);
    return record.state == kFinished && record.steps == steps.value_or(record.steps);
  } catch (const Error&) {  // a damaged one is written anew
    return false;
  }
}

/// The numbers stay those of the run, of which a session that was resumed may have seen nothing.
void write_failure(const train::FitOptions& options, const TerminalObserver& observer,
                   RunReport& report, const std::string& why) {
  if (options.resume && observer.idle() && RunReport::restate(options.run_dir, why)) return;
  if (options.resume) report.add_kept(options.run_dir);
  report.write(options.run_dir, why);
}

/// Trains; where that fails, the report says why.
train::FitResult run_fit(train::Training& training, const train::FitOptions& options,
                         TerminalObserver& observer, RunReport& report) {
  try {
    const StopsItself saves_first;
    const train::FitResult result = fit(training, options, &observer);
    observer.close();
    return result;
  } catch (const Error& e) {
    observer.close();
    // A folder that another run holds has that one's report.
    if (observer.has_folder() && !is_reported(options, observer)) {
      write_failure(options, observer, report, e.what());
    }
    throw;
  }
}

/// Shows and keeps what the finished network makes of some samples. What goes wrong is told: the
/// weights are in place.
void finish(train::Training& training, const std::string& run_dir, uint64_t seed,
            RunReport& report) {
  // In the last evaluation: all is saved, and a resumed run makes the report.
  if (interrupted()) return report.write(run_dir, kUnreported);
  const NoGrad no_grad;
  training.model().eval();
  try {
    const std::vector<train::Answer> answers = training.answers(kAnswersKept);
    report.add_answers(answers);
    show_answers(answers, run_dir);
  } catch (const Error& e) {
    say(std::string("the answers could not be shown: ") + e.what());
  }
  report.add_creations(run_dir, seed);
  report.write(run_dir, kFinished);
}

/// A profile whose trace cannot be written costs the run nothing.
void finish_profile(ProfileRun& profile, const std::string& run_dir) {
  try {
    profile.finish((fs::path(run_dir) / "trace.json").string());
  } catch (const Error& e) {
    say(std::string("the trace could not be written: ") + e.what());
  }
}

void conclude(const Recipe& r, const train::FitResult& result, const std::string& run_dir,
              const std::vector<double>& losses) {
  if (is_terminal() && losses.size() > 8) {
    say(dim("loss"));
    for (const auto& line : curve(losses, std::min(60, terminal_width() - 2), 4)) say(line);
  }
  say(fmt::format("{} {}  in {}", result.metric.name,
                  bold(fmt::format("{:.4f}", result.metric.value)), duration(result.seconds)));
  say(fmt::format("weights: {}", train::weights_path(run_dir)));
  const auto say_next = [&](const char* command, const char* more) {
    say(fmt::format("next: strata {} {} --weights {}{}", command, r.name, shell_word(run_dir),
                    more));
  };
  if (r.predict) say_next("predict", " FILE.png");
  if (r.generate) say_next("generate", " TEXT");
  if (r.sample) say_next("sample", "");
}

nlohmann::ordered_json result_json(const std::string& system, nn::Module& model,
                                   const train::FitResult& result, const std::string& run_dir) {
  return {{"system", system},
          {"parameters", model.parameter_count()},
          {"metric", {{"name", result.metric.name}, {"value", result.metric.value}}},
          {"details", result.metric.details},
          {"loss", result.loss},
          {"seconds", result.seconds},
          {"steps", result.steps},
          {"run_dir", run_dir}};
}

/// What can be said of the command line before anything is read or made.
void check_request(const Recipe& recipe, const TrainArguments& a, const std::string& run_dir) {
  if (!recipe.training)
    throw UsageError(a.system, "has no training here", "strata info tells what it does");
  require_free(a, run_dir);
  const Device device = checked_usage([&] { return device_from_name(a.device); });
  if (device != kCpu) throw UsageError("--device", "this build trains on the processor alone");
  if (!a.data.empty() && recipe.data.empty()) {
    throw UsageError("--data", a.system + " makes its own data and takes no other");
  }
  a.profile.check();
}

int train_system(TrainArguments& a, const Program& program) {
  a.common.apply();
  const Recipe& recipe =
      checked_usage([&]() -> const Recipe& { return recipes::find_recipe(a.system); });
  std::string run_dir = given_run_dir(a);
  const std::string checkpoint = run_dir.empty() ? "" : train::checkpoint_path(run_dir);
  check_request(recipe, a, run_dir);
  const Kept kept = a.resume ? kept_options(recipe, checkpoint) : Kept();
  adopt_options(a, kept, checkpoint);
  recipes::Settings settings = settings_of(recipe, a, kept, checkpoint);
  const auto check_same = [&] {
    checked_usage([&] { train::require_same_settings(kept, remembered(a, settings)); });
  };
  check_same();
  const DType dtype = checked_usage([&] { return dtype_from_name(a.dtype); });
  const nn::PrecisionScope precision(dtype);

  const recipes::Source source = {.data = a.data, .seed = a.seed, .holdout = held_share(a)};
  if (recipe.prepare) recipe.prepare(settings, source);
  check_same();  // of what follows from the data too
  manual_seed(a.seed);
  const auto model = recipe.model(settings);
  const auto training = recipe.training(*model, settings, source);
  if (a.holdout > 0 && !training->holds_out()) {
    throw UsageError("--holdout", a.system + " has no samples to hold out");
  }
  RunReport report(recipe, settings,
                   {{"command", program.command_line},
                    {"seed", std::to_string(a.seed)},
                    {"dtype", a.dtype},
                    {"data", a.data.empty() ? "generated" : a.data}});
  TerminalObserver observer(report);
  ProfileRun profile(a.profile, model.get());
  std::optional<FreshRun> fresh;  // only now: an error before leaves no folder behind
  if (run_dir.empty()) run_dir = fresh.emplace(a.system).path();
  const train::FitOptions options = fit_options(recipe, a, settings, run_dir);
  announce(recipe, a, options, *model, *training);
  const train::FitResult result = run_fit(*training, options, observer, report);
  report.add_result(result);
  finish_profile(profile, options.run_dir);
  if (result.cancelled) {
    report.write(options.run_dir, fmt::format("stopped at step {}", result.steps));
    say(fmt::format("stopped at step {}, saved. Go on with: strata train {} --resume --out {}",
                    result.steps, a.system, shell_word(options.run_dir)));
  } else {
    if (result.stopped_early) {
      say(fmt::format("stopped after step {}: no better for {} epochs; the best weights are kept",
                      result.steps, a.patience));
    }
    if (!is_reported(options, observer, result.steps)) {
      finish(*training, options.run_dir, a.seed, report);
    }
    conclude(recipe, result, options.run_dir, observer.losses());
  }
  if (a.common.json) print_json(result_json(a.system, *model, result, options.run_dir));
  return interrupted() ? kInterrupted : kDone;
}

constexpr uint64_t kMostCounted =
    1'000'000'000;  // of what is counted: products of two stay in range

}  // namespace

void add_train(CLI::App& app, Program& program) {
  auto* command = app.add_subcommand("train", "train a system, with checkpoints and exact resume");
  command->footer(
      "Example: strata train lenet5 --data mnist/ --epochs 6 lr=0.004\n"
      "strata info SYSTEM lists the keys. Ctrl-C saves and stops; --resume goes on.");
  auto a = std::make_shared<TrainArguments>();
  a->command = command;
  a->common.add_to(*command);
  a->profile.add_to(*command, "trace.json in the run's folder");
  command->add_option("system", a->system, "a name from strata list")->required();
  command->add_option("key=value", a->assignments, "settings of the system")->type_name("");
  command
      ->add_option("--data", a->data,
                   "the data, as strata info tells: a folder or a file\n(default: a generated set)")
      ->check(not_empty());
  command
      ->add_option("--out", a->out,
                   "the run's folder (default: runs/SYSTEM, or\nSYSTEM-2, ... if taken; with "
                   "--resume the\nnewest of them)")
      ->check(not_empty());
  command->add_flag("--resume", a->resume,
                    "go on from the folder's checkpoint, if it has one,\nwith the options it was "
                    "started with");
  auto* epochs = command->add_option("--epochs", a->epochs, "passes over the data")
                     ->check(positive())
                     ->check(at_most(kMostCounted));
  command->add_option("--steps", a->steps, "stop after so many steps; not with --epochs")
      ->check(positive())
      ->check(at_most(kMostCounted))
      ->excludes(epochs);
  command->add_option("--accumulate", a->accumulate, "batches whose gradients make one step")
      ->check(positive())
      ->check(at_most(kMostCounted))
      ->capture_default_str();
  auto* patience =
      command
          ->add_option("--patience", a->patience, "stop after so many epochs that were no better")
          ->check(positive())
          ->check(at_most(kMostCounted));
  command->add_option("--min-delta", a->min_delta, "least fall of the loss that is better")
      ->check(not_negative())
      ->needs(patience)
      ->capture_default_str();
  command->add_option("--holdout", a->holdout, "share held out to judge by; 0.1 with --patience")
      ->check(between(0, 0.9));
  command->add_option("--save-every", a->save_every, "seconds between checkpoints in an epoch")
      ->check(not_negative())
      ->capture_default_str();
  command->add_option("--seed", a->seed, "start of all random numbers")
      ->check(any_seed())
      ->capture_default_str();
  command->add_option("--dtype", a->dtype, "precision of products: f32 or bf16")
      ->check(CLI::IsMember({"f32", "bf16"}))
      ->capture_default_str();
  command->add_option("--device", a->device, "cpu; this build has no cuda")->capture_default_str();
  command->callback([=, &program] { program.status = train_system(*a, program); });
}

}  // namespace strata::app
