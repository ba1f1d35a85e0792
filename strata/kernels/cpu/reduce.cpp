#include "strata/kernels/reduce.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <vector>

#include "strata/base/parallel.h"
#include "strata/kernels/cpu/axes.h"
#include "strata/tensor/strided.h"

// clang-format off
#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "strata/kernels/cpu/reduce.cpp"
#include <hwy/foreach_target.h>
#include <hwy/highway.h>
// clang-format on

#include "strata/kernels/cpu/lanes-inl.h"

HWY_BEFORE_NAMESPACE();
namespace strata::kernels::HWY_NAMESPACE {
namespace {

constexpr int64_t kGrain = 32768;  // elements for which a second thread pays
constexpr int64_t kBlock = 1024;   // elements summed in vectors before their sum goes to f64
constexpr int64_t kChunk = 65536;  // elements of a row that are a unit of work
constexpr int64_t kTile = 1024;    // columns whose accumulators stay in L1

struct Sum {
  using Fold = Sum;
  static constexpr double kNeutral = 0;
  static double map(double x) { return x; }
  static double merge(double a, double b) { return a + b; }
  template <class V>
  static HWY_INLINE V map(V v) {
    return v;
  }
  template <class D, class V>
  static HWY_INLINE V combine(D, V a, V b) {
    return hn::Add(a, b);
  }
};

struct SumAbs : Sum {
  static double map(double x) { return std::abs(x); }
  template <class V>
  static HWY_INLINE V map(V v) {
    return hn::Abs(v);
  }
};

struct SumSquares : Sum {
  static double map(double x) { return x * x; }
  template <class V>
  static HWY_INLINE V map(V v) {
    return hn::Mul(v, v);
  }
};

struct Max {
  using Fold = Max;
  static constexpr double kNeutral = -std::numeric_limits<double>::infinity();
  static double map(double x) { return x; }
  static double merge(double a, double b) { return b < a || std::isnan(a) ? a : b; }
  template <class V>
  static HWY_INLINE V map(V v) {
    return v;
  }
  template <class D, class V>
  static HWY_INLINE V combine(D, V a, V b) {
    return hn::IfThenElse(hn::Or(hn::Lt(b, a), hn::IsNaN(a)), a, b);
  }
};

struct Min {
  using Fold = Min;
  static constexpr double kNeutral = std::numeric_limits<double>::infinity();
  static double map(double x) { return x; }
  static double merge(double a, double b) { return a < b || std::isnan(a) ? a : b; }
  template <class V>
  static HWY_INLINE V map(V v) {
    return v;
  }
  template <class D, class V>
  static HWY_INLINE V combine(D, V a, V b) {
    return hn::IfThenElse(hn::Or(hn::Lt(a, b), hn::IsNaN(a)), a, b);
  }
};

struct MaxAbs : Max {
  static constexpr double kNeutral = 0;
  static double map(double x) { return std::abs(x); }
  template <class V>
  static HWY_INLINE V map(V v) {
    return hn::Abs(v);
  }
};

/// At most kBlock elements, in four accumulators.
template <class Op, class T>
double reduce_block(const T* x, int64_t n) {
  const Tag<T> d;
  const int64_t step = lanes(d);
  const auto neutral = hn::Set(d, static_cast<Computed<T>>(Op::kNeutral));
  auto a0 = neutral, a1 = neutral, a2 = neutral, a3 = neutral;
  int64_t i = 0;
  for (; i + 4 * step <= n; i += 4 * step) {
    a0 = Op::combine(d, a0, Op::map(load_in_sequence(d, x + i)));
    a1 = Op::combine(d, a1, Op::map(load_in_sequence(d, x + i + step)));
    a2 = Op::combine(d, a2, Op::map(load_in_sequence(d, x + i + 2 * step)));
    a3 = Op::combine(d, a3, Op::map(load_in_sequence(d, x + i + 3 * step)));
  }
  for (; i + step <= n; i += step) a0 = Op::combine(d, a0, Op::map(load(d, x + i)));
  HWY_ALIGN Computed<T> gathered[hn::MaxLanes(d)];
  hn::Store(Op::combine(d, Op::combine(d, a0, a1), Op::combine(d, a2, a3)), d, gathered);
  double total = gathered[0];
  for (int64_t k = 1; k < step; ++k) total = Op::merge(total, static_cast<double>(gathered[k]));
  for (; i < n; ++i) total = Op::merge(total, Op::map(static_cast<double>(x[i])));
  return total;
}

template <class Op, class T>
double reduce_row(const T* x, int64_t n) {
  double total = Op::kNeutral;
  if (n < 2 * lanes(Tag<T>())) {
    for (int64_t i = 0; i < n; ++i) total = Op::merge(total, Op::map(static_cast<double>(x[i])));
    return total;
  }
  for (int64_t i = 0; i < n; i += kBlock) {
    total = Op::merge(total, reduce_block<Op>(x + i, std::min(kBlock, n - i)));
  }
  return total;
}

/// Where results go, each times a number: f32, bf16 or f64, told apart here and not by a type,
/// because every type of results would be a copy of all that follows.
class Results {
 public:
  Results(Tensor& y, double scale) : data_(y.raw()), dtype_(y.dtype()), scale_(scale) {}

