#include "strata/kernels/cpu/cast.h"

#include <algorithm>

#include "strata/base/function_ref.h"
#include "strata/base/parallel.h"
#include "strata/kernels/cpu/convert.h"
#include "strata/kernels/cpu/elementwise.h"

namespace strata::kernels::cpu {
namespace {

template <class T>
void identity(const void*, const T* const* in, T* out, int64_t n, bool streams) {
  if (in[0] == out) return;
  if (streams) {
    stream_copy(in[0], out, n * static_cast<int64_t>(sizeof(T)));
  } else {
    std::copy_n(in[0], n, out);
  }
}

/// Fills contiguous y by convert(begin, n, to), which writes n elements from `begin` on to `to`.
void in_parts(Tensor& y, FunctionRef<void(int64_t, int64_t, void*)> convert) {
  auto* to = static_cast<char*>(y.raw());
  const int64_t item = size_of(y.dtype());
  const bool streams = should_stream(to, y.numel() * item);
  parallel_for(y.numel(), static_cast<int64_t>(Cost::cheap), [&](int64_t begin, int64_t end) {
    if (!streams) return convert(begin, end - begin, to + begin * item);
    alignas(64) char buffer[kStreamPart];
    for (int64_t n; begin < end; begin += n) {
      n = std::min(kStreamPart / item, end - begin);
      convert(begin, n, buffer);
      stream_copy(buffer, to + begin * item, n * item);
    }
    finish_streaming();
  });
}

/// Where one of the two is a T, a single conversion does. Returns whether it was.
template <class T>
bool cast_directly(const Tensor& x, Tensor& y) {
  const auto* from = static_cast<const char*>(x.raw());
  const int64_t item = size_of(x.dtype());
  if (x.dtype() == dtype_of<T>) {
    const Store<T> store = store_to<T>(y.dtype());
    in_parts(y, [&](int64_t begin, int64_t n, void* to) {
      store(reinterpret_cast<const T*>(from) + begin, to, 1, n);
    });
  } else if (y.dtype() == dtype_of<T>) {
    const Load<T> load = load_from<T>(x.dtype());
    in_parts(y, [&](int64_t begin, int64_t n, void* to) {
      load(from + begin * item, 1, static_cast<T*>(to), n);
    });
  } else {
    return false;
  }
  return true;
}

}  // namespace

void cast(const Tensor& x, Tensor& y) {
  if (x.is_contiguous() && y.is_contiguous() && y.numel() > 0) {
    if (cast_directly<float>(x, y) || cast_directly<double>(x, y) || cast_directly<int64_t>(x, y)) {
      return;
    }
  }
  constexpr Loops kIdentity{identity<float>, nullptr, identity<double>, identity<int64_t>};
  elementwise(kIdentity, nullptr, x.dtype(), {&x}, y, Cost::cheap);
}

}  // namespace strata::kernels::cpu
