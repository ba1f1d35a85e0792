#pragma once

#include <cstdint>

#include <gtest/gtest.h>
#include <hwy/targets.h>

#include "strata/kernels/machine.h"

namespace strata::testing {

/// Runs f with the kernels of each instruction set that they are compiled for and this machine has.
template <class F>
void on_each_instruction_set(F&& f) {
  int64_t left = hwy::SupportedTargets() & kernels::compiled_instruction_sets();
  for (; left != 0; left &= left - 1) {
    hwy::SetSupportedTargetsForTest(left & -left);
    hwy::GetChosenTarget().Update(hwy::SupportedTargets());
    SCOPED_TRACE(hwy::TargetName(left & -left));
    f();
  }
  hwy::SetSupportedTargetsForTest(0);
  hwy::GetChosenTarget().Update(hwy::SupportedTargets());
}

}  // namespace strata::testing
