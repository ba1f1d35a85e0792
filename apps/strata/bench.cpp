#include <algorithm>
#include <cstdlib>
#include <fstream>
#include <string>
#include <utility>

#include <fmt/format.h>

#include "apps/strata/command.h"
#include "apps/strata/profiling.h"
#include "apps/strata/terminal.h"
#include "bench/conv_shapes.h"
#include "bench/elementwise_bench.h"
#include "bench/library_threads.h"
#include "bench/matmul_shapes.h"
#include "bench/timing.h"
#include "bench/workloads.h"
#include "strata/base/parallel.h"
#include "strata/device/cpu_allocator.h"
#include "strata/kernels/machine.h"
#include "strata/kernels/work_log.h"

namespace strata::app {
namespace {

using bench::Workload;

struct Machine {
  std::string cpu = kernels::processor_name();
  int threads = thread_count();
  double peak_f32 = kernels::peak_f32_gflops(), copy = kernels::copy_gbs(),
         read = kernels::read_gbs();
  double peak_bf16 = kernels::has_native_bf16() ? kernels::peak_bf16_gflops() : peak_f32;
};

/// Milliseconds that this machine allows for some work: its products and convolutions at the best
/// rates of a library's primitives, and what else is counted at the speed of memory.
struct Bound {
  double primitives = 0;  ///< bound_ms
  double kernels = 0;     ///< the same with our kernels where they are faster than any primitive

