#include "strata/kernels/sort.h"

#include <algorithm>
#include <array>
#include <bit>
#include <cstdint>
#include <limits>
#include <type_traits>
#include <vector>

#include "strata/base/parallel.h"
#include "strata/kernels/cpu/axes.h"

namespace strata::kernels {
namespace {

constexpr int64_t kGrain = 4096;  // elements for which a second thread pays
constexpr size_t kFew = 192;      // below it comparing is faster than counting digits

/// Key and position are of one width: 32 bits where both fit.
template <class Key>
struct Entry {
  Key key, position;
};

/// The sign bit flipped, and the rest too where it is set: unsigned numbers in the order of the
/// floating ones. Both zeros are one, and every NaN is the largest.
template <class Key, class T>
Key key_of_float(T x) {
  if (x != x) return std::numeric_limits<Key>::max();
  constexpr Key kSign = Key(1) << (8 * sizeof(Key) - 1);
  const auto bits = std::bit_cast<Key>(x == 0 ? T(0) : x);
  return bits & kSign ? ~bits : bits | kSign;
}

template <class Key, class T>
Key key_of(T x) {
  constexpr Key kSign = Key(1) << (8 * sizeof(Key) - 1);
  if constexpr (std::is_integral_v<T>) {
    return static_cast<Key>(static_cast<std::make_signed_t<Key>>(x)) ^ kSign;
  } else if constexpr (sizeof(Key) == 8) {
    return key_of_float<Key>(static_cast<double>(x));
  } else {
    return key_of_float<Key>(static_cast<float>(x));
  }
}

/// Sorts by key, digit by digit from the lowest, which keeps the order of equal ones. The result
/// lies in `a`; `spare` is of the same size.
template <class Key>
void sort_entries(std::vector<Entry<Key>>& a, std::vector<Entry<Key>>& spare) {
  if (a.size() < kFew) {
    std::stable_sort(a.begin(), a.end(), [](auto p, auto q) { return p.key < q.key; });
    return;
  }
  for (unsigned shift = 0; shift < 8 * sizeof(Key); shift += 8) {
    std::array<size_t, 256> place{};
    for (const Entry<Key>& e : a) ++place[(e.key >> shift) & 255];
    if (place[(a[0].key >> shift) & 255] == a.size()) continue;  // one digit for all
    size_t before = 0;
    for (size_t& count : place) {
      const size_t n = count;
      count = before;
      before += n;
    }
    for (const Entry<Key>& e : a) spare[place[(e.key >> shift) & 255]++] = e;
    a.swap(spare);
  }
}

template <class Key, class T>
void argsort_rows(bool descending, const T* x, int64_t rows, int64_t n, int64_t* order) {
  parallel_for(rows, std::max<int64_t>(1, kGrain / n), [&](int64_t begin, int64_t end) {
    std::vector<Entry<Key>> entries(static_cast<size_t>(n)), spare(static_cast<size_t>(n));
    for (int64_t r = begin; r < end; ++r) {
      for (int64_t i = 0; i < n; ++i) {
        const Key key = key_of<Key>(x[r * n + i]);
        entries[static_cast<size_t>(i)] = {descending ? ~key : key, static_cast<Key>(i)};
      }
      sort_entries(entries, spare);
      for (int64_t i = 0; i < n; ++i) {
        order[r * n + i] = static_cast<int64_t>(entries[static_cast<size_t>(i)].position);
      }
    }
  });
}

template <class T>
void places(bool right, const Tensor& sorted, const Tensor& values, Tensor& y) {
  const int64_t n = sorted.shape().back();
  const int64_t rows = sorted.rank() == 1 ? 1 : sorted.numel() / std::max<int64_t>(n, 1);
  const int64_t each = values.numel() / std::max<int64_t>(rows, 1);
  const T *from = sorted.data<T>(), *v = values.data<T>();
  auto* out = y.data<int64_t>();
  parallel_for(values.numel(), kGrain / 8, [&](int64_t begin, int64_t end) {
    for (int64_t i = begin; i < end; ++i) {
      const T* row = from + i / each * n;
      const T value = v[i];
      // Negated, so that a NaN among the values goes to the end.
      const T* at = right ? std::partition_point(row, row + n, [=](T s) { return !(s > value); })
                          : std::partition_point(row, row + n, [=](T s) { return !(s >= value); });
      out[i] = at - row;
    }
  });
}

}  // namespace

void argsort(Cpu, bool descending, const Tensor& x, int axis, Tensor& order) {
  if (x.numel() == 0) return;
  const Tensor from = cpu::packed(cpu::swap_with_last(x, axis));
  Tensor rows = cpu::rows_of_result(order, axis);
  const int64_t n = x.size(axis), count = x.numel() / n;
  const bool narrow = n <= std::numeric_limits<uint32_t>::max();
  visit_dtype(x.dtype(), [&](auto tag) {
    using T = typename decltype(tag)::type;
    auto* to = rows.data<int64_t>();
    if constexpr (sizeof(T) <= 4) {
      if (narrow) return argsort_rows<uint32_t>(descending, from.data<T>(), count, n, to);
    }
    argsort_rows<uint64_t>(descending, from.data<T>(), count, n, to);
  });
  cpu::finish_rows(rows, order, axis);
}

void searchsorted(Cpu, bool right, const Tensor& sorted, const Tensor& values, Tensor& y) {
  if (values.numel() == 0) return;
  switch (values.dtype()) {
    case DType::f64: return places<double>(right, sorted, values, y);
    case DType::i64: return places<int64_t>(right, sorted, values, y);
    default: return places<float>(right, sorted, values, y);
  }
}

}  // namespace strata::kernels
