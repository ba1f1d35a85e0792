#include "strata/ops/sequences.h"

#include <algorithm>

#include <fmt/format.h>

#include "strata/base/error.h"
#include "strata/ops/compare.h"
#include "strata/ops/creation.h"
#include "strata/ops/joining.h"
#include "strata/ops/views.h"

namespace strata {
namespace {

void check_lengths(const char* op, const Tensor& lengths) {
  if (is_integral(lengths.dtype())) return;
  throw DTypeError(op, fmt::format("lengths must be integers, got {}", describe(lengths)));
}

/// Throws unless x may lie in a batch with `first`.
void check_sequence(const Tensor& first, const Tensor& x) {
  const char* op = "pad_sequence";
  bool fits = x.rank() > 0 && x.rank() == first.rank();
  for (int i = 1; fits && i < x.rank(); ++i) fits = x.shape()[i] == first.shape()[i];
  if (!fits) {
    throw ShapeError(op,
                     fmt::format("sequences [length, ...] differ in length alone, got {} and {}",
                                 describe(first), describe(x)));
  }
  if (x.dtype() != first.dtype()) {
    throw DTypeError(op, fmt::format("dtypes differ: {} and {}", describe(first), describe(x)),
                     "cast one of them");
  }
}

}  // namespace

Tensor pad_sequence(std::span<const Tensor> xs, double value) {
  if (xs.empty()) throw ValueError("pad_sequence", "needs at least one sequence");
  const Tensor& first = xs[0];
  int64_t longest = 0;
  for (const Tensor& x : xs) {
    check_sequence(first, x);
    longest = std::max(longest, x.size(0));
  }
  // All in one row, each with what it lacks behind it.
  std::vector<Tensor> parts;
  for (const Tensor& x : xs) {
    parts.push_back(x);
    Shape rest = x.shape();
    rest[0] = longest - x.size(0);
    if (rest[0] > 0) parts.push_back(full(rest, value, x.dtype(), x.device()));
  }
  Shape shape = first.shape();
  shape[0] = longest;
  shape.insert(0, static_cast<int64_t>(xs.size()));
  return reshape(concat(parts, 0), shape);
}

std::vector<Tensor> unpad_sequence(const Tensor& x, const Tensor& lengths) {
  const char* op = "unpad_sequence";
  check_lengths(op, lengths);
  if (x.rank() < 2 || lengths.shape() != Shape{x.size(0)}) {
    throw ShapeError(op, fmt::format("x must be [count, longest, ...] and lengths [count], got {} "
                                     "and {}",
                                     describe(x), describe(lengths)));
  }
  if (lengths.is_meta()) throw DeviceError(op, "the shapes depend on values, which meta lacks");
  std::vector<Tensor> ys;
  for (const int64_t length : lengths.to_vector<int64_t>()) {
    if (length < 0 || length > x.size(1)) {
      throw ValueError(op, fmt::format("a length is {}, but x is {}", length, describe(x)));
    }
    ys.push_back(slice(select(x, 0, static_cast<int64_t>(ys.size())), 0, 0, length));
  }
  return ys;
}

Tensor sequence_mask(const Tensor& lengths, int64_t longest) {
  check_lengths("sequence_mask", lengths);
  if (longest < 0) {
    throw ValueError("sequence_mask",
                     fmt::format("`longest` must not be negative, got {}", longest));
  }
  const Tensor steps = arange(0, static_cast<double>(longest), 1, DType::i64, lengths.device());
  return steps < unsqueeze(lengths, -1);
}

}  // namespace strata
