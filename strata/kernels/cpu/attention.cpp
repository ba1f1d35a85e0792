// The scheme of Dao et al., "FlashAttention" (2022), after Milakov and Gimelshein, "Online
// normalizer calculation for softmax" (2018): blocks of queries against blocks of keys, with the
// maximum and the sum of each row carried from block to block.
#include "strata/kernels/attention.h"

#include "strata/base/parallel.h"
#include "strata/kernels/gemm.h"
#include "strata/kernels/scratch.h"
#include "strata/kernels/work_log.h"

// clang-format off
#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "strata/kernels/cpu/attention.cpp"
#include <hwy/foreach_target.h>
#include <hwy/highway.h>
// clang-format on

#include "strata/kernels/cpu/attention_scores-inl.h"

HWY_BEFORE_NAMESPACE();
namespace strata::kernels::HWY_NAMESPACE {
namespace {

constexpr int64_t kTasks = 16;  // heads from which one task takes a whole head
constexpr double kMinParallel = 200e3;
// A single query waits for the keys and values more than it computes: a multiplication counts as so
// many.
constexpr double kCostOfReading = 8;

/// The running maximum and sum of a block's rows.
template <class T>
struct RowState {
  T most[kQueries], sum[kQueries];
};

/// Turns a row of n scores into weights relative to the row's new maximum; returns the factor by
/// which what was gathered before shrinks.
template <class T>
T online_softmax(T* s, int64_t n, T& most, T& sum) {
  const Tag<T> d;
  const T top = std::max(most, row_max(s, n));
  const auto shift = hn::Set(d, std::isinf(top) && top < 0 ? T(0) : top);  // of -inf alone: zeros
  const double added = sum_of(
      d, n,
      [&](int64_t i) HWY_ATTR {
        const auto e = exp_nonpositive(d, hn::Sub(load(d, s + i), shift));
        store(d, e, s + i);
        return e;
      },
      [&](int64_t i, int64_t count) HWY_ATTR {
        const auto v = load_n(d, s + i, count, kLowest<T>);
        const auto e = exp_nonpositive(d, hn::Sub(v, shift));
        store_n(d, e, s + i, count);
        return e;
      });
  const T shrink = most == top ? T(1) : std::exp(most - top);
  most = top;
  sum = sum * shrink + static_cast<T>(added);
  return shrink;
}

template <class T>
void scale_row(T* x, int64_t n, T factor) {
  const Tag<T> d;
  const auto f = hn::Set(d, factor);
  map_row(x, n, x, [&](auto v) HWY_ATTR { return hn::Mul(v, f); });
}

template <class T>
void multiply_row(T* x, const float* by, int64_t n) {
  for (int64_t j = 0; j < n; ++j) x[j] *= static_cast<T>(by[j]);
}

/// The queries of a task against its keys, forward.
template <class T>
void forward_task(const Task& task, const Tensor& q, const Tensor& k, const Tensor& v,
                  const Tensor& mask, const AttentionProblem& problem, Tensor& y, Tensor& lse) {
  constexpr T kNever = -std::numeric_limits<T>::infinity();
  const int64_t width = v.size(3);
  Scores<T> scores(q, k, mask, problem, task);
  const HeadRows<const T> values = head<T>(v, task.b, task.h);
  const HeadRows<T> out = head<T>(y, task.b, task.h);
  T* logs = lse.data<T>() + (task.b * q.size(1) + task.h) * q.size(2);
  const Scratch<T> block(std::min(kQueries, task.queries.size()) * kKeys,
                         "scaled_dot_product_attention");
  const HeadRows<T> s = {block.data(), kKeys};
  RowState<T> state;
  for_blocks(task.queries, kQueries, [&](Span queries) HWY_ATTR {
    std::fill_n(state.most, kQueries, kNever);
    std::fill_n(state.sum, kQueries, T(0));
    scores.take(queries);
    const Span seen = scores.seen(queries);
    for_blocks(seen, kKeys, [&](Span keys) HWY_ATTR {
      scores.block(queries, keys, s);
      const bool first = keys.begin == seen.begin;
      for (int64_t i = 0; i < queries.size(); ++i) {
        const int64_t n = scores.visible(queries.begin + i, keys);
        const T shrink = online_softmax(s.row(i), n, state.most[i], state.sum[i]);
        std::fill(s.row(i) + n, s.row(i) + keys.size(), T(0));
        if (!first && shrink != 1) scale_row(out.row(queries.begin + i), width, shrink);
        if (scores.drops()) multiply_row(s.row(i), scores.kept(queries.begin + i, keys), n);
      }
      product<T>(queries.size(), width, keys.size(), read_only(s), false,
                 {values.row(keys.begin), values.step}, false, {out.row(queries.begin), out.step},
                 !first);
    });
    for (int64_t i = 0; i < queries.size(); ++i) {
      T* row = out.row(queries.begin + i);
      const T sum = state.sum[i];
      if (sum == 0) {
        std::fill_n(row, width, T(0));
      } else {
        scale_row(row, width, 1 / sum);
      }
      logs[queries.begin + i] = sum == 0 ? -kNever : state.most[i] + std::log(sum);
    }
  });
}

/// What the way back of one task reads and adds to.
template <class T>
struct Backward {
  HeadRows<const T> q, k, dy;
  const T *logs, *deltas;
  HeadRows<T> dq, dk, dv;
  int64_t width, value_width;
};

/// From a block's scores s and weight gradients g to the weights (as they met the values) and the
/// gradients of the scores, in their places.
template <class T>
void score_gradients(Scores<T>& scores, Span queries, Span keys, const Backward<T>& at, T scale,
                     HeadRows<T> s, HeadRows<T> g) {
  const Tag<T> d;
  const auto factor = hn::Set(d, scale);
  for (int64_t i = 0; i < queries.size(); ++i) {
    const int64_t query = queries.begin + i, n = scores.visible(query, keys);
    T *p = s.row(i), *dp = g.row(i);
    const auto log = hn::Set(d, at.logs[query]), delta = hn::Set(d, at.deltas[query]);
    map_row(p, n, p, [&](auto v) HWY_ATTR { return exp_nonpositive(d, hn::Sub(v, log)); });
    const float* kept = scores.drops() ? scores.kept(query, keys) : nullptr;
    if (kept) multiply_row(dp, kept, n);
    map_rows(p, dp, n, dp, [&](auto w, auto dw) HWY_ATTR {
      return hn::Mul(hn::Mul(w, hn::Sub(dw, delta)), factor);
    });
    if (kept) multiply_row(p, kept, n);
    std::fill(p + n, p + keys.size(), T(0));
    std::fill(dp + n, dp + keys.size(), T(0));
  }
}

template <class T>
void clear(HeadRows<T> rows, Span span, int64_t width) {
  if (!rows.data) return;
  for (int64_t i = span.begin; i < span.end; ++i) std::fill_n(rows.row(i), width, T(0));
}

/// Adds what a task's queries and keys give one another to the gradients that are asked for.
template <class T>
void backward_task(const Task& task, const Tensor& q, const Tensor& k, const Tensor& v,
                   const Tensor& mask, const AttentionProblem& problem, const Backward<T>& at) {
  Scores<T> scores(q, k, mask, problem, task);
  const Turned<T> values(head<T>(v, task.b, task.h), scores.seen(task.queries), at.value_width,
                         task.queries.size() >= kTransposeAt);
  const int64_t room = std::min(kQueries, task.queries.size()) * kKeys;
  const Scratch<T> first(room, "scaled_dot_product_attention");
  const Scratch<T> second(room, "scaled_dot_product_attention");
  const HeadRows<T> s = {first.data(), kKeys}, g = {second.data(), kKeys};
  clear(at.dq, task.queries, at.width);
  clear(at.dk, task.keys, at.width);
  clear(at.dv, task.keys, at.value_width);
  for_blocks(task.queries, kQueries, [&](Span queries) HWY_ATTR {
    const int64_t rows = queries.size();
    const auto part = [](auto m, int64_t i) { return decltype(m){m.row(i), m.step}; };
    const HeadRows<const T> gradient = part(at.dy, queries.begin);
    scores.take(queries);
    for_blocks(scores.seen(queries), kKeys, [&](Span keys) HWY_ATTR {
      const int64_t columns = keys.size();
      scores.block(queries, keys, s);
      values.product_with(gradient, rows, keys, at.value_width, g);
      score_gradients(scores, queries, keys, at, static_cast<T>(problem.scale), s, g);
      if (at.dv.data) {
        product<T>(columns, at.value_width, rows, read_only(s), true, gradient, false,
                   part(at.dv, keys.begin), true);
      }
      if (at.dk.data) {
        product<T>(columns, at.width, rows, read_only(g), true, part(at.q, queries.begin), false,
                   part(at.dk, keys.begin), true);
      }
      if (at.dq.data) {
        product<T>(rows, at.width, columns, read_only(g), false, part(at.k, keys.begin), false,
                   part(at.dq, queries.begin), true);
      }
    });
  });
}

/// What tasks may share out among them of a head.
enum class Cut { none, queries, keys };

/// Tasks: whole heads, or, of few heads that may be cut, parts of whole blocks.
std::vector<Task> tasks_of(const Tensor& q, const Tensor& k, Cut cut) {
  const int64_t heads = q.size(0) * q.size(1), queries = q.size(2), keys = k.size(2);
  const bool by_key = cut == Cut::keys;
  const int64_t length = by_key ? keys : queries, unit = by_key ? kKeys : kQueries;
  const int64_t most = std::max<int64_t>(1, (length + unit - 1) / unit);
  const int64_t parts = std::clamp<int64_t>(kTasks / heads, 1, most);
  const int64_t blocks = (length + unit * parts - 1) / (unit * parts);
  std::vector<Task> tasks;
  for (int64_t b = 0; b < q.size(0); ++b) {
    for (int64_t h = 0; h < q.size(1); ++h) {
      if (cut == Cut::none) {
        tasks.push_back({b, h, {0, queries}, {0, keys}});
        continue;
      }
      for_blocks({0, length}, blocks * unit, [&](Span span) {
        tasks.push_back(by_key ? Task{b, h, {0, queries}, span} : Task{b, h, span, {0, keys}});
      });
    }
  }
  return tasks;
}

template <class F>
void for_tasks(const std::vector<Task>& tasks, double work, F f) {
  const auto count = static_cast<int64_t>(tasks.size());
  const auto run = [&](int64_t i) { f(tasks[static_cast<size_t>(i)]); };
  if (work >= kMinParallel) return parallel_chunks(count, run);
  for (int64_t i = 0; i < count; ++i) run(i);
}

double work_of(const Tensor& q, const Tensor& k, const Tensor& v) {
  return static_cast<double>(q.size(0) * q.size(1) * q.size(2)) *
         static_cast<double>(k.size(2) * (q.size(3) + v.size(3)));
}

template <class T>
void forward_typed(const Tensor& q, const Tensor& k, const Tensor& v, const Tensor& mask,
                   const AttentionProblem& problem, Tensor& y, Tensor& lse) {
  const double work = work_of(q, k, v) * (q.size(2) == 1 ? kCostOfReading : 1);
  for_tasks(tasks_of(q, k, Cut::queries), work,
            [&](const Task& task) { forward_task<T>(task, q, k, v, mask, problem, y, lse); });
}

/// deltas = sum(y dy) for each row.
template <class T>
void row_deltas(const Tensor& y, const Tensor& dy, T* deltas) {
  const int64_t heads = y.size(1), rows = y.size(2), width = y.size(3);
  for_rows(y.size(0) * heads * rows, std::max<int64_t>(1, width), [&](int64_t i) {
    const int64_t b = i / rows / heads, h = i / rows % heads, r = i % rows;
    const T *a = head<T>(y, b, h).row(r), *g = head<T>(dy, b, h).row(r);
    const Tag<T> d;
    deltas[i] = static_cast<T>(sum_of(
        d, width, [&](int64_t j) HWY_ATTR { return hn::Mul(load(d, a + j), load(d, g + j)); },
        [&](int64_t j, int64_t count) HWY_ATTR {
          return hn::Mul(load_n(d, a + j, count, T(0)), load_n(d, g + j, count, T(0)));
        }));
  });
}

template <class T>
void backward_typed(const Tensor& q, const Tensor& k, const Tensor& v, const Tensor& mask,
                    const AttentionProblem& problem, const Tensor& y, const Tensor& lse,
                    const Tensor& dy, AttentionGradients& to) {
  const int64_t heads = q.size(0) * q.size(1), rows = q.size(2);
  const Scratch<T> deltas(heads * rows, "scaled_dot_product_attention");
  row_deltas(y, dy, deltas.data());
  const auto run = [&](Cut cut, bool want_q, bool want_kv) {
    for_tasks(tasks_of(q, k, cut), 3 * work_of(q, k, v), [&](const Task& task) {
      const int64_t first = (task.b * q.size(1) + task.h) * rows;
      Backward<T> at = {head<T>(q, task.b, task.h),
                        head<T>(k, task.b, task.h),
                        head<T>(dy, task.b, task.h),
                        lse.data<T>() + first,
                        deltas.data() + first,
                        {},
                        {},
                        {},
                        q.size(3),
                        v.size(3)};
      if (want_q) at.dq = head<T>(to.dq, task.b, task.h);
      if (want_kv) at.dk = head<T>(to.dk, task.b, task.h);
      if (want_kv) at.dv = head<T>(to.dv, task.b, task.h);
      backward_task<T>(task, q, k, v, mask, problem, at);
    });
  };
  // No two tasks may add to one place: for all gradients at once a task needs a whole head. Of few
  // heads the scores are computed twice instead, so that there are parts enough for all threads.
  const bool wants_q = to.dq.defined(), wants_kv = to.dk.defined() || to.dv.defined();
  if (wants_q && wants_kv && heads >= kTasks / 2) return run(Cut::none, true, true);
  if (wants_q) run(Cut::queries, true, false);
  if (wants_kv) run(Cut::keys, false, true);
}

void forward(const Tensor& q, const Tensor& k, const Tensor& v, const Tensor& mask,
             const AttentionProblem& problem, Tensor& y, Tensor& lse) {
  q.dtype() == DType::f64 ? forward_typed<double>(q, k, v, mask, problem, y, lse)
                          : forward_typed<float>(q, k, v, mask, problem, y, lse);
}

void backward(const Tensor& q, const Tensor& k, const Tensor& v, const Tensor& mask,
              const AttentionProblem& problem, const Tensor& y, const Tensor& lse, const Tensor& dy,
              AttentionGradients& to) {
  q.dtype() == DType::f64 ? backward_typed<double>(q, k, v, mask, problem, y, lse, dy, to)
                          : backward_typed<float>(q, k, v, mask, problem, y, lse, dy, to);
}

}  // namespace
}  // namespace strata::kernels::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace strata::kernels {
namespace {

HWY_EXPORT(forward);
HWY_EXPORT(backward);

}  // namespace

