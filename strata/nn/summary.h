#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "strata/nn/module.h"

namespace strata::nn {

/// One module's line of a summary.
struct LayerSummary {
  std::string name;        ///< dotted path
  std::string type;        ///< "Conv2d"
  Shape output;            ///< of its last call; empty where it gave no single tensor
  int64_t parameters = 0;  ///< trained values of its own, without those of its children
  int64_t macs = 0;        ///< multiply-accumulates of its own products and convolutions
  int depth = 0;
};

struct Summary {
  std::vector<LayerSummary> layers;  ///< in the order of the calls
  int64_t parameters = 0;
  int64_t trainable = 0;
  int64_t buffers = 0;  ///< values that are saved but not trained
  int64_t macs = 0;
};

/// Counts parameters and work by sending zeros of that shape through the model in evaluation mode:
/// running statistics, modes and the default generator are afterwards what they were, also where it
/// throws. Build the model under DeviceScope(kMeta) and nothing is computed and no memory taken,
/// whatever its size.
Summary summarize(Module& model, const Shape& input, DType dtype = DType::f32);

/// The same for a model with other inputs; `call` makes them and sends them through it.
Summary summarize(Module& model, const std::function<void()>& call);

}  // namespace strata::nn
