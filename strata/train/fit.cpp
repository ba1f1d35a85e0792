#include "strata/train/fit.h"

#include <algorithm>
#include <cmath>
#include <filesystem>
#include <limits>
#include <optional>
#include <system_error>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "strata/autograd/backward.h"
#include "strata/base/activity.h"
#include "strata/base/error.h"
#include "strata/base/timer.h"
#include "strata/nn/state_dict.h"
#include "strata/ops/arithmetic.h"
#include "strata/ops/copy.h"
#include "strata/optim/clip.h"
#include "strata/tape/grad_mode.h"
#include "strata/train/checkpoint.h"
#include "strata/train/fit_checks.h"
#include "strata/train/guard.h"
#include "strata/train/run_lock.h"
#include "strata/train/run_log.h"
#include "strata/train/run_record.h"

namespace strata::train {
namespace {

constexpr int64_t kLogLines = 1000;

class Fit {
 public:
  Fit(Training& training, const FitOptions& options, FitObserver* observer)
      : training_(training),
        options_(options),
        observer_(observer ? *observer : silent_),
        parameters_(training.model().parameters()) {
    progress_.batches = training.batches_per_epoch();
    if (progress_.batches < 1) throw ValueError("fit", "an epoch has no batch: too little data?");
    check_options(options);
    check_rates(training.optimizer());
    const int64_t epoch_steps = (progress_.batches - 1) / options.accumulate + 1;
    progress_.epochs = options.epochs;
    if (options.steps > 0) {
      progress_.total_steps = options.steps;
      progress_.epochs = (options.steps - 1) / epoch_steps + 1;
    } else if (options.epochs > std::numeric_limits<int64_t>::max() / epoch_steps) {
      throw ValueError("fit", fmt::format("epochs is out of range: {}", options.epochs));
    } else {
      progress_.total_steps = options.epochs * epoch_steps;
    }
    state_.settings = options.settings;
    note();
    log_every_ = options.log_every > 0 ? options.log_every
                                       : std::max<int64_t>(1, progress_.total_steps / kLogLines);
    training_.watch_judging([this](const Judging& judging) {
      observer_.judging(progress_, judging);
      return !cancelled();
    });
  }
  Fit(const Fit&) = delete;
  Fit& operator=(const Fit&) = delete;
  ~Fit() { training_.watch_judging({}); }

  FitResult run() {
    open_run();
    training_.model().train();
    try {
      return result(go_on());
    } catch (const Cancelled&) {
      if (!cancelled()) throw;
      return result(true);  // in an evaluation: all was saved before
    }
  }

 private:
  bool cancelled() const { return options_.cancel && options_.cancel->load(); }
  bool has_steps_left() const { return state_.step < progress_.total_steps && !state_.stopped; }
  /// Until the state moves on to the next epoch. A checkpoint can hold that too, see watched().
  bool at_epoch_end() const { return !state_.finished && state_.batch == progress_.batches; }

  /// Whether the run was stopped after an epoch's end and before the epoch was evaluated.
  bool lacks_evaluation() const {
    return options_.evaluate_each_epoch && has_steps_left() && state_.batch == 0 &&
           state_.evaluated < state_.epoch;
  }

  /// Trains to the end, or until it is cancelled; returns whether it was.
  bool go_on() {
    bool positioned = false;
    if (lacks_evaluation()) evaluate();
    while (has_steps_left() || at_epoch_end()) {
      if (!at_epoch_end()) {
        if (!positioned || state_.batch == 0) training_.seek(state_.epoch, state_.batch);
        positioned = true;
        step();
      }
      const bool epoch_ended = at_epoch_end();
      if (epoch_ended) {
        watch();
        ++state_.epoch;
        state_.batch = 0;
      }
      if (cancelled()) {
        save();
        return true;
      }
      if (epoch_ended) {
        end_epoch();
      } else if (since_save_.seconds() >= options_.checkpoint_seconds) {
        save();
      }
    }
    finish();
    return false;
  }

