#include "strata/base/shape.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "strata/base/error.h"

namespace strata {

Dims::Dims(std::span<const int64_t> values) {
  if (values.size() > kMaxRank) {
    throw ShapeError("shape", fmt::format("a tensor has at most {} dimensions, got {}", kMaxRank,
                                          values.size()));
  }
  std::copy(values.begin(), values.end(), values_.begin());
  rank_ = static_cast<int>(values.size());
}

Dims Dims::filled(int rank, int64_t value) {
  Dims d;
  for (int i = 0; i < rank; ++i) d.push_back(value);
  return d;
}

void Dims::push_back(int64_t value) { insert(rank_, value); }

void Dims::insert(int at, int64_t value) {
  if (rank_ == kMaxRank) {
    throw ShapeError("shape", fmt::format("a tensor has at most {} dimensions", kMaxRank));
  }
  std::copy_backward(begin() + at, end(), end() + 1);
  ++rank_;
  (*this)[at] = value;
}

void Dims::erase(int at) {
  std::copy(begin() + at + 1, end(), begin() + at);
  --rank_;
}

int64_t numel(const Shape& shape) {
  int64_t n = 1;
  for (int64_t d : shape) n *= d;
  return n;
}

int64_t checked_numel(std::string_view where, const Shape& shape) {
  constexpr int64_t kMost = int64_t{1} << 59;
  int64_t n = 1;
  bool empty = false;
  for (int64_t d : shape) {
    if (d < 0) throw ShapeError(where, fmt::format("negative size in shape {}", to_string(shape)));
    if (d == 0) {
      empty = true;
    } else if (n > kMost / d) {
      throw ShapeError(where, fmt::format("shape {} has too many elements", to_string(shape)));
    } else {
      n *= d;
    }
  }
  return empty ? 0 : n;
}

Dims joined(const Dims& a, const Dims& b) {
  Dims out = a;
  for (const int64_t value : b) out.push_back(value);
  return out;
}

Strides contiguous_strides(const Shape& shape) {
  Strides strides = Dims::filled(shape.rank(), 1);
  for (int i = shape.rank() - 2; i >= 0; --i) {
    strides[i] = strides[i + 1] * std::max<int64_t>(shape[i + 1], 1);
  }
  return strides;
}

std::string to_string(const Dims& dims) {
  return fmt::format("[{}]", fmt::join(dims.begin(), dims.end(), ", "));
}

int normalize_axis(std::string_view where, int64_t axis, int rank) {
  const int64_t bound = std::max(rank, 1);
  if (axis < -bound || axis >= bound) {
    throw IndexError(where, fmt::format("axis {} is outside of [{}, {}] for a tensor of rank {}",
                                        axis, -bound, bound - 1, rank));
  }
  return static_cast<int>(axis < 0 ? axis + bound : axis);
}

Shape broadcast_shapes(std::string_view where, const Shape& a, const Shape& b) {
  if (a == b) return a;
  const int rank = std::max(a.rank(), b.rank());
  Shape out = Dims::filled(rank, 1);
  for (int i = 0; i < rank; ++i) {
    const int ia = i - (rank - a.rank()), ib = i - (rank - b.rank());
    const int64_t da = ia < 0 ? 1 : a[ia], db = ib < 0 ? 1 : b[ib];
    if (da != db && da != 1 && db != 1) {
      throw ShapeError(where,
                       fmt::format("shapes {} and {} do not broadcast: sizes {} and {} at "
                                   "dimension {} of the result",
                                   to_string(a), to_string(b), da, db, i),
                       "sizes must be equal or 1, counted from the last dimension");
    }
    out[i] = da == 1 ? db : da;
  }
  return out;
}

}  // namespace strata
