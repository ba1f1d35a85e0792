#pragma once

#include <optional>
#include <string>

#include "apps/strata/command.h"
#include "strata/nn/profile.h"

namespace strata::app {

/// The flags --profile and --trace of a command.
struct ProfileOptions {
  bool on = false;
  std::string trace;  ///< where the trace goes; empty: a place of the command's choice

  /// `place` is how the help calls that place.
  void add_to(CLI::App& command, const std::string& place);
  /// Throws UsageError for a place of a trace that is not asked for, and IoError where it cannot be
  /// written: else that shows when the work is done.
  void check() const;
};

/// Measures while it lives, if that was asked for.
class ProfileRun {
 public:
  ProfileRun(const ProfileOptions& options, nn::Module* model);
  /// Ends the measurement, says the table and writes the trace to --trace, or to `place`.
  void finish(const std::string& place);

 private:
  const ProfileOptions& options_;
  std::optional<nn::Profile> profile_;
};

}  // namespace strata::app
