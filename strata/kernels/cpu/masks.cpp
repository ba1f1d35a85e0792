#include "strata/kernels/masks.h"

#include <algorithm>
#include <array>

#include "strata/base/parallel.h"

namespace strata::kernels {
namespace {

constexpr int64_t kPart = 65536;  // elements of a unit of work
constexpr int64_t kBlock = 64;    // elements whose places are gathered before they are written

/// Writes the places of the true ones among elements [begin, end).
class PlaceWriter {
 public:
  PlaceWriter(const Shape& shape, const bool* mask, int64_t* y)
      : shape_(shape), rank_(shape.rank()), mask_(mask), y_(y) {}

  void operator()(int64_t begin, int64_t end) {
    const int64_t columns = rank_ > 0 ? shape_.back() : 1;
    while (begin < end) {
      const int64_t row = begin / columns, stop = std::min(end, (row + 1) * columns);
      if (columns > 1 || mask_[begin]) enter(row);
      for (; begin < stop; begin += kBlock) {
        block(begin, std::min(kBlock, stop - begin), begin - row * columns);
      }
      begin = stop;
    }
  }

 private:
  /// Notes where `row` lies along the axes but the last.
  void enter(int64_t row) {
    for (int i = rank_ - 2; i >= 0; --i) {
      place_[i] = row % shape_[i];
      row /= shape_[i];
    }
  }

  /// Every position is written, and the next one over it unless it counts: no branch to guess.
  void block(int64_t first, int64_t n, int64_t column) {
    std::array<int64_t, kBlock> columns;
    size_t count = 0;
    for (int64_t i = 0; i < n; ++i) {
      columns[count] = column + i;
      count += mask_[first + i];
    }
    if (rank_ == 1) {
      y_ = std::copy_n(columns.data(), count, y_);
      return;
    }
    for (size_t k = 0; k < count; ++k) {
      for (int i = 0; i < rank_ - 1; ++i) *y_++ = place_[i];
      if (rank_ > 0) *y_++ = columns[k];
    }
  }

  Shape shape_, place_ = Dims::filled(kMaxRank, 0);
  int rank_;
  const bool* mask_;
  int64_t* y_;
};

}  // namespace

std::vector<int64_t> count_true(Cpu, const Tensor& mask) {
  const int64_t n = mask.numel(), parts = (n + kPart - 1) / kPart;
  std::vector<int64_t> before(static_cast<size_t>(parts) + 1);
  const bool* from = mask.data<bool>();
  parallel_chunks(parts, [&](int64_t part) {
    before[static_cast<size_t>(part) + 1] =
        std::count(from + part * kPart, from + std::min(n, (part + 1) * kPart), true);
  });
  for (size_t i = 1; i < before.size(); ++i) before[i] += before[i - 1];
  return before;
}

void true_places(Cpu, const Tensor& mask, const std::vector<int64_t>& before, Tensor& y) {
  const int64_t n = mask.numel(), parts = (n + kPart - 1) / kPart;
  const bool* from = mask.data<bool>();
  auto* to = y.data<int64_t>();
  parallel_chunks(parts, [&](int64_t part) {
    PlaceWriter write(mask.shape(), from, to + before[static_cast<size_t>(part)] * mask.rank());
    write(part * kPart, std::min(n, (part + 1) * kPart));
  });
}

}  // namespace strata::kernels
