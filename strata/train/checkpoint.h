#pragma once

#include <cmath>
#include <cstdint>
#include <map>
#include <optional>
#include <string>

#include "strata/io/safetensors.h"
#include "strata/nn/state_dict.h"
#include "strata/train/training.h"

namespace strata::train {

/// Where a run stands: with the tensors beside it all that an exact resume needs.
struct RunState {
  int64_t step = 0;    ///< steps done
  int64_t epoch = 0;   ///< epoch of the next batch
  int64_t batch = 0;   ///< number of the next batch in it
  double loss = 0;     ///< of the last step
  double seconds = 0;  ///< trained so far, over all resumes
  bool finished = false;
  int64_t evaluated = 0;                        ///< epochs done when it was evaluated last
  double epoch_loss = 0;                        ///< sum over the steps of this epoch
  int64_t epoch_steps = 0;                      ///< steps of this epoch
  double best = NAN;                            ///< least loss that was watched; NaN: none yet
  int64_t waited = 0;                           ///< epochs since then
  bool stopped = false;                         ///< ended early, for want of improvement
  TensorMap best_weights;                       ///< of that epoch, as a state dict
  Metric metric;                                ///< the last one taken
  std::map<std::string, std::string> settings;  ///< of the recipe, for a resume to compare
};

/// The checkpoint's place in a run's folder.
std::string checkpoint_path(const std::string& run_dir);
/// The place of the finished weights alone, in PyTorch's names and layout.
std::string weights_path(const std::string& run_dir);

/// Whether a folder has one of the two: what a new run in it would cost.
bool holds_run(const std::string& run_dir);

/// Writes model, optimiser, this thread's random state and `state` into the run's folder, in one
/// step: a crash at any moment leaves the old checkpoint or the new one. Throws IoError.
void save_checkpoint(const std::string& run_dir, Training& training, const RunState& state);

/// Reads the checkpoint back into the training and this thread's random state; nothing if the
/// folder has none. Throws FormatError for a file that is no checkpoint of ours or damaged, the
/// training then being as it was, and ValueError where it does not fit the model, or is that of
/// another optimiser, which changes nothing either.
std::optional<RunState> load_checkpoint(const std::string& run_dir, Training& training);

/// What the folder's checkpoint says of the run, without any tensor; nothing if there is none.
/// Throws IoError, FormatError.
std::optional<RunState> saved_state(const std::string& run_dir);

/// Writes the model's weights for others to load, and with them the settings that tell how to build
/// the model again. Throws IoError.
void save_weights(const std::string& path, nn::Module& model,
                  const std::map<std::string, std::string>& settings = {});

/// The file of weights that is meant: a run's finished weights, else its checkpoint; or the path
/// itself; in other folders what find_weights finds. Throws IoError for a folder without weights.
std::string weights_file(const std::string& file_or_run);

/// The weights in a file (see load_tensors) or a run's folder, its header read once. Of a run that
/// keeps averages it is they that count, also while it is unfinished; of a finished one with
/// patience, the best.
class SavedWeights {
 public:
  /// Throws IoError, FormatError.
  explicit SavedWeights(const std::string& file_or_run);

  /// What a run or a file of ours was written with; empty for the files of others.
  const std::map<std::string, std::string>& settings() const { return settings_; }
  /// The tensors under the names of PyTorch's state dict. Throws IoError, FormatError.
  TensorMap load() const;

 private:
  void read_settings();

  std::string path_, prefix_;  // prefix_ begins the names that count
  std::optional<SafeTensors> file_;
  std::map<std::string, std::string> settings_;
};

/// Reads them into a model. Throws besides ValueError where they do not fit, see load_state_dict.
nn::LoadReport load_weights(const std::string& file_or_run, nn::Module& model,
                            nn::LoadOptions options = {});

}  // namespace strata::train