  /// y[i] to y[i + n - 1].
  template <class T>
  HWY_NOINLINE void put(int64_t i, const T* totals, int64_t n) const {
    switch (dtype_) {
      case DType::f64: return put_as<double>(i, totals, n);
      case DType::bf16: return put_as<bfloat16>(i, totals, n);
      default: return put_as<float>(i, totals, n);
    }
  }

 private:
  template <class Y, class T>
  void put_as(int64_t i, const T* totals, int64_t n) const {
    Y* y = static_cast<Y*>(data_) + i;
    for (int64_t k = 0; k < n; ++k) y[k] = static_cast<Y>(static_cast<double>(totals[k]) * scale_);
  }

  void* data_;
  DType dtype_;
  double scale_;
};

/// Rows of neighbouring elements; long rows in chunks whose results are merged in order.
template <class Op, class T>
void reduce_rows(const T* x, int64_t rows, int64_t n, const Results& y) {
  const int64_t chunks = std::max<int64_t>(1, (n + kChunk - 1) / kChunk);
  if (chunks == 1) {
    parallel_for(rows, kGrain / std::max<int64_t>(n, 8), [&](int64_t begin, int64_t end) {
      double totals[64];
      for (int64_t i = begin; i < end; i += std::ssize(totals)) {
        const int64_t count = std::min<int64_t>(std::ssize(totals), end - i);
        for (int64_t k = 0; k < count; ++k) totals[k] = reduce_row<Op>(x + (i + k) * n, n);
        y.put(i, totals, count);
      }
    });
    return;
  }
  std::vector<double> parts(static_cast<size_t>(rows * chunks));
  parallel_for(rows * chunks, 1, [&](int64_t begin, int64_t end) {
    for (int64_t u = begin; u < end; ++u) {
      const int64_t at = u % chunks * kChunk;
      parts[static_cast<size_t>(u)] =
          reduce_row<Op>(x + u / chunks * n + at, std::min(kChunk, n - at));
    }
  });
  for (int64_t i = 0; i < rows; ++i) {
    double total = Op::kNeutral;
    for (int64_t k = 0; k < chunks; ++k) {
      total = Op::merge(total, parts[static_cast<size_t>(i * chunks + k)]);
    }
    y.put(i, &total, 1);
  }
}

/// Adds one vector of `rows` rows that are `stride` apart to `a`, four rows at a time.
template <class Op, class D, class V, class Load>
HWY_INLINE V add_rows(D d, V a, int64_t rows, int64_t stride, Load value) {
  int64_t r = 0;
  for (; r + 4 <= rows; r += 4) {
    const V b = Op::combine(d, value(r * stride), value((r + 1) * stride));
    const V c = Op::combine(d, value((r + 2) * stride), value((r + 3) * stride));
    a = Op::combine(d, a, Op::combine(d, b, c));
  }
  for (; r < rows; ++r) a = Op::combine(d, a, value(r * stride));
  return a;
}

/// sums[c] = reduction of `rows` rows, `stride` apart; columns of eight rows stay in L1.
template <class Op, class T>
void reduce_columns(const T* x, int64_t rows, int64_t columns, int64_t stride, Computed<T>* sums) {
  constexpr int64_t kRows = 8;
  const Tag<T> d;
  constexpr auto kNeutral = static_cast<Computed<T>>(Op::kNeutral);
  std::fill_n(sums, columns, kNeutral);
  for (int64_t r = 0; r < rows; r += kRows) {
    const int64_t count = std::min(kRows, rows - r);
    const T* from = x + r * stride;
    for_lanes(
        d, columns,
        [&](int64_t c) HWY_ATTR {
          const auto value = [&](int64_t at)
                                 HWY_ATTR { return Op::map(load_in_sequence(d, from + c + at)); };
          store(d, add_rows<Op>(d, load(d, sums + c), count, stride, value), sums + c);
        },
        [&](int64_t c, int64_t n) HWY_ATTR {
          const auto value = [&](int64_t at) HWY_ATTR {
            return Op::map(load_n(d, from + c + at, n, kNeutral));
          };
          const auto a = load_n(d, sums + c, n, kNeutral);
          store_n(d, add_rows<Op>(d, a, count, stride, value), sums + c, n);
        });
  }
}

/// Narrow columns: several rows are read as one, so that vectors are full, and folded at the end.
template <class Op, class T>
void reduce_narrow(const T* x, int64_t rows, int64_t columns, int64_t group, Computed<T>* sums) {
  const int64_t width = group * columns;
  Computed<T> wide[kTile], rest[kTile];
  reduce_columns<Op>(x, rows / group, width, width, wide);
  const int64_t left = rows % group * columns;
  reduce_columns<Op>(x + rows / group * width, left > 0, left, left, rest);
  for (int64_t c = 0; c < columns; ++c) {
    double total = wide[c];
    for (int64_t i = c + columns; i < width; i += columns) {
      total = Op::merge(total, static_cast<double>(wide[i]));
    }
    for (int64_t i = c; i < left; i += columns) {
      total = Op::merge(total, static_cast<double>(rest[i]));
    }
    sums[c] = static_cast<Computed<T>>(total);
  }
}

/// Columns: units of [some rows, kTile columns]. Where the rows take several units, their results
/// are reduced in turn.
template <class Op, class T>
void reduce_middle(const T* x, const cpu::Run& run, const Results& y) {
  const int64_t outer = run.outer, length = run.length, inner = run.inner;
  const int64_t tile = std::min(inner, kTile);
  const int64_t rows = std::max<int64_t>(256, kChunk / tile);  // of a unit
  const int64_t chunks = std::max<int64_t>(1, (length + rows - 1) / rows);
  const int64_t tiles = (inner + tile - 1) / tile;
  const int64_t group = length >= 16 ? cpu::rows_in_one(inner, kTile) : 1;
  Tensor scratch;
  if (chunks > 1) scratch = empty({outer, chunks, inner}, dtype_of<Computed<T>>);
  Computed<T>* parts = chunks > 1 ? scratch.data<Computed<T>>() : nullptr;
  const int64_t unit = std::min(rows, length) * tile;
  parallel_for(outer * chunks * tiles, kGrain / std::max<int64_t>(unit, 8),
               [&](int64_t begin, int64_t end) {
                 Computed<T> sums[kTile];
                 for (int64_t u = begin; u < end; ++u) {
                   const int64_t o = u / (chunks * tiles), k = u / tiles % chunks;
                   const int64_t c = u % tiles * tile, width = std::min(tile, inner - c);
                   const int64_t count = std::min(rows, length - k * rows);
                   const T* from = x + (o * length + k * rows) * inner + c;
                   Computed<T>* to = parts ? parts + (o * chunks + k) * inner + c : sums;
                   if (group > 1) {
                     reduce_narrow<Op>(from, count, inner, group, to);
                   } else {
                     reduce_columns<Op>(from, count, width, inner, to);
                   }
                   if (!parts) y.put(o * inner + c, sums, width);
                 }
               });
  if (parts) reduce_middle<typename Op::Fold>(parts, {outer, chunks, inner}, y);
}

template <class Op, class T>
void reduce_run(const T* x, const cpu::Run& run, const Results& y) {
  if (run.inner == 1) {
    reduce_rows<Op>(x, run.outer, run.length, y);
  } else {
    reduce_middle<Op>(x, run, y);
  }
}

template <class T>
void reduce_as(Reduce what, const T* x, const cpu::Run& run, const Results& y) {
  switch (what) {
    case Reduce::sum: return reduce_run<Sum>(x, run, y);
    case Reduce::sum_abs: return reduce_run<SumAbs>(x, run, y);
    case Reduce::sum_squares: return reduce_run<SumSquares>(x, run, y);
    case Reduce::max: return reduce_run<Max>(x, run, y);
    case Reduce::min: return reduce_run<Min>(x, run, y);
    case Reduce::max_abs: return reduce_run<MaxAbs>(x, run, y);
  }
}

/// Sums on the way from bf16 to bf16 are f32.
void reduce_floats(Reduce what, const Tensor& x, const cpu::Run& run, double scale, Tensor& y) {
  const Results results(y, scale);
  switch (x.dtype()) {
    case DType::f64: return reduce_as(what, x.data<double>(), run, results);
    case DType::bf16: return reduce_as(what, x.data<bfloat16>(), run, results);
    default: return reduce_as(what, x.data<float>(), run, results);
  }
}

}  // namespace
}  // namespace strata::kernels::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace strata::kernels {
namespace {

HWY_EXPORT(reduce_floats);

constexpr int64_t kCumsumGrain = 8192;

template <class S, class D>
void reduce_integers(Reduce what, const S* x, const cpu::Run& run, D* y) {
  const auto merge = [what](D a, D b) -> D {
    switch (what) {
      case Reduce::max: return std::max(a, b);
      case Reduce::min: return std::min(a, b);
      default: return static_cast<D>(a + b);
    }
  };
  for (int64_t o = 0; o < run.outer; ++o) {
    D* to = y + o * run.inner;
    const S* from = x + o * run.length * run.inner;
    for (int64_t i = 0; i < run.inner; ++i) to[i] = run.length ? static_cast<D>(from[i]) : D(0);
    for (int64_t r = 1; r < run.length; ++r) {
      for (int64_t i = 0; i < run.inner; ++i) {
        to[i] = merge(to[i], static_cast<D>(from[r * run.inner + i]));
      }
    }
  }
}

void reduce_any(Reduce what, const Tensor& x, const cpu::Run& run, double scale, Tensor& y) {
  if (is_floating(x.dtype())) {
    HWY_DYNAMIC_DISPATCH(reduce_floats)(what, x, run, scale, y);
    return;
  }
  visit_dtype(x.dtype(), [&](auto tag) {
    using S = typename decltype(tag)::type;
    if constexpr (std::is_integral_v<S>) {
      if (y.dtype() == DType::i64) {
        reduce_integers(what, x.data<S>(), run, y.data<int64_t>());
      } else {
        reduce_integers(what, x.data<S>(), run, y.data<S>());
      }
    }
  });
}

/// What remains to be done with results of `what`.
Reduce fold_of(Reduce what) {
  switch (what) {
    case Reduce::max:
    case Reduce::max_abs: return Reduce::max;
    case Reduce::min: return Reduce::min;
    default: return Reduce::sum;
  }
}

/// Floats are summed in f64: one after another, f32 loses a percent within a million.
template <class S, class D>
void running_sums(const S* x, const cpu::Run& run, bool reverse, D* y) {
  using Sum = std::conditional_t<std::is_integral_v<D>, D, double>;
  const int64_t outer = run.outer, length = run.length, inner = run.inner;
  const int64_t step = reverse ? -inner : inner, start = reverse ? (length - 1) * inner : 0;
  parallel_for(outer * inner, kCumsumGrain / length, [&](int64_t begin, int64_t end) {
    for (int64_t i = begin; i < end; ++i) {
      int64_t at = i / inner * length * inner + i % inner + start;
      Sum total = 0;
      for (int64_t k = 0; k < length; ++k, at += step) {
        total += static_cast<Sum>(x[at]);
        y[at] = static_cast<D>(total);
      }
    }
  });
}

}  // namespace