  void open_run() {
    if (options_.run_dir.empty()) return;
    std::error_code error;
    std::filesystem::create_directories(options_.run_dir, error);
    if (error) throw IoError(options_.run_dir, "cannot make the folder: " + error.message());
    lock_.emplace(options_.run_dir);
    const bool resumes =
        options_.resume && std::filesystem::exists(checkpoint_path(options_.run_dir));
    if (!resumes) begin();
    observer_.opened(progress_);
    if (resumes) resume();
    log_.emplace((std::filesystem::path(options_.run_dir) / "log.jsonl").string(), state_.step);
  }

  /// Until a new run has weights of its own, those of another would be taken for its.
  void begin() {
    if (holds_run(options_.run_dir)) {
      throw ValueError(options_.run_dir, "holds a run, which a new one would overwrite",
                       "resume it, or choose another folder");
    }
    std::error_code none_there;
    std::filesystem::remove(record_path(options_.run_dir), none_there);
  }

  void note() {
    for (const auto& [name, value] : options_.notes) state_.settings[name] = value;
  }

  void resume() {
    const std::string path = checkpoint_path(options_.run_dir);
    require_same_settings(SavedWeights(path).settings(), options_.settings);
    state_ = load_checkpoint(options_.run_dir, training_).value();
    note();
    before_ = state_.seconds;
    state_.stopped = options_.patience > 0 && state_.waited >= options_.patience;
    if (has_steps_left()) {
      state_.finished = false;
      require_epoch_of(path);
    }
    if (!state_.finished && options_.patience <= 0) forget_best();
    update_progress();
    observer_.resumed(progress_);
  }

  void require_epoch_of(const std::string& path) const {
    if (state_.batch <= progress_.batches) return;
    throw ValueError(path,
                     fmt::format("has done {} batches of an epoch, which has {} of this data",
                                 state_.batch, progress_.batches),
                     "resume with the data that the run was started with");
  }

  void forget_best() {
    state_.best_weights.clear();
    state_.best = NAN;
    state_.waited = 0;
  }

  void step() {
    const Generator random = default_generator();
    Optimizer& optimizer = training_.optimizer();
    progress_.learning_rate = training_.learning_rate(state_.step, progress_.total_steps);
    if (const Plateau* plateau = training_.plateau()) {
      progress_.learning_rate = plateau->rate(progress_.learning_rate);
    }
    optimizer.set_lr_in_proportion(progress_.learning_rate);
    clear_gradients(optimizer);
    const int64_t batches = std::min(options_.accumulate, progress_.batches - state_.batch);
    const Generator of_last_batch = gather_gradients(batches, random);
    const double norm = clipped_norm(of_last_batch);
    update(optimizer);
    ++state_.step;
    state_.batch += batches;
    state_.epoch_loss += state_.loss;
    ++state_.epoch_steps;
    update_progress();
    observer_.stepped(progress_);
    if (log_ && state_.step % log_every_ == 0) {
      log_->add({{"step", state_.step},
                 {"epoch", state_.epoch + 1},
                 {"loss", state_.loss},
                 {"lr", progress_.learning_rate},
                 {"grad_norm", norm},
                 {"seconds", progress_.seconds}});
    }
  }

  void clear_gradients(Optimizer& optimizer) {
    optimizer.zero_grad();
    for (Tensor& p : parameters_) {  // and those that it does not hold, but clipping measures
      if (p.requires_grad()) p.set_grad({});
    }
  }

  /// Adds up the gradients of the next batches, each weighted by its samples. Returns the random
  /// state before the last one. `random` is that of the step's begin.
  Generator gather_gradients(int64_t batches, const Generator& random) {
    Generator before = random;
    double losses = 0, samples = 0;
    const std::vector<Tensor> statistics = batches > 1 ? copied_buffers() : std::vector<Tensor>();
    for (int64_t i = 0; i < batches; ++i) {
      before = default_generator();
      next_batch(random, statistics);
      const Tensor loss = forward();
      const auto value = loss.item<double>();
      if (!std::isfinite(value)) stop(fmt::format("the loss is {}", value), i, before);
      const double weight = batches > 1 ? static_cast<double>(training_.batch_samples()) : 1;
      go_back(batches > 1 ? loss * weight : loss);
      losses += weight * value;
      samples += weight;
    }
    state_.loss = losses / samples;
    if (batches > 1) scale_gradients(1 / samples);
    return before;
  }

