#include "tests/support/golden_dump.h"

#include <gtest/gtest-spi.h>
#include <gtest/gtest.h>

#include "strata/nn/layers/rms_norm.h"
#include "strata/ops/arithmetic.h"
#include "strata/ops/creation.h"

namespace strata::testing {
namespace {

const GoldenDump& dump() {
  static const GoldenDump all("nn/small");
  return all;
}

Tensor reference() {
  return load_safetensors(STRATA_SOURCE_DIR "/tests/golden/nn/small.safetensors").at("rms_norm.y");
}

TEST(GoldenDump, ComparesByName) {
  EXPECT_TRUE(dump().contains("rms_norm.y"));
  EXPECT_FALSE(dump().contains("rms_norm"));
  EXPECT_EQ(dump().count("rms_norm.state."), 1U);
  dump().expect("rms_norm.y", reference(), 1e-9);
  dump().expect_absolute("rms_norm.y", reference(), 1e-9);
  EXPECT_NONFATAL_FAILURE(dump().expect("none", reference(), 1), "no none");
  EXPECT_NONFATAL_FAILURE(dump().expect("rms_norm.y", reference() + 1e-2, 1e-3), "rms_norm.y");
  EXPECT_NONFATAL_FAILURE(dump().expect_absolute("rms_norm.y", reference() + 1e-2, 9e-3),
                          "rms_norm.y");
  EXPECT_FATAL_FAILURE(dump().expect("rms_norm.y", Tensor(), 1), "rms_norm.y");
}

TEST(GoldenDump, MissesNoParameter) {
  EXPECT_NONFATAL_FAILURE(
      {
        nn::RMSNorm layer({.shape = {5}});  // no pass has given it a gradient
        dump().expect_gradients("rms_norm.grad.", layer, 1);
      },
      "rms_norm.grad.weight");
  EXPECT_NONFATAL_FAILURE(
      {
        nn::RMSNorm layer({.shape = {5}, .affine = false});
        dump().expect_state("rms_norm.state.", layer, 1);
      },
      "rms_norm.state.");
  EXPECT_NONFATAL_FAILURE(
      {
        nn::RMSNorm layer({.shape = {5}});  // not of the dump's values
        dump().expect_state("rms_norm.state.", layer, 1e-6);
      },
      "rms_norm.state.weight");
  EXPECT_NONFATAL_FAILURE(
      {
        nn::RMSNorm layer({.shape = {5}, .affine = false});
        dump().expect_pass(
            "rms_norm", layer, {ones({2, 3, 5})}, [&](const auto& in) { return layer(in[0]); },
            1e9);
      },
      "rms_norm");
}

}  // namespace
}  // namespace strata::testing