void reduce(Cpu, Reduce what, const Tensor& x, Tensor& y, double scale) {
  if (y.numel() == 0) return;
  if (x.dtype() == DType::f16) {
    Tensor wide_x = empty(x.shape()), wide_y = empty(y.shape());
    copy(Cpu{}, x, wide_x);
    reduce(Cpu{}, what, wide_x, wide_y, scale);
    copy(Cpu{}, wide_y, y);
    return;
  }
  // From the last group of reduced axes to the first.
  Tensor from = cpu::packed(x);
  cpu::AxisGroups groups(x.shape(), y.shape());
  for (;;) {
    const cpu::Run run = groups.pop();
    if (!groups.any_reduced()) {
      reduce_any(what, from, run, scale, y);
      return;
    }
    const DType wide = x.dtype() == DType::bf16 ? DType::f32 : y.dtype();
    Tensor part = empty({run.outer * run.inner}, wide);
    reduce_any(what, from, run, 1, part);
    from = part;
    what = fold_of(what);
  }
}

void cumsum(Cpu, const Tensor& x, int axis, bool reverse, Tensor& y) {
  if (x.numel() == 0) return;
  const Tensor from = cpu::packed(x);
  const cpu::Run run = cpu::run_of(x.shape(), axis);
  visit_dtype(x.dtype(), [&](auto tag) {
    using S = typename decltype(tag)::type;
    using D = std::conditional_t<std::is_integral_v<S>, int64_t, S>;
    running_sums(from.data<S>(), run, reverse, y.data<D>());
  });
}

}  // namespace strata::kernels
#endif  // HWY_ONCE
