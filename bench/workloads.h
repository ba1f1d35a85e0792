#pragma once

#include <functional>
#include <string>
#include <vector>

namespace strata::bench {

/// A piece of work that is timed as a whole; bench/peers runs the same in PyTorch.
struct Workload {
  std::string name;
  std::string what;
  double bytes = 0;  ///< moved outside of products at the least: the optimiser's passes
  std::function<std::function<void()>()> make;  ///< builds the state and returns one step
};

/// "mlp", "mlp-13002", "lenet5", "ddpm-unet", "lstm", "adam", and those of the other files.
std::vector<Workload> workloads();
/// "gpt-train", "gpt2-prefill", "gpt2-decode", "gpt2-train": part of workloads().
std::vector<Workload> language_workloads();
/// "bert-base-infer", "vit-b16-infer": part of workloads().
std::vector<Workload> encoder_workloads();

}  // namespace strata::bench
