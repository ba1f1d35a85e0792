#pragma once

#include "strata/device/device.h"

namespace strata {

/// Where modules built in this thread put their parameters: the processor unless a DeviceScope
/// says otherwise.
Device default_device();

/// Modules built while it lives put their parameters on `device`; with kMeta they take no memory.
class DeviceScope {
 public:
  explicit DeviceScope(Device device);
  ~DeviceScope();
  DeviceScope(const DeviceScope&) = delete;
  DeviceScope& operator=(const DeviceScope&) = delete;

 private:
  Device before_;
};

}  // namespace strata
