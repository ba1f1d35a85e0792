#pragma once

#include <string>

#include "strata/io/safetensors.h"
#include "strata/nn/state_dict.h"

namespace strata::testing {

/// The values of all tensors, in the order of their names, byte by byte.
inline std::string bits(const TensorMap& tensors) {
  std::string out;
  for (const auto& [name, value] : tensors) {
    out.append(static_cast<const char*>(value.raw()),
               static_cast<size_t>(value.numel() * size_of(value.dtype())));
  }
  return out;
}

/// Those of a network's parameters and buffers.
inline std::string bits(nn::Module& net) { return bits(nn::state_dict(net)); }

}  // namespace strata::testing
