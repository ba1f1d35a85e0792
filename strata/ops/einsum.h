#pragma once

#include <initializer_list>
#include <span>
#include <string_view>

#include "strata/tensor/tensor.h"

namespace strata {

/// Sums of products in Einstein's notation, as torch.einsum: "bij,bjk->bik". Each operand has a
/// term of letters, one for each axis; axes of one letter have one size (or 1, which repeats), and
/// the letters that the output leaves out are summed over. A letter twice in one term takes the
/// diagonal, "..." stands for axes in front that broadcast, and without "->" the output has "..."
/// and then the letters that occur once, in the order of ASCII. Any number of operands, contracted
/// from left to right by matmul. Throws ValueError for what the notation does not allow,
/// ShapeError where sizes do not fit, DTypeError where dtypes differ.
Tensor einsum(std::string_view equation, std::span<const Tensor> operands);
inline Tensor einsum(std::string_view equation, std::initializer_list<Tensor> operands) {
  return einsum(equation, std::span(operands.begin(), operands.size()));
}

}  // namespace strata
