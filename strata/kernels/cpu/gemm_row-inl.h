// One row times a matrix whose rows lie in sequence: the step of a network that writes one token
// after another, which costs the time of reading the matrix. Included once per instruction set.
#if defined(STRATA_KERNELS_CPU_GEMM_ROW_INL_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef STRATA_KERNELS_CPU_GEMM_ROW_INL_H_
#undef STRATA_KERNELS_CPU_GEMM_ROW_INL_H_
#else
#define STRATA_KERNELS_CPU_GEMM_ROW_INL_H_
#endif

#include <algorithm>
#include <cstdint>
#include <cstring>

#include <hwy/highway.h>

#include "strata/kernels/cpu/gemm_drive-inl.h"
#include "strata/kernels/cpu/gemm_problem.h"
#include "strata/kernels/cpu/gemm_store-inl.h"
#include "strata/kernels/cpu/gemm_tile-inl.h"

HWY_BEFORE_NAMESPACE();
namespace strata::kernels::HWY_NAMESPACE {

// Adds up the partial results of `parts` ranges of k, [m, n] each, in order, and stores them.
inline void store_partials(const GemmProblem<float>& p, const float* partials, int64_t parts) {
  constexpr int64_t kBlock = 256;
  const F32 d;
  // A row that stands in a column of C is stored sum by sum, each read with a whole vector.
  HWY_ALIGN float sums[kBlock + kLanes] = {};
  for (int64_t i = 0; i < p.m; ++i) {
    for (int64_t j = 0; j < p.n; j += kBlock) {
      const int64_t columns = std::min(kBlock, p.n - j), vectors = columns / kLanes * kLanes;
      const float* first = partials + i * p.n + j;
      for (int64_t c = 0; c < vectors; c += kLanes) {
        V32 sum = hn::LoadU(d, first + c);
        for (int64_t part = 1; part < parts; ++part) {
          sum = hn::Add(sum, hn::LoadU(d, first + part * p.m * p.n + c));
        }
        hn::Store(sum, d, sums + c);
      }
      for (int64_t c = vectors; c < columns; ++c) {
        sums[c] = first[c];
        for (int64_t part = 1; part < parts; ++part) sums[c] += first[part * p.m * p.n + c];
      }
      store_sums(p, sums, kBlock, i, 1, j, columns);
    }
  }
}

// Memory is read by that many streams at once, far apart and each in sequence, which brings half
// again as much as one stream does.
inline constexpr int kStreams = 8;

// Numbers of a stream that are called for ahead of those in use: not every processor foresees them.
template <class T>
inline constexpr int64_t kAheadOf = 1024 / sizeof(T);

// What is read at a time: a vector of f32, or of bf16 the numbers of two, the even ones first,
// which takes half of the steps that widening them in order takes.
template <class T>
inline constexpr int kReads = static_cast<int>(sizeof(float) / sizeof(T));

HWY_INLINE void read(F32 d, const float* p, V32 (&v)[1]) { v[0] = hn::LoadU(d, p); }
HWY_INLINE void read(F32 d, const bfloat16* p, V32 (&v)[2]) {
  const hn::RebindToUnsigned<F32> bits;
  const auto pairs = hn::LoadU(bits, reinterpret_cast<const uint32_t*>(p));
  v[0] = hn::BitCast(d, hn::ShiftLeft<16>(pairs));
  v[1] = hn::BitCast(d, hn::And(pairs, hn::Set(bits, 0xFFFF0000u)));
}

// Two vectors of even and odd numbers in their order.
inline void put_in_order(float* pairs) {
  const F32 d;
  const V32 even = hn::LoadU(d, pairs), odd = hn::LoadU(d, pairs + kLanes);
  const V32 low = hn::InterleaveLower(d, even, odd), high = hn::InterleaveUpper(d, even, odd);
  HWY_ALIGN float blocks[2 * kLanes];
  hn::Store(low, d, blocks);
  hn::Store(high, d, blocks + kLanes);
  for (int i = 0; i < kLanes; i += 4) {
    std::memcpy(pairs + 2 * i, blocks + i, 4 * sizeof(float));
    std::memcpy(pairs + 2 * i + 4, blocks + kLanes + i, 4 * sizeof(float));
  }
}

// `n` numbers in the order in which read() gives them; the last, fewer than a read, stay.
template <class T>
void put_in_read_order(const float* from, int64_t n, float* to) {
  constexpr int64_t kStep = kReads<T> * kLanes;
  int64_t j = 0;
  for (; j + kStep <= n; j += kStep) {
    for (int64_t i = 0; i < kStep; ++i)
      to[j + i % kReads<T> * kLanes + i / kReads<T>] = from[j + i];
  }
  for (; j < n; ++j) to[j] = from[j];
}

// The columns of rows that add_streams() reads by whole lines.
template <class T>
int64_t whole_lines(int64_t n) {
  return n / (64 / static_cast<int64_t>(sizeof(T))) * (64 / static_cast<int64_t>(sizeof(T)));
}

// sums[j] += sum over k of left[k * left_step] * right[k * right_step + j] for j in [0, n), the
// rows of the right side in kCount ranges of `k / kCount` at a time. The sums of whole lines stand
// in the order of read().
template <int kCount, class T>
void add_streams(int64_t k, int64_t n, const float* left, int64_t left_step,
                 const T* HWY_RESTRICT right, int64_t right_step, float* HWY_RESTRICT sums) {
  constexpr int64_t kLine = 64 / sizeof(T), kStep = kReads<T> * kLanes;
  const F32 d;
  const int64_t length = k / kCount, lines = whole_lines<T>(n);
  for (int64_t p = 0; p < length; ++p) {
    V32 x[kCount];
    const T* row[kCount];
    for (int r = 0; r < kCount; ++r) {
      x[r] = hn::Set(d, left[(p + r * length) * left_step]);
      row[r] = right + (p + r * length) * right_step;
    }
    for (int64_t j = 0; j < lines; j += kLine) {
      for (int r = 0; r < kCount; ++r) __builtin_prefetch(row[r] + j + kAheadOf<T>);
      HWY_UNROLL(4)
      for (int64_t v = j; v < j + kLine; v += kStep) {
        V32 s[kReads<T>], w[kReads<T>];
        for (int i = 0; i < kReads<T>; ++i) s[i] = hn::LoadU(d, sums + v + i * kLanes);
        HWY_UNROLL(8)
        for (int r = 0; r < kCount; ++r) {
          read(d, row[r] + v, w);
          for (int i = 0; i < kReads<T>; ++i) s[i] = hn::MulAdd(x[r], w[i], s[i]);
        }
        for (int i = 0; i < kReads<T>; ++i) hn::StoreU(s[i], d, sums + v + i * kLanes);
      }
    }
    for (int64_t j = lines; j < n; ++j) {
      for (int r = 0; r < kCount; ++r) {
        sums[j] += left[(p + r * length) * left_step] * static_cast<float>(row[r][j]);
      }
    }
  }
}

// The same for any number of rows.
template <class T>
void add_rows(int64_t k, int64_t n, const float* left, int64_t left_step, const T* right,
              int64_t right_step, float* sums) {
  const int64_t whole = k / kStreams * kStreams;
  add_streams<kStreams>(whole, n, left, left_step, right, right_step, sums);
  add_streams<1>(k - whole, n, left + whole * left_step, left_step, right + whole * right_step,
                 right_step, sums);
  if constexpr (kReads<T> == 2) {
    for (int64_t j = 0; j < whole_lines<T>(n); j += 2 * kLanes) put_in_order(sums + j);
  }
}

// The product of a problem with m == 1, whose right factor is `right`, its rows in sequence and
// p.right.k_step apart: each task reads some whole rows, or wide pieces of them.
template <class T>
void row_times_matrix(const GemmProblem<float>& p, const T* right) {
  constexpr int64_t kColumns = 4096, kMostParts = 8, kLeast = (256 << 10) / sizeof(T);
  const int64_t blocks = ceil_div(p.n, kColumns);
  const int64_t parts =
      std::clamp<int64_t>(p.k * std::min(p.n, kColumns) / kLeast, 1, ceil_div(kMostParts, blocks));
  // Of many parts the later half are a third as long, so that all threads end at about one time.
  const int64_t early = parts == kMostParts ? parts / 2 : parts;
  const int64_t unit = round_up(ceil_div(p.k, parts == kMostParts ? 2 * parts : parts), kStreams);
  const auto begin_of = [&](int64_t part) {
    const int64_t units = part <= early ? part * (parts == kMostParts ? 3 : 1) : 2 * early + part;
    return std::min(p.k, units * unit);
  };
  float* partials = gemm_buffers().partial.get(parts * p.n);
  for_each_task(
      4.0 * static_cast<double>(p.n * p.k), blocks * parts, 1,
      [&](Range task) HWY_ATTR {
        const int64_t part = task.begin / blocks, j = task.begin % blocks * kColumns;
        const int64_t k = begin_of(part), k_end = part + 1 == parts ? p.k : begin_of(part + 1);
        const int64_t columns = std::min(kColumns, p.n - j);
        float* sums = partials + part * p.n + j;
        std::memset(sums, 0, static_cast<size_t>(columns) * sizeof(float));
        add_rows(k_end - k, columns, p.left.data + k * p.left.k_step, p.left.k_step,
                 right + k * p.right.k_step + j, p.right.k_step, sums);
      },
      Sharing::in_turn);
  store_partials(p, partials, parts);
}

// sums[i] = dot product of left, which is in the order of read(), and the row right + i *
// right_step, for i in [0, kStreams).
template <class T>
void dot_streams(int64_t k, const float* HWY_RESTRICT left, const T* HWY_RESTRICT right,
                 int64_t right_step, float* HWY_RESTRICT sums) {
  constexpr int64_t kStep = kReads<T> * kLanes;
  const F32 d;
  V32 acc[kStreams];
  for (V32& a : acc) a = hn::Zero(d);
  int64_t p = 0;
  for (; p + kStep <= k; p += kStep) {
    V32 x[kReads<T>], w[kReads<T>];
    for (int i = 0; i < kReads<T>; ++i) x[i] = hn::LoadU(d, left + p + i * kLanes);
    for (int i = 0; i < kStreams; ++i) {
      __builtin_prefetch(right + i * right_step + p + kAheadOf<T>);
      read(d, right + i * right_step + p, w);
      for (int h = 0; h < kReads<T>; ++h) acc[i] = hn::MulAdd(x[h], w[h], acc[i]);
    }
  }
  for (; p < k; p += kLanes) {
    const int64_t count = std::min<int64_t>(kLanes, k - p);
    const V32 x = load_first(d, left + p, count);
    for (int i = 0; i < kStreams; ++i) {
      acc[i] = hn::MulAdd(x, load_first(d, right + i * right_step + p, count), acc[i]);
    }
  }
  for (int i = 0; i < kStreams; ++i) sums[i] = hn::GetLane(hn::SumOfLanes(d, acc[i]));
}

// The product of a problem with m == 1, both of whose factors have k in sequence; the right one is
// `right`. A block's rows are read in kStreams ranges.
template <class T>
void row_times_rows(const GemmProblem<float>& p, const T* right) {
  constexpr int64_t kBlock = 64 * kStreams;
  const int64_t step = p.right.lane_step;
  const double work = static_cast<double>(p.n) * static_cast<double>(p.k);
  const float* left = p.left.data;
  if constexpr (kReads<T> == 2) {
    float* ordered = gemm_buffers().vector.get(p.k);
    put_in_read_order<T>(left, p.k, ordered);
    left = ordered;
  }
  for_each_task(
      work, p.n, task_size(work, p.n, kStreams, 16),
      [&](Range columns) HWY_ATTR {
        HWY_ALIGN float sums[kBlock + kLanes] = {};
        HWY_ALIGN float some[kStreams];
        for (int64_t begin = columns.begin; begin < columns.end; begin += kBlock) {
          const int64_t count = std::min(kBlock, columns.end - begin), length = count / kStreams;
          for (int64_t j = 0; j < length; ++j) {
            dot_streams(p.k, left, right + (begin + j) * step, length * step, some);
            for (int i = 0; i < kStreams; ++i) sums[i * length + j] = some[i];
          }
          for (int64_t j = length * kStreams; j < count; ++j) {
            dot_sums<1, 1>(p.k, p.left.data, 0, right + (begin + j) * step, 0, sums + j, 0);
          }
          store_sums(p, sums, kBlock, 0, 1, begin, count);
        }
      },
      Sharing::in_turn);
}

}  // namespace strata::kernels::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#endif
