#pragma once

#include <algorithm>
#include <array>
#include <concepts>
#include <cstdint>
#include <initializer_list>
#include <span>
#include <string>
#include <string_view>

namespace strata {

/// Most dimensions a tensor can have.
inline constexpr int kMaxRank = 8;

/// A short list of integers held in place: shapes, strides, permutations, axes.
class Dims {
 public:
  Dims() = default;
  Dims(std::initializer_list<int64_t> values)
      : Dims(std::span<const int64_t>(values.begin(), values.size())) {}
  /// The list of this one number: `sum(x, 1)` is `sum(x, {1})`.
  template <std::integral T>
  requires(!std::same_as<T, bool>) Dims(T value)  // NOLINT(google-explicit-constructor)
      : Dims({static_cast<int64_t>(value)}) {}
  /// Throws ShapeError beyond kMaxRank values.
  explicit Dims(std::span<const int64_t> values);
  /// `rank` copies of `value`.
  static Dims filled(int rank, int64_t value);

  int rank() const { return rank_; }
  int size() const { return rank_; }
  bool empty() const { return rank_ == 0; }
  int64_t& operator[](int i) { return values_[static_cast<size_t>(i)]; }
  int64_t operator[](int i) const { return values_[static_cast<size_t>(i)]; }
  int64_t back() const { return (*this)[rank_ - 1]; }
  int64_t& back() { return (*this)[rank_ - 1]; }

  int64_t* begin() { return values_.data(); }
  int64_t* end() { return values_.data() + rank_; }
  const int64_t* begin() const { return values_.data(); }
  const int64_t* end() const { return values_.data() + rank_; }

  /// Throws ShapeError when full.
  void push_back(int64_t value);
  void insert(int at, int64_t value);
  void erase(int at);

  bool operator==(const Dims& o) const {
    return rank_ == o.rank_ && std::equal(begin(), end(), o.begin());
  }

 private:
  std::array<int64_t, kMaxRank> values_{};
  int rank_ = 0;
};

using Shape = Dims;
using Strides = Dims;

/// Number of elements: the product of the sizes, 1 for a scalar.
int64_t numel(const Shape& shape);

/// As numel, but throws ShapeError (tagged `where`) on a negative size, and where the product of
/// the sizes other than 0 passes 2^59: then neither bytes nor strides can overflow.
int64_t checked_numel(std::string_view where, const Shape& shape);

/// a's numbers, then b's. Throws ShapeError beyond kMaxRank.
Dims joined(const Dims& a, const Dims& b);

/// Row-major strides in elements.
Strides contiguous_strides(const Shape& shape);

/// "[2, 3]".
std::string to_string(const Dims& dims);
/// No list: std::to_string is for numbers.
template <std::integral T>
std::string to_string(T) = delete;

/// Turns a possibly negative axis into [0, rank). Throws IndexError tagged `where`.
int normalize_axis(std::string_view where, int64_t axis, int rank);

/// The shape that two shapes broadcast to. Throws ShapeError tagged `where`.
Shape broadcast_shapes(std::string_view where, const Shape& a, const Shape& b);

}  // namespace strata
