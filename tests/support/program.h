#pragma once

#include <string>
#include <vector>

#include <sys/types.h>

namespace strata::testing {

/// What a run of the program gave.
struct ProgramResult {
  int status = 0;  ///< exit status; 128 + the signal's number where one ended it
  std::string out, err;
};

/// Runs build/bin/strata to its end. Standard input is empty, nothing is a terminal.
ProgramResult run_strata(const std::vector<std::string>& arguments);

/// Runs another program in the same way.
ProgramResult run_program(const std::string& program, const std::vector<std::string>& arguments);

/// Starts the program and sends it Ctrl-C as soon as `file` exists, or after a minute.
ProgramResult run_and_interrupt(const std::vector<std::string>& arguments, const std::string& file);

/// Starts the program and ends it with kill -9 after so many seconds, if it still runs. Returns
/// whether it had ended by itself.
bool run_and_kill(const std::vector<std::string>& arguments, double seconds);

}  // namespace strata::testing