void attention(Cpu, const Tensor& q, const Tensor& k, const Tensor& v, const Tensor& mask,
               const AttentionProblem& problem, Tensor& y, Tensor& lse) {
  if (q.size(0) * q.size(1) * q.size(2) == 0) return;
  const int64_t stack = q.size(0) * q.size(1), rows = q.size(2), keys = k.size(2);
  const double part = problem.causal && rows == keys ? 0.5 : 1;
  const LoggedWork logged({{{stack, rows, keys, q.size(3), false, true}, part},
                           {{stack, rows, v.size(3), keys, false, false}, part}});
  HWY_DYNAMIC_DISPATCH(forward)(q, k, v, mask, problem, y, lse);
}

void attention_backward(Cpu, const Tensor& q, const Tensor& k, const Tensor& v, const Tensor& mask,
                        const AttentionProblem& problem, const Tensor& y, const Tensor& lse,
                        const Tensor& dy, AttentionGradients& gradients) {
  if (q.size(0) * q.size(1) == 0) return;
  const int64_t stack = q.size(0) * q.size(1), rows = q.size(2), keys = k.size(2);
  const int64_t depth = q.size(3), width = v.size(3);
  const double part = problem.causal && rows == keys ? 0.5 : 1;
  // The scores again, those of the values' gradient, and the three gradients.
  const LoggedWork logged({{{stack, rows, keys, depth, false, true}, part},
                           {{stack, rows, keys, width, false, true}, part},
                           {{stack, rows, depth, keys, false, false}, part},
                           {{stack, keys, depth, rows, true, false}, part},
                           {{stack, keys, width, rows, true, false}, part}});
  HWY_DYNAMIC_DISPATCH(backward)(q, k, v, mask, problem, y, lse, dy, gradients);
}

}  // namespace strata::kernels
#endif  // HWY_ONCE
