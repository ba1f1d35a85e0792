#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

namespace strata::bench {

/// A piece of work that is timed as a whole; bench/peers runs the same in PyTorch.
struct Workload {
  std::string name;
  std::string what;
  double bytes = 0;  ///< moved outside of products at the least: the optimiser's passes
  /// Of a step that writes tokens one after another.
  struct Writing {
    double tokens = 0;  ///< behind the first, with which a step reads its prompt
    double bytes = 0;   ///< weights to be read for each of them
    double ms = 1e30;   ///< the least that a step has taken for them so far
  };
  std::shared_ptr<Writing> writing = {};        ///< null: it does something else
  std::function<std::function<void()>()> make;  ///< builds the state and returns one step
};

/// "mlp", "mlp-13002", "lenet5", "ddpm-unet", "lstm", "adam", and those of the other files.
std::vector<Workload> workloads();
/// "gpt-train", "gpt2-prefill", "gpt2-decode", "gpt2-decode-bf16", "gpt2-train": part of
/// workloads().
std::vector<Workload> language_workloads();
/// "bert-base-infer", "vit-b16-infer": part of workloads().
std::vector<Workload> encoder_workloads();

}  // namespace strata::bench
