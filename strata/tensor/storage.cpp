#include "strata/tensor/storage.h"

#include <utility>

#include "strata/base/activity.h"
#include "strata/base/error.h"
#include "strata/device/cpu_allocator.h"

namespace strata {

Storage::Storage(int64_t bytes, Device device, const char* where) : bytes_(bytes), device_(device) {
  if (device.type == DeviceType::cuda) throw DeviceError(where, "this build has no CUDA backend");
  if (device.type != DeviceType::cpu) return;
  data_ = cpu_allocate(bytes, where);
  if (ActivityListener* listener = activity_listener()) [[unlikely]]
    listener->allocated(bytes, where);
}

Storage::Storage(void* data, int64_t bytes, Device device, std::function<void()> release)
    : data_(data), bytes_(bytes), device_(device), foreign_(true), release_(std::move(release)) {}

Storage::~Storage() {
  if (!foreign_) {
    cpu_release(data_, bytes_);
  } else if (release_) {
    release_();
  }
}

}  // namespace strata
