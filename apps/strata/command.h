#pragma once

#include <atomic>
#include <string>

#include <CLI/CLI.hpp>
#include <nlohmann/json.hpp>

#include "recipes/shared/system.h"
#include "strata/base/error.h"
#include "strata/nn/summary.h"

namespace strata::app {

/// Exit statuses of the program.
inline constexpr int kDone = 0;
inline constexpr int kFailed = 1;
inline constexpr int kUsage = 2;
inline constexpr int kInterrupted = 130;

/// The command line asks for something that does not exist or cannot be: exit status 2.
struct UsageError : Error {
  using Error::Error;
  explicit UsageError(const Error& e) : Error(e) {}
};

/// Runs f and turns a ValueError or DeviceError into a UsageError: for what the user typed.
template <class F>
decltype(auto) checked_usage(F&& f) {
  try {
    return f();
  } catch (const ValueError& e) {
    throw UsageError(e);
  }
}

/// Options every command has.
struct Common {
  bool json = false;
  int threads = 0;
  void add_to(CLI::App& command);
  /// Sets the number of threads if one was given.
  void apply() const;
};

/// Options of the commands that use a system with its weights.
struct Use {
  std::string system, weights;
  bool no_strict = false;
  /// The option `system` comes first of those without dashes.
  void add_use_to(CLI::App& command);
  /// recipes::open_system; an unknown name and weights that were left out are a UsageError. Says
  /// what of the weights was left out, if that was allowed.
  recipes::System open() const;
};

/// Layers, sizes and work of a system's network for one example, on the default device.
nn::Summary summarize_system(recipes::System& system);

/// Writes one JSON value to standard output.
void print_json(const nlohmann::ordered_json& value);

/// Set by Ctrl-C.
const std::atomic<bool>& interrupted();

/// While one lives, the first Ctrl-C sets interrupted() alone, and the command comes to a stop by
/// itself. Otherwise, and at the second one, the program ends at once with kInterrupted.
class StopsItself {
 public:
  StopsItself();
  StopsItself(const StopsItself&) = delete;
  StopsItself& operator=(const StopsItself&) = delete;
  ~StopsItself();
};

/// The run of the program: what was typed, and the exit status that the command sets.
struct Program {
  std::string command_line = {};
  int status = kDone;
};

// One function per command, in its own file: adds the command to the program.
void add_list(CLI::App& app, Program& program);
void add_info(CLI::App& app, Program& program);
void add_train(CLI::App& app, Program& program);
void add_eval(CLI::App& app, Program& program);
void add_predict(CLI::App& app, Program& program);
void add_generate(CLI::App& app, Program& program);
void add_sample(CLI::App& app, Program& program);
void add_fill_mask(CLI::App& app, Program& program);
void add_embed(CLI::App& app, Program& program);
void add_summary(CLI::App& app, Program& program);
void add_forward(CLI::App& app, Program& program);
void add_convert(CLI::App& app, Program& program);
void add_bench(CLI::App& app, Program& program);
void add_gradcheck(CLI::App& app, Program& program);
void add_inspect(CLI::App& app, Program& program);
void add_report(CLI::App& app, Program& program);
void add_data(CLI::App& app, Program& program);
void add_doctor(CLI::App& app, Program& program);

}  // namespace strata::app
