#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "strata/nn/summary.h"
#include "strata/train/training.h"

namespace strata::train {

/// Something a trained model gave, for people to look at: a picture, a text, or both.
struct RunExample {
  std::string png;   ///< an encoded picture; empty if none
  std::string text;  ///< its caption, or what the model wrote
  bool wrong = false;
};

/// What there is to know of a run besides its log and its weights.
struct RunRecord {
  std::string name;   ///< of the run's folder
  std::string title;  ///< "LeNet-5"
  std::string state;  ///< "finished", or why and where it stopped
  /// What it was run as and on, in the order to be read: {"command", "strata train lenet5"}.
  std::vector<std::pair<std::string, std::string>> facts = {};
  std::map<std::string, std::string> settings = {};
  nn::Summary summary = {};
  Metric metric = {};
  double loss = 0;
  int64_t steps = 0;
  double seconds = 0;
  std::vector<RunExample> examples = {};
};

/// The record's place in a run's folder.
std::string record_path(const std::string& run_dir);

/// Writes the record into the run's folder as JSON, all but its name. Throws IoError.
void save_record(const std::string& run_dir, const RunRecord& record);

/// Reads it back; its name is the folder's. For a run without one, what its weights or checkpoint
/// tell. Throws IoError for a folder that holds no run, FormatError.
RunRecord load_record(const std::string& run_dir);

}  // namespace strata::train
