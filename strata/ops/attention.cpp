#include "strata/ops/attention.h"

#include <cmath>
#include <limits>
#include <string>

#include <fmt/format.h>

#include "strata/base/error.h"
#include "strata/base/work_counter.h"
#include "strata/kernels/attention.h"
#include "strata/ops/arithmetic.h"
#include "strata/ops/axes.h"
#include "strata/ops/compare.h"
#include "strata/ops/copy.h"
#include "strata/ops/creation.h"
#include "strata/ops/dropout.h"
#include "strata/ops/extremes.h"
#include "strata/ops/matmul.h"
#include "strata/ops/pad.h"
#include "strata/ops/reduce.h"
#include "strata/ops/select.h"
#include "strata/ops/softmax.h"
#include "strata/ops/views.h"
#include "strata/tape/record.h"
#include "strata/tensor/on_device.h"

namespace strata {
namespace {

constexpr const char* kName = "scaled_dot_product_attention";

void check_inputs(const Tensor& q, const Tensor& k, const Tensor& v,
                  const AttentionOptions& options) {
  const auto all = [&] {
    return fmt::format("q is {}, k is {}, v is {}", describe(q), describe(k), describe(v));
  };
  if (q.rank() != 4 || k.rank() != 4 || v.rank() != 4) {
    throw ShapeError(kName, "takes q [B, H, Tq, D], k [B, H, Tk, D], v [B, H, Tk, Dv]: " + all());
  }
  for (int axis : {0, 1}) {
    if (k.size(axis) != q.size(axis) || v.size(axis) != q.size(axis)) {
      throw ShapeError(kName, "batch and heads differ: " + all(), "expand() shared heads");
    }
  }
  if (k.size(3) != q.size(3)) throw ShapeError(kName, "last axes of q and k differ: " + all());
  if (k.size(2) != v.size(2)) throw ShapeError(kName, "k and v have different lengths: " + all());
  if (!is_floating(q.dtype()) || k.dtype() != q.dtype() || v.dtype() != q.dtype()) {
    throw DTypeError(kName, "takes floating tensors of one dtype: " + all(), "cast() one of them");
  }
  internal::check_same_device(kName, q, k);
  internal::check_same_device(kName, q, v);
  const Tensor& mask = options.mask;
  if (mask.defined() && mask.dtype() != DType::boolean && !is_floating(mask.dtype())) {
    throw DTypeError(kName, fmt::format("a mask is bool or floating, got {}", describe(mask)));
  }
  if (mask.defined()) internal::check_same_device(kName, q, mask);
  if (!(options.dropout >= 0 && options.dropout <= 1)) {
    throw ValueError(kName, fmt::format("dropout must be in [0, 1], got {}", options.dropout));
  }
}

/// A tensor of this shape that lies in memory with axes 1 and 2 exchanged.
Tensor empty_heads(const Shape& shape, const Tensor& like) {
  const Tensor memory =
      empty({shape[0], shape[2], shape[1], shape[3]}, like.dtype(), like.device(), kName);
  const Strides& s = memory.strides();
  return memory.as_strided(shape, {s[0], s[2], s[1], s[3]}, 0);
}

/// Memory for the gradients. Those of a packed projection lie together as its pieces, so that no
/// copy joins them.
kernels::AttentionGradients empty_gradients(const Tensor& q, const Tensor& k, const Tensor& v,
                                            Needs needs) {
  kernels::AttentionGradients to;
  if (needs[0] && needs[1] && needs[2] && k.shape() == q.shape() && v.shape() == q.shape()) {
    const Shape& shape = q.shape();
    const Tensor memory =
        empty({shape[0], shape[2], 3, shape[1], shape[3]}, q.dtype(), q.device(), kName);
    const Strides& s = memory.strides();
    const auto piece = [&](int64_t i) {
      return memory.as_strided(shape, {s[0], s[3], s[1], s[4]}, i * s[2]);
    };
    return {piece(0), piece(1), piece(2)};
  }
  if (needs[0]) to.dq = empty_heads(q.shape(), q);
  if (needs[1]) to.dk = empty_heads(k.shape(), k);
  if (needs[2]) to.dv = empty_heads(v.shape(), v);
  return to;
}

/// x without history, its rows without gaps between elements.
Tensor readable(const Tensor& x) {
  const Tensor t = x.detach();
  const Strides& s = t.strides();
  const bool rows_apart = s[2] >= t.size(3) || t.size(2) <= 1;
  return (s[3] == 1 || t.size(3) <= 1) && rows_apart ? t : copy(t);
}

/// The mask, if there is one, in the scores' shape and, unless it is bool, in their dtype.
Tensor mask_for(const Tensor& q, const Tensor& k, const Tensor& mask) {
  if (!mask.defined()) return mask;
  const Tensor fitting = mask.dtype() == DType::boolean ? mask : cast(mask, q.dtype());
  return expand(fitting, {q.size(0), q.size(1), q.size(2), k.size(2)});
}

double scale_of(const Tensor& q, const AttentionOptions& options) {
  return options.scale.value_or(1 / std::sqrt(static_cast<double>(q.size(3))));
}

/// The weights, made of ops with the whole matrix of scores.
Tensor weights(const Tensor& q, const Tensor& k, const Tensor& mask, double scale, bool causal) {
  constexpr double kNever = -std::numeric_limits<double>::infinity();
  const int64_t queries = q.size(2), keys = k.size(2);
  Tensor scores = matmul(q * scale, transpose(k, -1, -2));
  if (mask.defined() && mask.dtype() == DType::boolean) {
    scores = where(mask, scores, kNever);
  } else if (mask.defined()) {
    scores = scores + mask;
  }
  if (causal) {
    const Tensor last = arange(0, static_cast<double>(queries), 1, DType::i64, q.device());
    const Tensor key = arange(0, static_cast<double>(keys), 1, DType::i64, q.device());
    scores = where(key <= unsqueeze(last + (keys - queries), 1), scores, kNever);
  }
  if (keys == 0) return scores;
  // Rows of -inf alone: their softmax is NaN, and would be so on the way back too.
  const Tensor alive = amax(scores.detach(), {-1}, true) != kNever;
  return where(alive, softmax(where(alive, scores, 0), -1), 0);
}

/// The gradients made of ops, whose own gradients follow from them.
Grads recorded_backward(const Tensor& q, const Tensor& k, const Tensor& v, const Tensor& mask,
                        const kernels::AttentionProblem& problem, const Tensor& dy) {
  const Tensor p = weights(q, k, mask, problem.scale, problem.causal);
  const Tensor dp = matmul(dy, transpose(v, -1, -2));
  const Tensor ds = p * (dp - sum(dp * p, {-1}, true)) * problem.scale;
  return {matmul(ds, k), matmul(transpose(ds, -1, -2), q), matmul(transpose(p, -1, -2), dy)};
}

/// Blocks of queries and keys; only they know no gradient of a mask.
Tensor attend(const Tensor& q, const Tensor& k, const Tensor& v, const Tensor& mask,
              const kernels::AttentionProblem& problem) {
  const Shape shape = {q.size(0), q.size(1), q.size(2), v.size(3)};
  Tensor y = empty_heads(shape, q);
  Tensor lse = empty({shape[0], shape[1], shape[2]}, q.dtype(), q.device(), kName);
  on_cpu(kName, q, [&](Cpu cpu) {
    kernels::attention(cpu, readable(q), readable(k), readable(v), mask, problem, y, lse);
  });
  return record(kName, {q, k, v}, y,
                [q = save(q), k = save(k), v = save(v), mask = save(mask), lse = save(lse),
                 y = save_output(y), problem](const Tensor& dy, Needs needs) -> Grads {
                  if (grad_enabled()) {
                    if (problem.dropout) refuse_second_order(kName);
                    return recorded_backward(q.get(), k.get(), v.get(), mask.get(), problem, dy);
                  }
                  auto to = empty_gradients(q.get(), k.get(), v.get(), needs);
                  on_cpu(kName, dy, [&](Cpu cpu) {
                    kernels::attention_backward(cpu, readable(q.get()), readable(k.get()),
                                                readable(v.get()), mask.get(), problem, y.get(),
                                                lse.get(), readable(dy), to);
                  });
                  return {to.dq, to.dk, to.dv};
                });
}

}  // namespace

Tensor scaled_dot_product_attention(const Tensor& q, const Tensor& k, const Tensor& v,
                                    const AttentionOptions& options, Generator& generator) {
  check_inputs(q, k, v, options);
  if (q.dtype() == DType::bf16 || q.dtype() == DType::f16) {
    return cast(scaled_dot_product_attention(cast(q, DType::f32), cast(k, DType::f32),
                                             cast(v, DType::f32), options, generator),
                q.dtype());
  }
  const Tensor mask = mask_for(q, k, options.mask);
  if (grad_enabled() && mask.defined() && mask.requires_grad()) {
    return matmul(attention_weights(q, k, options, generator), v);
  }
  kernels::AttentionProblem problem;
  problem.scale = scale_of(q, options);
  problem.causal = options.causal;
  if (options.dropout > 0) {
    problem.dropout = true;
    problem.seed = generator.seed;
    problem.stream = generator.next_stream();
    problem.kept_scale = options.dropout < 1 ? 1 / (1 - options.dropout) : 0;
    problem.threshold =
        options.dropout < 1 ? static_cast<uint32_t>(std::ldexp(options.dropout, 32)) : 0;
  }
  count_macs(q.size(0) * q.size(1) * q.size(2) * k.size(2) * (q.size(3) + v.size(3)));
  return attend(q, k, v, mask, problem);
}

Tensor attention_weights(const Tensor& q, const Tensor& k, const AttentionOptions& options,
                         Generator& generator) {
  check_inputs(q, k, k, options);
  if (q.dtype() == DType::bf16 || q.dtype() == DType::f16) {
    const Tensor w =
        attention_weights(cast(q, DType::f32), cast(k, DType::f32), options, generator);
    return cast(w, q.dtype());
  }
  const Tensor w =
      weights(q, k, mask_for(q, k, options.mask), scale_of(q, options), options.causal);
  if (options.dropout == 0) return w;
  // The kernel, which draws four numbers at a time, begins each query with new ones.
  const int64_t keys = k.size(2), more = -keys & 3;
  const Tensor drawn =
      dropout(pad(w, {{.axis = 3, .after = more}}), options.dropout, true, generator);
  return slice(drawn, 3, 0, keys);
}

}  // namespace strata