  void scale_gradients(double factor) {
    const NoGrad no_grad;
    for (Tensor& p : parameters_) {
      if (p.grad().defined()) p.set_grad(p.grad() * factor);
    }
  }

  Tensor forward() {
    const ActivityScope scope(Activity::phase, "forward");
    return training_.loss();
  }

  static void go_back(const Tensor& loss) {
    const ActivityScope scope(Activity::phase, "backward");
    backward(loss);
  }

  void update(Optimizer& optimizer) {
    const ActivityScope scope(Activity::phase, "update");
    optimizer.step();
    if (EMA* averages = training_.averages()) averages->update();
  }

  std::vector<Tensor> copied_buffers() {
    std::vector<Tensor> out;
    for (const nn::NamedTensor& t : training_.model().named_tensors()) {
      if (!t.trained && t.tensor->defined()) out.push_back(copy(*t.tensor));
    }
    return out;
  }

  void restore_buffers(const std::vector<Tensor>& values) {
    if (values.empty()) return;
    const NoGrad no_grad;
    auto value = values.begin();
    for (const nn::NamedTensor& t : training_.model().named_tensors()) {
      if (!t.trained && t.tensor->defined()) copy_(*t.tensor, *value++);
    }
  }

  /// A batch that cannot be had, for instance for a damaged picture, costs nothing of what was
  /// learned: the run can go on from this step's begin, its random state and its statistics, once
  /// the data is mended.
  void next_batch(const Generator& random, const std::vector<Tensor>& statistics) {
    const ActivityScope scope(Activity::phase, "batch");
    try {
      training_.next_batch();
    } catch (...) {
      restore_buffers(statistics);
      save_before_error(random);
      throw;
    }
  }

  void save_before_error(const Generator& random) {
    default_generator() = random;
    if (bad_parameter(training_.model()).empty()) save_checked();
  }

  /// Norm of the gradients, clipped if that was asked for; stops the run where it is not finite.
  double clipped_norm(const Generator& random) {
    const double asked = options_.clip_norm > 0 ? options_.clip_norm : training_.clip_norm();
    const double limit = asked > 0 ? asked : std::numeric_limits<double>::infinity();
    try {
      return clip_grad_norm_(parameters_, limit, {.error_if_nonfinite = true});
    } catch (const NumericError&) {
      stop("a gradient is not finite", 0, random);
    }
  }

  /// `batch` counts those of this step.
  [[noreturn]] void stop(const std::string& what, int64_t batch, const Generator& random) {
    const std::string where = first_bad_place(training_, random);
    throw NumericError(
        "train",
        fmt::format("{} at step {} (epoch {}, batch {}): {}", what, state_.step + 1,
                    state_.epoch + 1, state_.batch + batch + 1, where),
        "the weights are as they were before this step; a lower learning rate often helps");
  }

  /// A step whose gradients were finite may still carry a weight beyond what its floats can hold.
  /// It must not reach a file: the last checkpoint is the way back.
  void require_finite_weights() {
    const std::string fault = bad_parameter(training_.model());
    if (fault.empty()) return;
    throw NumericError(
        "train", fmt::format("{} after step {}", fault, state_.step),
        "the last checkpoint, if there is one, is from before; a lower learning rate "
        "often helps");
  }

  /// What is watched of the epoch that has ended: lower is better. Where it cannot be had, a
  /// resume begins with it.
  double watched() {
    const NoGrad no_grad;
    const Generator random = default_generator();
    std::optional<double> held_out;
    try {
      const nn::ModeScope evaluation(training_.model(), false);
      const AveragedScope averaged(training_.averages());
      held_out = training_.validate();
    } catch (...) {
      save_before_error(random);
      throw;
    }
    return held_out.value_or(state_.epoch_loss / static_cast<double>(state_.epoch_steps));
  }

