// Ops of several tensors name both devices where these differ.
#include <functional>
#include <string>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include "strata/base/error.h"
#include "strata/ops/copy.h"
#include "strata/ops/creation.h"
#include "strata/ops/ctc.h"
#include "strata/ops/embedding_bag.h"
#include "strata/ops/group_norm.h"
#include "strata/ops/joining.h"
#include "strata/ops/linalg.h"
#include "strata/ops/losses.h"
#include "strata/ops/margin_losses.h"
#include "strata/ops/normalize.h"
#include "strata/ops/rnn.h"
#include "strata/ops/select.h"
#include "tests/support/message.h"

namespace strata {
namespace {

using Two = std::function<void(Device, Device)>;

Tensor at(const Shape& shape, Device device, DType dtype = DType::f32) {
  return zeros(shape, dtype, device);
}
Tensor whole(const Shape& shape, Device device) { return at(shape, device, DType::i64); }
Tensor bools(const Shape& shape, Device device) { return at(shape, device, DType::boolean); }

/// Calls with tensors on a first device and another.
std::vector<std::pair<std::string, Two>> calls() {
  return {
      {"where", [](Device a, Device b) { where(bools({2}, a), at({2}, b), 1); }},
      {"where of numbers and one tensor",
       [](Device a, Device b) { where(bools({2}, a), at({2}, a), at({2}, b)); }},
      {"masked_fill", [](Device a, Device b) { masked_fill(at({2}, a), bools({2}, b), 1); }},
      {"concat",
       [](Device a, Device b) {
         concat({at({2}, a), at({2}, b)});
       }},
      {"mse_loss", [](Device a, Device b) { mse_loss(at({2}, a), at({2}, b)); }},
      {"l1_loss", [](Device a, Device b) { l1_loss(at({2}, a), at({2}, b)); }},
      {"bce_with_logits", [](Device a, Device b) { bce_with_logits(at({2}, a), at({2}, b)); }},
      {"bce_with_logits with a weight",
       [](Device a, Device b) { bce_with_logits(at({2}, a), at({2}, a), {.weight = at({2}, b)}); }},
      {"bce_loss", [](Device a, Device b) { bce_loss(at({2}, a), at({2}, b)); }},
      {"cross_entropy",
       [](Device a, Device b) {
         cross_entropy(at({2, 3}, a), whole({2}, b));
       }},
      {"cross_entropy with a weight",
       [](Device a, Device b) {
         cross_entropy(at({2, 3}, a), whole({2}, a), {.weight = at({3}, b)});
       }},
      {"multilabel_margin_loss",
       [](Device a, Device b) {
         multilabel_margin_loss(at({2, 3}, a), whole({2, 3}, b));
       }},
      {"ctc_loss",
       [](Device a, Device b) {
         ctc_loss(at({5, 2, 3}, a), whole({2, 3}, b), {5, 5}, {2, 2});
       }},
      {"solve",
       [](Device a, Device b) {
         solve(at({2, 2}, a), at({2, 1}, b));
       }},
      {"solve_triangular",
       [](Device a, Device b) {
         solve_triangular(at({2, 2}, a), at({2, 1}, b), true);
       }},
      {"layer_norm",
       [](Device a, Device b) {
         layer_norm(at({2, 3}, a), {3}, at({3}, b), {});
       }},
      {"rms_norm",
       [](Device a, Device b) {
         rms_norm(at({2, 3}, a), {3}, at({3}, b));
       }},
      {"group_norm",
       [](Device a, Device b) {
         group_norm(at({2, 2, 4}, a), 2, {}, {}, {.shift = at({2, 4}, b)});
       }},
      {"embedding_bag",
       [](Device a, Device b) {
         embedding_bag(at({4, 3}, a), whole({5}, a), whole({2}, b));
       }},
  };
}

TEST(Devices, BothAreNamedWhereTheyDiffer) {
  for (const auto& one : calls()) {
    const auto& name = one.first;
    const auto& call = one.second;
    for (const Device first : {kCpu, kMeta}) {
      const Device second = first == kCpu ? kMeta : kCpu;
      const std::string text = testing::message<DeviceError>([&] { call(first, second); });
      EXPECT_NE(text.find("tensors on different devices: "), std::string::npos) << name << text;
      EXPECT_NE(text.find(" on " + to_string(first)), std::string::npos) << name << text;
      EXPECT_NE(text.find(" on " + to_string(second)), std::string::npos) << name << text;
      EXPECT_NE(text.find("make both on meta or neither"), std::string::npos) << name << text;
    }
    EXPECT_NO_THROW(call(kMeta, kMeta)) << name;
  }
}

TEST(Devices, NothingComesFromMeta) {
  Tensor here = ones({2}), nowhere = at({2}, kMeta);
  EXPECT_EQ(testing::message<DeviceError>([&] { copy_(here, nowhere); }),
            "[copy_] tensors on different devices: f32[2] on cpu, f32[2] on meta\n"
            "  hint: what is made on meta has no values: make both on meta or neither");
  EXPECT_NO_THROW(copy_(nowhere, here)) << "what goes there goes nowhere";
}

}  // namespace
}  // namespace strata
