#pragma once

#include <cstdint>
#include <initializer_list>
#include <span>

#include "strata/tensor/tensor.h"

namespace strata::kernels::cpu {

/// Most inputs of an elementwise kernel.
inline constexpr int kMostInputs = 3;

/// The inner loop of an elementwise functor: out[i] = op(in[0][i], in[1][i], ...) for i < n, all of
/// them contiguous. `out` may be one of the inputs. If `streams`, f32 and bf16 loops may write past
/// the caches: `out` is 64-byte aligned, and the caller calls finish_streaming().
template <class T, class To = T>
using Loop = void (*)(const void* op, const T* const* in, To* out, int64_t n, bool streams);

/// A functor compiled for the three types that elementwise kernels compute in. Every dtype is
/// converted to one of them, block by block within the first-level cache: bf16 and f16 to f32,
/// integers and bool to i64 (narrowing wraps around). A loop is null where the functor has none.
struct Loops {
  Loop<float> f32 = nullptr;
  /// The f32 one, converting in registers: for contiguous bf16 throughout.
  Loop<bfloat16> bf16 = nullptr;
  Loop<double> f64 = nullptr;
  Loop<int64_t> i64 = nullptr;
  /// Of a predicate, from contiguous f32 to contiguous bool.
  Loop<float, bool> to_bool = nullptr;
};

/// How many elements a thread gets at least, by what one element costs.
enum class Cost : int64_t { cheap = 32768, moderate = 8192, heavy = 2048 };

/// out = op(in...): the inputs broadcast to out's shape and may have any dtype and strides, as may
/// out. `compute` is the dtype in whose class of types (see Loops) the functor runs. The value of
/// an element depends neither on its position nor on the number of threads.
void elementwise(const Loops& loops, const void* op, DType compute,
                 std::initializer_list<const Tensor*> in, Tensor& out, Cost cost);

}  // namespace strata::kernels::cpu
