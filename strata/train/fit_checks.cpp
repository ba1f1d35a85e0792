#include "strata/train/fit_checks.h"

#include <fmt/format.h>

#include "strata/base/error.h"
#include "strata/text/utf8.h"
#include "strata/train/run_log.h"

namespace strata::train {
namespace {

template <class T>
void require_at_least(T least, const char* option, T value) {
  if (value >= least) return;  // which no NaN is
  throw ValueError("fit", fmt::format("{} is out of range: {}", option, value));
}

/// JSON takes UTF-8 alone: with other bytes replaced, a resume would find another setting.
void require_utf8(const std::map<std::string, std::string>& texts) {
  for (const auto& [name, value] : texts) {
    if (is_utf8(name) && is_utf8(value)) continue;
    throw ValueError(repair_utf8(name),
                     fmt::format("'{}' is not UTF-8: a checkpoint cannot keep it",
                                 repair_utf8(is_utf8(name) ? value : name)));
  }
}

}  // namespace

void require_part(const char* owner, bool given, const char* what) {
  if (!given) throw ValueError(owner, std::string("lacks ") + what);
}

void check_options(const FitOptions& options) {
  require_at_least<int64_t>(0, "epochs", options.epochs);
  require_at_least<int64_t>(0, "steps", options.steps);
  require_at_least<int64_t>(1, "accumulate", options.accumulate);
  require_at_least(0.0, "clip_norm", options.clip_norm);
  require_at_least(0.0, "min_delta", options.min_delta);
  if (options.run_dir.empty()) return;
  require_utf8(options.settings);
  require_utf8(options.notes);
}

void check_rates(const Optimizer& optimizer) {
  for (int g = 0; g < optimizer.group_count(); ++g) {
    if (optimizer.initial_lr() != 0 || optimizer.initial_lr(g) == 0) continue;
    throw ValueError("fit", "the learning rate of the optimiser's first group is 0",
                     "the others follow the schedule in proportion to it");
  }
}

void check_metric_name(const std::string& name) {
  if (!is_log_column(name)) return;
  throw ValueError("fit", fmt::format("a metric cannot be named '{}'", name),
                   "the run's log has a column of that name");
}

void require_same_settings(const std::map<std::string, std::string>& started_with,
                           const std::map<std::string, std::string>& now) {
  for (const auto& [name, value] : now) {
    const auto at = started_with.find(name);
    if (at == started_with.end() || at->second == value) continue;
    throw ValueError(name, fmt::format("the run was started with {}, not {}", at->second, value),
                     "resume with the same settings, or choose another folder");
  }
}

}  // namespace strata::train
