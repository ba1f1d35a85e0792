#include "strata/ops/ctc.h"

#include "strata/opcases/op_case.h"
#include "strata/ops/softmax.h"

namespace strata::opcases {
namespace {

const Input kScores = {.shape = {7, 3, 5}, .low = -2, .high = 2};
const Input kPadded = {.shape = {3, 4}, .low = 1, .high = 5, .integer = true};

OpCase ctc(const char* name, const Input& targets, std::vector<int64_t> input_lengths,
           std::vector<int64_t> target_lengths, const CtcOptions& options) {
  return {.name = name,
          .inputs = {kScores, targets},
          .run =
              [=](auto in) {
                return std::vector{
                    ctc_loss(log_softmax(in[0]), in[1], input_lengths, target_lengths, options)};
              },
          .second_order = false};
}

}  // namespace

std::vector<OpCase> ctc_cases() {
  const Input joined = {.shape = {6}, .low = 0, .high = 4, .integer = true};
  return {
      ctc("ctc_loss", kPadded, {7, 6, 5}, {2, 3, 1}, {}),
      ctc("ctc_loss/sum", kPadded, {7, 7, 4}, {0, 3, 2}, {.reduction = Reduction::sum}),
      ctc("ctc_loss/joined", joined, {7, 6, 7}, {2, 1, 3},
          {.blank = 4, .reduction = Reduction::none}),
      ctc("ctc_loss/too_short", kPadded, {7, 2, 5}, {2, 4, 1}, {.zero_infinity = true}),
  };
}

}  // namespace strata::opcases
