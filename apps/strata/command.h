#pragma once

#include <atomic>
#include <cstdint>
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

/// For a number of an option: a finite one above 0, or of at least 0.
CLI::Validator positive();
CLI::Validator not_negative();
/// For a number of an option in [low, high], or in (0, high]; NaN, which lies in every CLI::Range,
/// is none.
CLI::Validator between(double low, double high);
CLI::Validator up_to(double high);
/// For a whole number, in digits, in [low, high].
CLI::Validator whole(uint64_t low, uint64_t high);
/// For a whole number, in digits, that is no larger: the parser would take the largest it can hold.
CLI::Validator at_most(uint64_t most);
/// For the start of random numbers: what 64 bits hold.
CLI::Validator any_seed();
/// For a path: a variable of the shell that is not set leaves an empty one.
CLI::Validator not_empty();

/// Options every command has.
struct Common {
  bool json = false;
  int threads = 0;
  void add_to(CLI::App& command);
  /// Sets the number of threads if one was given.
  void apply() const;
};

/// The recipe of that name, or of the family whose model's folder that is. Throws UsageError for
/// what is neither, ValueError for a folder of a family that is not known here.
const recipes::Recipe& recipe_of(const std::string& system);

/// Options of the commands that use a system with its weights.
struct Use {
  std::string system, weights;
  bool no_strict = false;
  /// The option `system` comes first of those without dashes.
  void add_use_to(CLI::App& command);
  /// recipe_of: for what a command asks before it reads weights.
  const recipes::Recipe& recipe() const { return recipe_of(system); }
  /// recipes::open_system; errors as recipe_of, and weights that were left out are a UsageError.
  /// Says what of the weights was left out, if that was allowed.
  recipes::System open() const;
};

/// Throws UsageError unless the file of --output ends as what is written there, and IoError where
/// it cannot be written: else that shows when the work is done.
void check_output(const std::string& path, const std::string& ending);

/// Sets what was typed as key=value. Throws UsageError, for a key that stands twice too.
void assign_typed(recipes::Settings& settings, const std::vector<std::string>& typed);

/// Layers, sizes and work of a system's network for one example, on the default device.
nn::Summary summarize_system(recipes::System& system);

/// A word of a command line as it can be typed: in quotes where a shell would take it otherwise.
std::string shell_word(const std::string& word);

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
