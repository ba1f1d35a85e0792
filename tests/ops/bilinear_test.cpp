#include "strata/ops/bilinear.h"

#include <gtest/gtest.h>

#include "strata/base/error.h"
#include "strata/ops/creation.h"
#include "tests/support/message.h"

namespace strata {
namespace {

using testing::message;

TEST(Bilinear, SaysWhatDoesNotFit) {
  const Tensor w = ones({2, 3, 4});
  EXPECT_EQ(message<ShapeError>([&] {
              bilinear(ones({5, 3}), ones({6, 4}), w);
            }),
            "[bilinear] w f32[2, 3, 4] does not fit a f32[5, 3] and b f32[6, 4]\n"
            "  hint: a [..., n], b [..., m], w [out, n, m]");
  EXPECT_EQ(message<ShapeError>([&] {
              bilinear(ones({5, 3}), ones({5, 4}), w, ones({3}));
            }),
            "[bilinear] bias f32[3] does not fit w f32[2, 3, 4]");
  EXPECT_THROW(bilinear(scalar(1.0f), scalar(1.0f), w), ShapeError);
  EXPECT_THROW(bilinear(ones({5, 3}), ones({5, 4}), w, ones({2}, DType::f64)), DTypeError);
  EXPECT_THROW(bilinear(ones({5, 3}, DType::f64), ones({5, 4}), w), DTypeError);
  EXPECT_EQ(bilinear(ones({0, 3}), ones({0, 4}), w).shape(), (Shape{0, 2}));
}

}  // namespace
}  // namespace strata
