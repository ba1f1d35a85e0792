#pragma once

#include <map>
#include <string>
#include <vector>

#include "strata/nn/module.h"

namespace strata::nn {

/// Tensors by dotted path, in the layout of files: what PyTorch calls a state dict.
using StateDict = std::map<std::string, Tensor>;

struct StateDictOptions {
  /// Shared tensors under each of their names, as torch's state_dict has them; the entries are one
  /// copy. Files of weights hold them once, as those of transformers do: loading takes either.
  bool all_names = false;
};

/// Copies of all parameters and buffers, laid out as PyTorch's (convolution weights
/// [out, in, kh, kw]); shared ones under their first name, or under all.
StateDict state_dict(Module& module, StateDictOptions options = {});

struct LoadOptions {
  bool strict = true;  ///< false: take what fits by name and shape, leave the rest as it is
};

/// What a load left alone.
struct LoadReport {
  std::vector<std::string> missing;     ///< in the module, not in the dict
  std::vector<std::string> unexpected;  ///< in the dict, not in the module
  std::vector<std::string> mismatched;  ///< other shapes, as "name: file f32[3], module f32[4]"
  bool complete() const { return missing.empty() && unexpected.empty() && mismatched.empty(); }
};

/// What load_state_dict would leave alone. Looks at names and shapes only: tensors may be on the
/// meta device.
LoadReport compare_state_dict(Module& module, const StateDict& state);

/// A line for each entry of a report, with the nearest name where there is one: "missing: fc.bias
/// (near: fc1.bias)".
std::vector<std::string> lines_of(const LoadReport& report);

/// Writes the dict's values into the module's tensors, converting dtypes. With `strict` anything
/// that does not match throws ValueError listing all of it with the nearest names, and nothing is
/// written. Batch norm's `num_batches_tracked` may be absent, and all but one of the names of a
/// shared tensor; of several the last counts, as in PyTorch. A dict that is moved in is freed
/// tensor by tensor, so that a network is never in memory twice.
LoadReport load_state_dict(Module& module, StateDict state, LoadOptions options = {});

}  // namespace strata::nn
