#pragma once

#include <atomic>
#include <cstdint>
#include <map>
#include <string>

#include "strata/train/training.h"

namespace strata::train {

struct FitOptions {
  int64_t epochs = 1;
  int64_t steps = 0;  ///< stop after so many steps; 0: after the epochs
  /// Batches whose gradients make one step, as one batch so many times as large would (but for
  /// batch norms, whose statistics are each batch's own). Steps count the optimiser's; the last
  /// step of an epoch may have fewer batches.
  int64_t accumulate = 1;
  double clip_norm = 0;  ///< scale gradients down to this norm; 0: the training's own
  /// Folder for checkpoints and log; empty: keep nothing. A new run takes none that holds one, and
  /// none takes a folder that another is training in.
  std::string run_dir = {};
  bool resume = false;              ///< go on from the folder's checkpoint if there is one
  double checkpoint_seconds = 30;   ///< besides the one at each epoch's end
  int64_t log_every = 0;            ///< steps between lines of the log; 0: a thousand lines a run
  bool evaluate_each_epoch = true;  ///< else at the end alone
  /// Stop after so many epochs without improvement, and keep the best epoch's weights; 0: never.
  /// What is watched is the loss on samples held out of training, or where a training has none, the
  /// mean loss of the epoch.
  int64_t patience = 0;
  double min_delta = 0;                              ///< least fall that counts as improvement
  std::map<std::string, std::string> settings = {};  ///< kept in the checkpoint, compared on resume
  /// Kept beside the settings and not compared: what may change from one session to the next.
  std::map<std::string, std::string> notes = {};
  /// Set it from anywhere to save and stop: after the step, or in an evaluation that tells how far
  /// it is.
  const std::atomic<bool>* cancel = nullptr;
};

/// Where a fit stands; what observers are told.
struct Progress {
  int64_t step = 0, total_steps = 0;
  int64_t epoch = 0, epochs = 0;   ///< epoch counts from 0
  int64_t batch = 0, batches = 0;  ///< done and all, in this epoch
  double loss = 0;
  double learning_rate = 0;
  double seconds = 0;
};

/// Told of a fit's events, in the thread that fits. Nothing is printed by the library.
class FitObserver {
 public:
  virtual ~FitObserver() = default;
  /// The run's folder, if it has one, is this fit's alone from now on.
  virtual void opened(const Progress&) {}
  virtual void resumed(const Progress&) {}
  virtual void stepped(const Progress&) {}
  /// In the course of an evaluation, where the training tells.
  virtual void judging(const Progress&, const Judging&) {}
  virtual void evaluated(const Progress&, const Metric&) {}
  virtual void saved(const Progress&, const std::string& /*path*/) {}
};

struct FitResult {
  Metric metric;
  double loss = 0;     ///< of the last step
  int64_t steps = 0;   ///< since the run's start
  double seconds = 0;  ///< since the run's start
  bool cancelled = false;
  bool stopped_early = false;
};

/// Throws ValueError for a setting that is another now than when the run was started. Those that
/// one of the two lacks are not compared.
void require_same_settings(const std::map<std::string, std::string>& started_with,
                           const std::map<std::string, std::string>& now);

/// Trains: batches, gradients, clipping, the step, checkpoints, the log. The raw loop that it
/// stands for is as short (README). Before each step it makes sure that the loss and the gradients
/// are finite; if not it throws NumericError naming the first bad layer, and neither weights nor
/// checkpoint are touched. A resumed run ends in the same bits as an unbroken one. What is trained
/// is saved before it is evaluated, so an error there costs nothing, and a resumed run begins with
/// an evaluation that is missing. In the end the model holds the best weights where there is
/// patience, else the last ones.
///
/// Training::learning_rate() is the rate of the optimiser's first group. The others are kept in
/// proportion to it as they stood before the first schedule, the first fit for instance: see
/// Optimizer::initial_lr. A set_lr() between two fits changes nothing.
///
/// Throws ValueError for options out of range, for settings and notes that are not UTF-8 where a
/// checkpoint is to keep them, and for a metric that is named as another column of the log ("loss",
/// "lr"); where the settings differ from the checkpoint's, or the optimiser is another, before the
/// training is changed; where an epoch has fewer batches than were done of it; for a new run in a
/// folder that holds one; where the first group's initial_lr() is 0 and another's is not. Throws
/// IoError for a folder in which another fit, of whatever process, is at work.
FitResult fit(Training& training, const FitOptions& options, FitObserver* observer = nullptr);

}  // namespace strata::train
