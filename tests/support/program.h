#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include <sys/types.h>

namespace strata::testing {

/// What a run of the program gave.
struct ProgramResult {
  int status = 0;  ///< exit status; 128 + the signal's number where one ended it
  std::string out, err;
};

/// What a run of the program has to do without.
struct Lacks {
  int64_t file_bytes = 0;  ///< no file can grow beyond this; 0: any size
  bool privilege = false;  ///< root's right to write where its user may not
  bool output = false;     ///< standard output lies on a full device
};

/// Runs build/bin/strata to its end. Standard input is empty, nothing is a terminal.
ProgramResult run_strata(const std::vector<std::string>& arguments, const Lacks& lacks = {});

/// Runs another program in the same way.
ProgramResult run_program(const std::string& program, const std::vector<std::string>& arguments);

/// Starts the program, calls `meanwhile` with its process once `file` exists (or a minute has
/// passed; at once where none is named) and waits for its end.
ProgramResult run_meanwhile(const std::vector<std::string>& arguments, const std::string& file,
                            const std::function<void(pid_t)>& meanwhile);

/// Starts the program and sends it Ctrl-C after so many seconds.
ProgramResult run_and_interrupt(const std::vector<std::string>& arguments, double seconds);

/// The same on a terminal of 80 columns, by its keyboard. `out` is all that was to be seen, `err`
/// is empty unless the terminal was left in another mode than before.
ProgramResult run_on_terminal(const std::vector<std::string>& arguments, double seconds);

/// Starts the program and sends it Ctrl-C as soon as `file` exists, or after a minute.
ProgramResult run_and_interrupt(const std::vector<std::string>& arguments, const std::string& file);

/// Starts the program and ends it with kill -9 after so many seconds, if it still runs; where a
/// file is named, so long after it appears. Returns whether the program had ended by itself.
bool run_and_kill(const std::vector<std::string>& arguments, double seconds,
                  const std::string& file = {});

}  // namespace strata::testing
