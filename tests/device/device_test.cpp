#include "strata/device/device.h"

#include <gtest/gtest.h>

#include "strata/base/error.h"

namespace strata {
namespace {

TEST(Device, NamesReadBack) {
  for (const Device d : {kCpu, kMeta, Device{DeviceType::cuda, 0}, Device{DeviceType::cuda, 12}}) {
    EXPECT_EQ(device_from_name(to_string(d)), d);
  }
  EXPECT_EQ(device_from_name("cuda"), (Device{DeviceType::cuda, 0}));
  for (const char* bad : {"", "gpu", "cuda:", "cuda:-1", "cuda:1x", "cuda:99999999999", "CPU"}) {
    EXPECT_THROW(device_from_name(bad), ValueError) << bad;
  }
}

}  // namespace
}  // namespace strata
