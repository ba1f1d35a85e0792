#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include <fmt/format.h>

#include "apps/strata/run_report.h"
#include "apps/strata/terminal.h"
#include "strata/base/timer.h"
#include "strata/train/fit.h"

namespace strata::app {

/// Draws the progress of a fit: a bar on a terminal, a line an epoch in a pipe. An evaluation that
/// takes long is told of too.
class TerminalObserver final : public train::FitObserver {
 public:
  explicit TerminalObserver(RunReport& report) : report_(report) {}

  void opened(const train::Progress&) override { has_folder_ = true; }
  void resumed(const train::Progress& p) override {
    if (p.step < p.total_steps) {
      say(fmt::format("going on from step {} of {}", grouped(p.step), grouped(p.total_steps)));
    } else {
      say(fmt::format("nothing is left to train: {} done, {} asked for", counted(p.step, "step"),
                      grouped(p.total_steps)));
    }
  }
  void stepped(const train::Progress& p) override {
    idle_ = false;
    judging_for_.reset();
    report_.stepped(p);
    losses_.push_back(p.loss);
    smooth_ = losses_.size() == 1 ? p.loss : 0.98 * smooth_ + 0.02 * p.loss;
    const double left = p.step ? p.seconds / static_cast<double>(p.step) *
                                     static_cast<double>(p.total_steps - p.step)
                               : 0;
    line_.show(fmt::format("epoch {}/{} {} {:>3.0f}%  loss {:.4f}  lr {:.2g}  {} left", p.epoch + 1,
                           p.epochs, bar(fraction(p.batch, p.batches), 24),
                           100 * fraction(p.batch, p.batches), smooth_, p.learning_rate,
                           duration(left)));
  }
  void judging(const train::Progress&, const train::Judging& j) override {
    if (!judging_for_) judging_for_.emplace();
    if (judging_for_->seconds() < kQuick) return;
    line_.show(fmt::format("judging: {} of {} {}", grouped(j.done), grouped(j.all), j.what));
  }
  void evaluated(const train::Progress& p, const train::Metric& m) override {
    idle_ = false;
    judging_for_.reset();
    report_.evaluated(p, m);
    line_.clear();
    say(fmt::format("step {:>6}  loss {:.4f}  {} {:.4f}  {}", p.step,
                    losses_.empty() ? p.loss : smooth_, m.name, m.value, duration(p.seconds)));
  }
  void close() { line_.clear(); }
  const std::vector<double>& losses() const { return losses_; }
  /// Whether nothing was done yet.
  bool idle() const { return idle_; }
  /// Whether the run's folder was this run's to write into.
  bool has_folder() const { return has_folder_; }

 private:
  static constexpr double kQuick = 2;  // seconds of an evaluation that need no word

  static double fraction(int64_t a, int64_t b) {
    return b ? static_cast<double>(a) / static_cast<double>(b) : 0;
  }
  RunReport& report_;
  StatusLine line_;
  std::optional<Timer> judging_for_;
  std::vector<double> losses_;
  double smooth_ = 0;
  bool idle_ = true, has_folder_ = false;
};

}  // namespace strata::app
