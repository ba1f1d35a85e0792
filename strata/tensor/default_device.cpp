#include "strata/tensor/default_device.h"

namespace strata {
namespace {

thread_local Device t_device = kCpu;

}  // namespace

Device default_device() { return t_device; }

DeviceScope::DeviceScope(Device device) : before_(t_device) { t_device = device; }

DeviceScope::~DeviceScope() { t_device = before_; }

}  // namespace strata
