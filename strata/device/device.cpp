#include "strata/device/device.h"

#include <charconv>

#include "strata/base/error.h"

namespace strata {

std::string to_string(Device device) {
  switch (device.type) {
    case DeviceType::cuda: return "cuda:" + std::to_string(device.index);
    case DeviceType::meta: return "meta";
    case DeviceType::cpu: break;
  }
  return "cpu";
}

Device device_from_name(std::string_view name) {
  if (name == "cpu") return kCpu;
  if (name == "meta") return kMeta;
  if (name == "cuda") return {DeviceType::cuda, 0};
  if (name.starts_with("cuda:")) {
    int index = 0;
    const auto* end = name.data() + name.size();
    const auto [p, error] = std::from_chars(name.data() + 5, end, index);
    if (error == std::errc() && p == end && index >= 0) return {DeviceType::cuda, index};
  }
  throw ValueError("device", "unknown device '" + std::string(name) + "'",
                   "one of cpu, cuda, cuda:N, meta");
}

}  // namespace strata
