#include "strata/ops/pad.h"

#include "strata/opcases/op_case.h"

namespace strata::opcases {
namespace {

OpCase filled(std::string name, Shape shape, PadMode mode) {
  return {.name = std::move(name), .inputs = {{.shape = shape}}, .run = [mode](auto in) {
            return std::vector{pad(in[0], {{1, 2, 3}, {2, 4, 1}}, mode)};
          }};
}

}  // namespace

std::vector<OpCase> pad_cases() {
  return {
      {.name = "pad",
       .inputs = {{.shape = {2, 3, 4}}},
       .run =
           [](auto in) {
             return std::vector{pad(in[0], {{1, 1, 2}, {2, 0, 3}}, 0.5)};
           }},
      {.name = "pad/crop",
       .inputs = {{.shape = {3, 5, 2}}},
       .run =
           [](auto in) {
             return std::vector{pad(in[0], {{0, -1, 2}, {1, -2, -1}})};
           }},
      filled("pad/reflect", {2, 4, 5, 2}, PadMode::reflect),
      filled("pad/replicate", {2, 2, 3, 2}, PadMode::replicate),
      filled("pad/circular", {2, 3, 4, 2}, PadMode::circular),
  };
}

}  // namespace strata::opcases
