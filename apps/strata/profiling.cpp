#include "apps/strata/profiling.h"

#include "apps/strata/terminal.h"
#include "strata/io/file.h"

namespace strata::app {

void ProfileOptions::add_to(CLI::App& command, const std::string& place) {
  command.add_flag("--profile", on, "tell time and memory by layer and by op");
  command
      .add_option("--trace", trace,
                  "with --profile: where the trace goes\n(default: " + place + ")")
      ->check(not_empty());
}

void ProfileOptions::check() const {
  if (trace.empty()) return;
  if (!on) throw UsageError("--trace", "needs --profile", "a trace is written of what is profiled");
  const AtomicFile can_be_written(trace);
}

ProfileRun::ProfileRun(const ProfileOptions& options, nn::Module* model) : options_(options) {
  options.check();
  if (options.on) profile_.emplace(model);
}

void ProfileRun::finish(const std::string& place) {
  if (!profile_) return;
  profile_->stop();
  say(profile_->table());
  const std::string path = options_.trace.empty() ? place : options_.trace;
  profile_->write_trace(path);
  say("trace: " + path + " (open it in ui.perfetto.dev)");
}

}  // namespace strata::app
