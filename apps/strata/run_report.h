#pragma once

#include <string>
#include <vector>

#include "recipes/recipe.h"
#include "strata/train/fit.h"
#include "strata/train/run_record.h"

namespace strata::app {

/// Writes what people look at beside a run's weights: run.json and report.html.
class RunReport final : public train::FitObserver {
 public:
  /// `facts` are how it was started, in the order to be read; the machine and the time follow them.
  RunReport(const recipes::Recipe& recipe, const recipes::Settings& settings,
            std::vector<std::pair<std::string, std::string>> facts);

  void stepped(const train::Progress& p) override;
  void evaluated(const train::Progress& p, const train::Metric& m) override;

  /// What the whole run has come to, of which this session may have seen nothing.
  void add_result(const train::FitResult& result);
  /// The same of a run that failed, as far as its checkpoint tells.
  void add_kept(const std::string& run_dir);
  void add_answers(const std::vector<train::Answer>& answers);
  /// Lets the finished weights in `run_dir` write a text or draw some pictures, where they can.
  /// That it went wrong is said, not thrown.
  void add_creations(const std::string& run_dir, uint64_t seed);

  /// Says anew what became of a run of which this session has done nothing: all else in its report
  /// stays. Returns false where the folder has none that can be read.
  static bool restate(const std::string& run_dir, const std::string& state);
  /// Writes both files and says where; that they cannot be written is said too, not thrown: the
  /// weights are in place.
  void write(const std::string& run_dir, const std::string& state);

 private:
  void create(const std::string& run_dir, uint64_t seed);

  const recipes::Recipe& recipe_;
  train::RunRecord record_;
};

}  // namespace strata::app
