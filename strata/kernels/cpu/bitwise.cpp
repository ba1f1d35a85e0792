#include "strata/kernels/bitwise.h"

#include "strata/base/parallel.h"

// clang-format off
#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "strata/kernels/cpu/bitwise.cpp"
#include <hwy/foreach_target.h>
#include "strata/kernels/cpu/elementwise-inl.h"
// clang-format on

HWY_BEFORE_NAMESPACE();
namespace strata::kernels::HWY_NAMESPACE {

using cpu::Cost;

struct AndBits {
  template <class V>
  V operator()(V a, V b) const {
    return hn::And(a, b);
  }
  int64_t operator()(int64_t a, int64_t b) const { return a & b; }
};
struct OrBits {
  template <class V>
  V operator()(V a, V b) const {
    return hn::Or(a, b);
  }
  int64_t operator()(int64_t a, int64_t b) const { return a | b; }
};
struct XorBits {
  template <class V>
  V operator()(V a, V b) const {
    return hn::Xor(a, b);
  }
  int64_t operator()(int64_t a, int64_t b) const { return a ^ b; }
};

/// The bytes of tensors that lie alike in memory, whatever they mean.
template <class Op>
void bytewise(const Op& op, const uint8_t* a, const uint8_t* b, uint8_t* y, int64_t n) {
  const hn::ScalableTag<uint8_t> d;
  const int64_t step = lanes(d);
  parallel_for(n, int64_t{1} << 17, [&](int64_t begin, int64_t end) HWY_ATTR {
    int64_t i = begin;
    for (; i + step <= end; i += step) {
      hn::StoreU(op(hn::LoadU(d, a + i), hn::LoadU(d, b + i)), d, y + i);
    }
    for (; i < end; ++i) y[i] = static_cast<uint8_t>(op(int64_t{a[i]}, int64_t{b[i]}));
  });
}

bool lie_alike(const Tensor& x, const Tensor& y) {
  return x.dtype() == y.dtype() && x.shape() == y.shape() && x.is_contiguous() && y.is_contiguous();
}

const uint8_t* bits_of(const Tensor& x) { return static_cast<const uint8_t*>(x.raw()); }

/// Through loops of i64: other dtypes and layouts are converted block by block.
template <class Op, size_t... k, class... Tensors>
void as_i64(const Op& op, std::index_sequence<k...>, Tensor& y, const Tensors&... x) {
  const cpu::Loops loops{.i64 = scalar_loop<int64_t, Op, k...>};
  cpu::elementwise(loops, &op, DType::i64, {&x...}, y, Cost::cheap);
}

template <class Op>
void bitwise(const Op& op, const Tensor& a, const Tensor& b, Tensor& y) {
  if (!lie_alike(a, y) || !lie_alike(b, y)) {
    return as_i64(op, std::make_index_sequence<2>(), y, a, b);
  }
  bytewise(op, bits_of(a), bits_of(b), static_cast<uint8_t*>(y.raw()),
           y.numel() * size_of(y.dtype()));
}

void bitwise_and(const Tensor& a, const Tensor& b, Tensor& y) { bitwise(AndBits{}, a, b, y); }
void bitwise_or(const Tensor& a, const Tensor& b, Tensor& y) { bitwise(OrBits{}, a, b, y); }
void bitwise_xor(const Tensor& a, const Tensor& b, Tensor& y) { bitwise(XorBits{}, a, b, y); }

/// Flips the bits of `mask`: the lowest one alone in a bool.
struct FlipBits {
  int64_t mask;

  template <class V>
  V operator()(V x, V) const {
    return hn::Xor(x, hn::Set(hn::DFromV<V>(), static_cast<uint8_t>(mask)));
  }
  int64_t operator()(int64_t x, int64_t) const { return x ^ mask; }
  int64_t operator()(int64_t x) const { return x ^ mask; }
};
void bitwise_not(const Tensor& x, Tensor& y) {
  const FlipBits flip{y.dtype() == DType::boolean ? 1 : -1};
  if (!lie_alike(x, y)) return as_i64(flip, std::make_index_sequence<1>(), y, x);
  bytewise(flip, bits_of(x), bits_of(x), static_cast<uint8_t*>(y.raw()),
           y.numel() * size_of(y.dtype()));
}

struct ShiftBitsLeft {
  int64_t bits;

  int64_t operator()(int64_t a, int64_t b) const {
    return b < 0 || b >= bits ? 0 : static_cast<int64_t>(static_cast<uint64_t>(a) << b);
  }
};
void left_shift(const Tensor& a, const Tensor& b, Tensor& y) {
  as_i64(ShiftBitsLeft{8 * size_of(y.dtype())}, std::make_index_sequence<2>(), y, a, b);
}

struct ShiftBitsRight {
  int64_t most;  ///< what is left then is the sign

  int64_t operator()(int64_t a, int64_t b) const { return a >> (b < 0 || b > most ? most : b); }
};
void right_shift(const Tensor& a, const Tensor& b, Tensor& y) {
  const int64_t bits = 8 * size_of(y.dtype());
  as_i64(ShiftBitsRight{y.dtype() == DType::u8 ? bits : bits - 1}, std::make_index_sequence<2>(), y,
         a, b);
}

}  // namespace strata::kernels::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace strata::kernels {

HWY_EXPORT(bitwise_and);
HWY_EXPORT(bitwise_or);
HWY_EXPORT(bitwise_xor);
HWY_EXPORT(bitwise_not);
HWY_EXPORT(left_shift);
HWY_EXPORT(right_shift);

void bitwise_and(Cpu, const Tensor& a, const Tensor& b, Tensor& y) {
  HWY_DYNAMIC_DISPATCH(bitwise_and)(a, b, y);
}
void bitwise_or(Cpu, const Tensor& a, const Tensor& b, Tensor& y) {
  HWY_DYNAMIC_DISPATCH(bitwise_or)(a, b, y);
}
void bitwise_xor(Cpu, const Tensor& a, const Tensor& b, Tensor& y) {
  HWY_DYNAMIC_DISPATCH(bitwise_xor)(a, b, y);
}
void bitwise_not(Cpu, const Tensor& x, Tensor& y) { HWY_DYNAMIC_DISPATCH(bitwise_not)(x, y); }
void left_shift(Cpu, const Tensor& a, const Tensor& b, Tensor& y) {
  HWY_DYNAMIC_DISPATCH(left_shift)(a, b, y);
}
void right_shift(Cpu, const Tensor& a, const Tensor& b, Tensor& y) {
  HWY_DYNAMIC_DISPATCH(right_shift)(a, b, y);
}

}  // namespace strata::kernels
#endif  // HWY_ONCE
