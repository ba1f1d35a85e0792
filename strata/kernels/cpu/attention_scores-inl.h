// The scores of one head, block by block: what attention's two ways share.

// Highway compiles this file once for each instruction set: the include guard toggles.
// clang-format off
#if defined(STRATA_KERNELS_CPU_ATTENTION_SCORES_INL_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef STRATA_KERNELS_CPU_ATTENTION_SCORES_INL_H_
#undef STRATA_KERNELS_CPU_ATTENTION_SCORES_INL_H_
#else
#define STRATA_KERNELS_CPU_ATTENTION_SCORES_INL_H_
#endif
// clang-format on

#include <algorithm>
#include <limits>
#include <type_traits>

#include "strata/kernels/attention.h"
#include "strata/kernels/cpu/gemm_pack-inl.h"
#include "strata/kernels/cpu/philox-inl.h"
#include "strata/kernels/cpu/rows-inl.h"
#include "strata/kernels/gemm.h"
#include "strata/kernels/scratch.h"

HWY_BEFORE_NAMESPACE();
namespace strata::kernels::HWY_NAMESPACE {

constexpr int64_t kQueries = 48;      // a block's rows: whole tiles of the products
constexpr int64_t kKeys = 256;        // a block's columns; a multiple of 4, see Weights::drop
constexpr int64_t kTransposeAt = 16;  // queries for which a transposed copy of the keys pays

/// The matrix of one head: rows of neighbouring elements, `step` apart.
template <class T>
struct HeadRows {
  T* data = nullptr;
  int64_t step = 0;

  T* row(int64_t i) const { return data + i * step; }
};

/// A head's rows in a tensor [B, H, T, D].
template <class T>
HeadRows<const T> head(const Tensor& t, int64_t b, int64_t h) {
  return {t.data<T>() + b * t.strides()[0] + h * t.strides()[1], t.strides()[2]};
}
template <class T>
HeadRows<T> head(Tensor& t, int64_t b, int64_t h) {
  if (!t.defined()) return {};
  return {t.data<T>() + b * t.strides()[0] + h * t.strides()[1], t.strides()[2]};
}

template <class T>
void product(int64_t m, int64_t n, int64_t k, HeadRows<const T> a, bool a_turned,
             HeadRows<const T> b, bool b_turned, HeadRows<T> c, bool add) {
  gemm(Gemm<T>{.m = m,
               .n = n,
               .k = k,
               .a = {.data = a.data, .ld = a.step, .trans = a_turned},
               .b = {.data = b.data, .ld = b.step, .trans = b_turned},
               .c = {.data = c.data, .ld = c.step},
               .beta = add ? 1.0 : 0.0});
}

template <class T>
HeadRows<const T> read_only(HeadRows<T> r) {
  return {r.data, r.step};
}

struct Span {
  int64_t begin, end;
  int64_t size() const { return end - begin; }
};

/// What a task works on: some queries and keys of one head.
struct Task {
  int64_t b, h;
  Span queries, keys;
};

/// Rows of a head with their transpose, made once for the many blocks of queries that read it.
template <class T>
class Turned {
 public:
  /// `worth`: whether enough queries will come for a copy to pay.
  Turned(HeadRows<const T> rows, Span keys, int64_t width, bool worth)
      : rows_(rows),
        first_(keys.begin),
        step_(round_up(keys.size())),
        copy_(worth ? width * step_ : 0, "scaled_dot_product_attention"),
        turned_(worth) {
    if (!worth) return;
    if constexpr (std::is_same_v<T, float>) {
      pack_turned(rows.row(first_), rows.step, keys.size(), step_, width, copy_.data());
    } else {
      for (int64_t d = 0; d < width; ++d) {
        for (int64_t i = 0; i < keys.size(); ++i) copy_[d * step_ + i] = rows.row(first_ + i)[d];
      }
    }
  }

  /// c = a [m, width] times the transpose of the rows of `keys`.
  void product_with(HeadRows<const T> a, int64_t m, Span keys, int64_t width, HeadRows<T> c) const {
    if (turned_) {
      const HeadRows<const T> b = {copy_.data() + keys.begin - first_, step_};
      product(m, keys.size(), width, a, false, b, false, c, false);
    } else {
      const HeadRows<const T> b = {rows_.row(keys.begin), rows_.step};
      product(m, keys.size(), width, a, false, b, true, c, false);
    }
  }

 private:
  // Whole lines, and no power of two: rows would fall into the same cache sets.
  static int64_t round_up(int64_t n) { return (n + 15) / 16 * 16 + 16; }

