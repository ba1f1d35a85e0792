#pragma once

#include <functional>
#include <string>
#include <vector>

namespace strata::bench {

/// A piece of work that is timed as a whole; bench/peers runs the same in PyTorch.
struct Workload {
  std::string name;
  std::string what;
  double flops = 0;      ///< of one step: products and convolutions, 2 for each multiply-accumulate
  double bytes = 0;      ///< moved outside of products at the least: the optimiser's passes
  std::string products;  ///< prefix of its shapes in the lists of products and convolutions
  std::string not_needed;  ///< the one of them that no step runs: the first layer's input gradient
  std::function<std::function<void()>()> make;  ///< builds the state and returns one step
};

/// "mlp", "mlp-13002", "lenet5", "adam".
std::vector<Workload> workloads();

}  // namespace strata::bench
