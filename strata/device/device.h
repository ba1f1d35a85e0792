#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace strata {

enum class DeviceType : uint8_t { cpu, cuda, meta };

/// Where a tensor lives. `meta` has shapes and no memory: ops allocate nothing and compute nothing.
struct Device {
  DeviceType type = DeviceType::cpu;
  int index = 0;
  bool operator==(const Device&) const = default;
};

inline constexpr Device kCpu{DeviceType::cpu, 0};
inline constexpr Device kMeta{DeviceType::meta, 0};

/// "cpu", "cuda:0", "meta".
std::string to_string(Device device);

/// The device of that name: cpu, meta, cuda or cuda:N. Throws ValueError.
Device device_from_name(std::string_view name);

/// The tag by which a kernel's overload for the processor is chosen.
struct Cpu {};

#ifdef STRATA_CUDA
inline constexpr bool kHasCuda = true;
#else
inline constexpr bool kHasCuda = false;
#endif

}  // namespace strata