  HeadRows<const T> rows_;
  int64_t first_, step_;
  Scratch<T> copy_;
  bool turned_;
};

/// What both ways share: the scores of one head, masked.
template <class T>
class Scores {
 public:
  Scores(const Tensor& q, const Tensor& k, const Tensor& mask, const AttentionProblem& problem,
         const Task& task)
      : problem_(problem),
        mask_(mask),
        task_(task),
        queries_(q.size(2)),
        keys_(k.size(2)),
        width_(q.size(3)),
        q_(head<T>(q, task.b, task.h)),
        k_(head<T>(k, task.b, task.h), seen(task.queries), width_,
           task.queries.size() >= kTransposeAt),
        scaled_(kQueries * width_, "scaled_dot_product_attention"),
        mask_row_(mask.defined() ? kKeys : 0, "scaled_dot_product_attention"),
        drop_row_(problem.dropout ? kKeys : 0, "scaled_dot_product_attention"),
        number_(task.b * q.size(1) + task.h) {}

  /// Keys of the task that at least one of these queries sees.
  Span seen(Span queries) const {
    return {task_.keys.begin,
            std::max(task_.keys.begin, std::min(task_.keys.end, limit(queries.end - 1)))};
  }

  /// To be called before block(): the queries, scaled.
  void take(Span queries) {
    const hn::ScalableTag<T> d;
    const auto scale = hn::Set(d, static_cast<T>(problem_.scale));
    for (int64_t i = 0; i < queries.size(); ++i) {
      map_row(q_.row(queries.begin + i), width_, scaled_.data() + i * width_,
              [&](auto v) HWY_ATTR { return hn::Mul(v, scale); });
    }
  }

  /// Fills s with the scores of a block; of row i only the first visible(i, keys) count.
  void block(Span queries, Span keys, HeadRows<T> s) {
    k_.product_with({scaled_.data(), width_}, queries.size(), keys, width_, s);
    if (!mask_.defined()) return;
    for (int64_t i = 0; i < queries.size(); ++i) {
      if (i == 0 || mask_.strides()[2] != 0) read_mask(queries.begin + i, keys);
      map_rows(s.row(i), mask_row_.data(), keys.size(), s.row(i),
               [](auto v, auto m) HWY_ATTR { return hn::Add(v, m); });
    }
  }

  /// How many of these keys a query sees.
  int64_t visible(int64_t query, Span keys) const {
    return std::clamp<int64_t>(limit(query) - keys.begin, 0, keys.size());
  }

  /// The factors, 0 or kept_scale, of a row of weights. Element (i, j) of a head takes the random
  /// word at ((head * Tq + i) * Tk + j), with Tk rounded up to a multiple of 4.
  const float* kept(int64_t query, Span keys) {
    const int64_t first = (number_ * queries_ + query) * ((keys_ + 3) / 4 * 4) + keys.begin;
    const uint32_t threshold = problem_.threshold;
    const auto factor = static_cast<float>(problem_.kept_scale);
    philox_fill(problem_.seed, problem_.stream, first, keys.size(), drop_row_.data(),
                [&](auto d, auto even, auto odd) HWY_ATTR {
                  const hn::RebindToUnsigned<decltype(d)> du;
                  const auto bound = hn::Set(du, threshold);
                  const auto one = hn::Set(d, factor);
                  const auto choose = [&](auto word) HWY_ATTR {
                    return hn::IfThenElseZero(hn::RebindMask(d, hn::Not(hn::Gt(bound, word))), one);
                  };
                  return Pair<hn::Vec<decltype(d)>>{choose(even), choose(odd)};
                });
    return drop_row_.data();
  }
  bool drops() const { return problem_.dropout; }

 private:
  int64_t limit(int64_t query) const {
    return problem_.causal ? query + 1 + keys_ - queries_ : keys_;
  }

  void read_mask(int64_t query, Span keys) {
    const Strides& s = mask_.strides();
    const int64_t at = task_.b * s[0] + task_.h * s[1] + query * s[2] + keys.begin * s[3];
    if (mask_.dtype() == DType::boolean) {
      constexpr T kNever = -std::numeric_limits<T>::infinity();
      const bool* from = mask_.data<bool>() + at;
      for (int64_t j = 0; j < keys.size(); ++j) mask_row_[j] = from[j * s[3]] ? T(0) : kNever;
    } else {
      const T* from = mask_.data<T>() + at;
      for (int64_t j = 0; j < keys.size(); ++j) mask_row_[j] = from[j * s[3]];
    }
  }

  const AttentionProblem& problem_;
  const Tensor& mask_;
  Task task_;
  int64_t queries_, keys_, width_;
  HeadRows<const T> q_;
  Turned<T> k_;
  Scratch<T> scaled_, mask_row_;
  Scratch<float> drop_row_;
  int64_t number_;  // of the head
};

template <class F>
void for_blocks(Span span, int64_t size, F f) {
  for (int64_t at = span.begin; at < span.end; at += size)
    f(Span{at, std::min(span.end, at + size)});
}

}  // namespace strata::kernels::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#endif  // the toggled include guard