  /// Reduces the rate, remembers the best weights and stops the run, as the training and the
  /// options ask.
  void watch() {
    Plateau* plateau = training_.plateau();
    if (plateau || options_.patience > 0) {
      const double value = watched();
      if (plateau) plateau->observe(value);
      if (options_.patience > 0) wait_for_better(value);
    }
    state_.epoch_loss = 0;
    state_.epoch_steps = 0;
  }

  /// A NaN is never better, not even than nothing: else a run without one number would never end.
  void wait_for_better(double value) {
    const bool first = std::isnan(state_.best) && !std::isnan(value);
    if (first || value < state_.best - options_.min_delta) {
      {
        const AveragedScope averaged(training_.averages());
        state_.best_weights = nn::state_dict(training_.model());
      }
      state_.best = value;
      state_.waited = 0;
    } else if (++state_.waited >= options_.patience) {
      state_.stopped = true;
    }
  }

  void end_epoch() {
    if (!has_steps_left()) return;  // finish() does the rest
    save();
    if (options_.evaluate_each_epoch) evaluate();
  }

  void evaluate() {
    const NoGrad no_grad;
    {
      const nn::ModeScope evaluation(training_.model(), false);
      const AveragedScope averaged(best_restored_ ? nullptr : training_.averages());
      Metric metric = training_.evaluate();
      check_metric_name(metric.name);
      state_.metric = std::move(metric);
    }
    state_.evaluated = state_.epoch;
    update_progress();
    observer_.evaluated(progress_, state_.metric);
    if (log_) {
      log_->add({{"step", state_.step},
                 {"epoch", state_.epoch},
                 {state_.metric.name.c_str(), state_.metric.value},
                 {"seconds", progress_.seconds}});
    }
  }

  void restore_best() {
    if (state_.best_weights.empty()) return;
    nn::load_state_dict(training_.model(), state_.best_weights);
    best_restored_ = true;
  }

  /// The best weights are measured, written and left in the model; the checkpoint keeps the last
  /// ones, which belong to the optimiser's state and which a longer run goes on from.
  void finish() {
    if (state_.finished) return restore_best();
    require_finite_weights();
    save_checked();
    TensorMap last;
    if (!state_.best_weights.empty()) last = nn::state_dict(training_.model());
    restore_best();
    evaluate();
    if (options_.run_dir.empty()) return;
    {
      const AveragedScope averaged(best_restored_ ? nullptr : training_.averages());
      save_weights(weights_path(options_.run_dir), training_.model(), options_.settings);
    }
    state_.finished = true;  // only once the weights are in place: a resume would not write them
    if (best_restored_) nn::load_state_dict(training_.model(), last);
    save_checked();
    restore_best();
  }

  void save() {
    if (!options_.run_dir.empty()) require_finite_weights();
    save_checked();
  }

  /// Writes weights that are known to be finite.
  void save_checked() {
    since_save_.reset();
    if (options_.run_dir.empty()) return;
    state_.seconds = progress_.seconds;
    save_checkpoint(options_.run_dir, training_, state_);
    observer_.saved(progress_, checkpoint_path(options_.run_dir));
  }

  void update_progress() {
    progress_.step = state_.step;
    progress_.epoch = state_.epoch;
    progress_.batch = state_.batch;
    progress_.loss = state_.loss;
    progress_.seconds = before_ + timer_.seconds();
  }

  FitResult result(bool cancelled) const {
    return {state_.metric,     state_.loss, state_.step,
            progress_.seconds, cancelled,   state_.stopped && !cancelled};
  }

  Training& training_;
  const FitOptions& options_;
  FitObserver silent_;
  FitObserver& observer_;
  std::vector<Tensor> parameters_;
  Progress progress_;
  RunState state_;
  std::optional<RunLock> lock_;
  std::optional<RunLog> log_;
  int64_t log_every_ = 1;
  double before_ = 0;
  bool best_restored_ = false;
  Timer timer_, since_save_;
};

}  // namespace

FitResult fit(Training& training, const FitOptions& options, FitObserver* observer) {
  return Fit(training, options, observer).run();
}

}  // namespace strata::train