  Bound operator+(const Bound& o) const { return {primitives + o.primitives, kernels + o.kernels}; }
  Bound operator*(double times) const { return {primitives * times, kernels * times}; }
};

Bound least(const Bound& a, const Bound& b) {
  return {std::min(a.primitives, b.primitives), std::min(a.kernels, b.kernels)};
}

Bound most(const Bound& a, double ms) {
  return {std::max(a.primitives, ms), std::max(a.kernels, ms)};
}

struct Row {
  std::string name;
  double ms_median = 0, ms_min = 0, gflops = 0, of_peak = 0;
  Bound bound;
  double added_mib = 0;  ///< memory that steps took beyond what the loaded workload held
  /// Of workloads that write tokens: how many a second behind the first, and the time that reading
  /// the weights for them takes at the read speed measured in turn, as a share of theirs.
  double tokens_per_second = 0, of_read = 0;
};

std::string full_name(const bench::ConvRow& r) {
  return fmt::format("{} {}", r.shape.name, bench::name_of(r.pass));
}

/// Of a shape that was timed in both ways.
template <class Timed>
Bound bound_in(const Timed& r) {
  return {r.onednn_ms, std::min(r.ms, r.onednn_ms)};
}

/// Of a product. Stacks are those of attention, whose scores a kernel need not write to memory: a
/// few of their products are timed, in the caches.
Bound bound_of(const kernels::ProductShape& p) {
  constexpr int64_t kMost = 8;
  const int64_t batch = std::min(p.batch, kMost);
  const auto r = bench::run_matmul_shape({"", batch, p.m, p.n, p.k, p.trans_a, p.trans_b}, 0.1);
  return bound_in(r) * (static_cast<double>(p.batch) / static_cast<double>(batch));
}

Bound bound_of(const std::pair<kernels::Conv2dShape, kernels::ConvPass>& what) {
  return bound_in(bench::run_conv_shape({"", what.first}, what.second, 0.1));
}

/// The best of two passes over all entries: the machine has good and bad moments.
template <class List>
Bound bound_of_all(const List& list) {
  std::vector<Bound> best(list.size(), {1e30, 1e30});
  for (int pass = 0; pass < 2; ++pass) {
    for (size_t i = 0; i < list.size(); ++i) best[i] = least(best[i], bound_of(list[i].first));
  }
  Bound sum;
  for (size_t i = 0; i < list.size(); ++i) sum = sum + best[i] * list[i].second;
  return sum;
}

/// Of a step: its products and convolutions, each shape timed alone in this run, and the bytes of
/// the optimiser and of batch norms at the copy speed. What else it computes counts as nothing.
Bound bound_of(const Workload& w, const kernels::WorkLog& log, const Machine& machine) {
  const double bytes_ms = w.bytes / machine.copy * 1e-6;
  return bound_of_all(log.products) + bound_of_all(log.convolutions) + Bound{bytes_ms, bytes_ms};
}

/// Bytes that a process holds: "VmRSS", and "VmHWM", the most since the mark was reset.
double resident_mib(const std::string& which) {
  std::ifstream status("/proc/self/status");
  for (std::string line; std::getline(status, line);) {
    if (line.starts_with(which + ":")) return std::stod(line.substr(which.size() + 1)) / 1024;
  }
  return 0;
}

constexpr int kProfiledSteps = 3;

/// Times steps of a workload that writes tokens again, in turn with reads of memory, and says how
/// long reading its weights for one of them takes at the best of their speeds.
double time_beside_reads(const Workload& w, const std::function<void()>& step, double seconds,
                         bench::Timing& t) {
  constexpr int kRounds = 6;
  double gbs = 0;
  for (int i = 0; i < kRounds; ++i) {
    gbs = std::max(gbs, kernels::read_gbs(0.2, static_cast<int64_t>(w.writing->bytes)));
    t.ms_min = std::min(t.ms_min, bench::time_steps(step, seconds / kRounds).ms_min);
  }
  return 1e-6 * w.writing->bytes / gbs;
}

Row run_workload(const Workload& w, const Machine& machine, double seconds, bool with_bound,
                 const ProfileOptions& profiling) {
  trim_cpu_memory();
  const std::function<void()> step = w.make();
  std::ofstream("/proc/self/clear_refs") << 5;  // resets the mark
  const double loaded = resident_mib("VmRSS");
  bench::Timing t = bench::time_steps(step, seconds);
  const double added = resident_mib("VmHWM") - loaded;
  const double read_ms = w.writing ? time_beside_reads(w, step, seconds, t) : 0;
  kernels::WorkLog log;
  {
    const kernels::WorkLogScope scope(log);
    step();
  }
  ProfileRun profile(profiling, nullptr);
  for (int i = 0; profiling.on && i < kProfiledSteps; ++i) step();
  profile.finish("trace-" + w.name + ".json");
  Bound bound;
  if (with_bound) {
    bound = most(bound_of(w, log, machine), w.writing ? (w.writing->tokens + 1) * read_ms : 0);
    // The machine drifts within minutes: a share compares what was reached in one sitting.
    t.ms_min = std::min(t.ms_min, bench::time_steps(step, seconds).ms_min);
  }
  const double gflops = log.flops() / t.ms_min * 1e-6;
  return {.name = w.name,
          .ms_median = t.ms_median,
          .ms_min = t.ms_min,
          .gflops = gflops,
          .of_peak = gflops / machine.peak_f32,
          .bound = bound,
          .added_mib = added,
          .tokens_per_second = w.writing ? 1e3 * w.writing->tokens / w.writing->ms : 0,
          .of_read = w.writing ? read_ms * w.writing->tokens / w.writing->ms : 0};
}

std::vector<Row> run_matmuls(const Machine& machine) {
  std::vector<Row> rows;
  for (const auto& r : bench::run_matmul_shapes("", 0.2)) {
    rows.push_back(
        {"matmul/" + r.shape.name, r.ms, r.ms, r.gflops, r.gflops / machine.peak_f32, bound_in(r)});
  }
  return rows;
}

std::vector<Row> run_convolutions(const Machine& machine) {
  std::vector<Row> rows;
  for (const auto& r : bench::run_conv_shapes("", 0.1)) {
    rows.push_back(
        {"conv2d/" + full_name(r), r.ms, r.ms, r.gflops, r.gflops / machine.peak_f32, bound_in(r)});
  }
  return rows;
}

/// Bound by memory: what the same bytes take at the speed of a copy measured in turn.
std::vector<Row> run_elementwise_ops() {
  constexpr int64_t kElements = int64_t{32} << 20;
  std::vector<Row> rows;
  for (const auto& r : bench::run_elementwise("", kElements, 0.2)) {
    const double copy_ms = r.ms * r.gbs / r.copy_gbs;
    rows.push_back({"elementwise/" + r.name, r.ms, r.ms, 0, 0, {copy_ms, copy_ms}});
  }
  return rows;
}

const std::vector<std::string>& list_names() {
  static const std::vector<std::string> names = {"matmul", "conv2d", "elementwise"};
  return names;
}

void check_names(const std::vector<std::string>& names) {
  std::vector<std::string> known = list_names();
  for (const Workload& w : bench::workloads()) known.push_back(w.name);
  for (const std::string& name : names) {
    if (std::find(known.begin(), known.end(), name) != known.end()) continue;
    const std::string near = nearest_name(name, known);
    throw UsageError(name, "there is no such benchmark",
                     near.empty() ? fmt::format("one of {}", fmt::join(known, ", "))
                                  : "did you mean " + near + "?");
  }
}

bool is_wanted(const std::vector<std::string>& names, const std::string& name) {
  return names.empty() || std::find(names.begin(), names.end(), name) != names.end();
}

/// Before anything is measured, which takes its time.
void check_trace(const std::vector<std::string>& names, const ProfileOptions& profiling) {
  profiling.check();
  if (profiling.trace.empty()) return;
  const auto& all = bench::workloads();
  const auto traced = std::count_if(all.begin(), all.end(),
                                    [&](const Workload& w) { return is_wanted(names, w.name); });
  if (traced == 1) return;
  throw UsageError("--trace", fmt::format("is the file of one workload, but {} are traced", traced),
                   "without it each has its own, trace-NAME.json");
}

nlohmann::ordered_json to_json(const Machine& m, const std::vector<Row>& rows, bool with_bound) {
  auto results = nlohmann::ordered_json::array();
  for (const Row& r : rows) {
    results.push_back({{"name", r.name},
                       {"ms_median", r.ms_median},
                       {"ms_min", r.ms_min},
                       {"gflops", r.gflops},
                       {"of_peak", r.of_peak}});
    if (with_bound) {
      results.back()["bound_ms"] = r.bound.primitives;
      results.back()["kernels_bound_ms"] = r.bound.kernels;
    }
    results.back()["added_mib"] = r.added_mib;
    if (r.tokens_per_second == 0) continue;
    results.back()["tokens_per_second"] = r.tokens_per_second;
    results.back()["of_read"] = r.of_read;
  }
  return {{"machine",
           {{"cpu", m.cpu},
            {"threads", m.threads},
            {"peak_f32_gflops", m.peak_f32},
            {"peak_bf16_gflops", m.peak_bf16},
            {"copy_gbs", m.copy},
            {"read_gbs", m.read}}},
          {"results", results}};
}

void print_machine(const Machine& m) {
  const std::string line =
      fmt::format("{}, {} threads: {:.0f} GFLOP/s f32, copy {:.1f} GB/s, read {:.1f} GB/s", m.cpu,
                  m.threads, m.peak_f32, m.copy, m.read);
  fmt::print("{}\n\n", wrapped(line));
}

void print_head(bool with_bound) {
  fmt::print("{:<19} {:>10} {:>10} {:>9} {:>8}", "work", "median ms", "least ms", "GFLOP/s",
             "of peak");
  if (with_bound) fmt::print(" {:>9} {:>9}", "bound ms", "of bound");
  fmt::print("\n");
}

void print_row(const Row& r, bool with_bound) {
  constexpr size_t kNameColumns = 19;
  const bool fits = r.name.size() <= kNameColumns;
  if (!fits) fmt::print("{}\n", r.name);
  fmt::print("{:<{}} {:>10.4g} {:>10.4g} {:>9.1f} {:>7.0f}%", fits ? r.name : "", kNameColumns,
             r.ms_median, r.ms_min, r.gflops, 100 * r.of_peak);
  if (with_bound) {
    fmt::print(" {:>9.4g} {:>8.0f}%", r.bound.primitives, 100 * r.bound.primitives / r.ms_min);
  }
  fmt::print("\n");
  if (r.tokens_per_second > 0) {
    fmt::print("{:<{}} {:.1f} tokens a second, {:.0f}% of what the read speed allows\n", "",
               kNameColumns, r.tokens_per_second, 100 * r.of_read);
  }
  std::fflush(stdout);
}

/// OpenMP reads the variable before main() begins, so that it can only be told, not set.
void tell_of_spinning(const std::vector<Row>& rows) {
  constexpr double kTooHigh = 4;  // no way of ours is so much faster than all of the library's
  if (std::getenv("OMP_WAIT_POLICY")) return;
  const auto too_high = [](const Row& r) { return r.bound.primitives > kTooHigh * r.ms_min; };
  if (!std::any_of(rows.begin(), rows.end(), too_high)) return;
  constexpr const char* kText =
      "A bound far above what was reached tells of a busy machine: the library's threads spin on "
      "cores that other work, ours too, wants. OMP_WAIT_POLICY=passive lets them sleep.";
  say(wrapped(kText));
}

int run_bench(const std::vector<std::string>& names, double seconds, bool with_bound,
              const ProfileOptions& profiling, const Common& common) {
  common.apply();
  if (common.threads > 0) bench::limit_library_threads(common.threads);
  check_names(names);
  check_trace(names, profiling);
  const auto wanted = [&](const std::string& name) { return is_wanted(names, name); };
  const Machine machine;
  if (!common.json) {
    print_machine(machine);
    print_head(with_bound);
  }
  std::vector<Row> rows;
  StatusLine status;
  const auto add = [&](const Row& r) {
    rows.push_back(r);
    status.clear();
    if (!common.json) print_row(r, with_bound);
  };
  for (const Workload& w : bench::workloads()) {
    if (!wanted(w.name)) continue;
    status.show(w.name + ": " + w.what);
    add(run_workload(w, machine, seconds, with_bound, profiling));
  }
  if (wanted("matmul")) {
    status.show("matmul: products beside the library's primitives");
    for (const Row& r : run_matmuls(machine)) add(r);
  }
  if (wanted("conv2d")) {
    status.show("conv2d: convolutions beside the library's primitives");
    for (const Row& r : run_convolutions(machine)) add(r);
  }
  if (wanted("elementwise")) {
    status.show("elementwise: large arrays beside a copy");
    for (const Row& r : run_elementwise_ops()) add(r);
  }
  if (common.json) print_json(to_json(machine, rows, with_bound));
  status.clear();
  tell_of_spinning(rows);
  return kDone;
}

}  // namespace

void add_bench(CLI::App& app, Program& program) {
  auto* command = app.add_subcommand("bench", "time workloads beside the machine's limits");
  command->footer(
      "Example: strata bench lenet5 mlp --seconds 5\n"
      "The bounds are timed with oneDNN, whose threads spin while they wait. Beside\n"
      "other work set OMP_WAIT_POLICY=passive, or the bounds of small workloads come\n"
      "out far too high.");
  auto common = std::make_shared<Common>();
  auto names = std::make_shared<std::vector<std::string>>();
  auto seconds = std::make_shared<double>(3);
  common->add_to(*command);
  auto profiling = std::make_shared<ProfileOptions>();
  profiling->add_to(*command, "trace-NAME.json");
  command->add_option("names", *names, "what to run (default: all)");
  command->add_option("--seconds", *seconds, "time for each workload")
      ->check(positive())
      ->capture_default_str();
  auto without_bound = std::make_shared<bool>(false);
  command->add_flag("--no-bound", *without_bound, "leave out bound_ms, which takes its own time");
  command->callback([=, &program] {
    program.status = run_bench(*names, *seconds, !*without_bound, *profiling, *common);
  });
}

}  // namespace strata::app
