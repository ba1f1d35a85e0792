#pragma once

#include <vector>

#include "bench/workloads.h"

namespace strata::bench {

/// "resnet18-cifar", "resnet50-train", "resnet50-infer-1", "resnet50-infer-8".
std::vector<Workload> vision_workloads();

}  // namespace strata::bench
