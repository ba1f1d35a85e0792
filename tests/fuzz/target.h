#pragma once

#include <functional>
#include <string>
#include <string_view>
#include <vector>

namespace strata::fuzz {

/// A reader of files that may come from strangers. Each file in targets/ defines one function that
/// returns one; the fuzzer of that name and fuzz_test run it.
struct Target {
  std::string name;                ///< its further seeds lie in seeds/NAME
  std::vector<std::string> files;  ///< what it reads: some readers go by the names
  /// Sound inputs: files, or folders that hold all of `files`, below tests/golden.
  std::vector<std::string> seeds = {};
  /// Reads the file, or where there are several their folder. May throw strata::Error and nothing
  /// else.
  std::function<void(const std::string& path)> read;
};

const std::vector<Target>& all_targets();

/// Bytes for a target. Several files are one input, with a line "%%" between them.
struct Input {
  std::string name;
  std::string bytes;
  bool sound = true;  ///< can be read; else it did harm once
};

/// Inputs to begin with: the target's seeds and the files of seeds/NAME, of which those that did
/// harm once are called found_...
std::vector<Input> seeds_of(const Target& target);

/// Lays the input into the folder and has it read. Returns the text of the strata::Error, or
/// nothing.
std::string read_input(const Target& target, const std::string& folder, std::string_view bytes);

}  // namespace strata::fuzz
