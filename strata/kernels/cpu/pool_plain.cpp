// Pooling one element at a time, in f64 and, through f32, in bf16 and f16.
#include "strata/kernels/cpu/pool_plain.h"

#include <limits>
#include <type_traits>

#include "strata/base/half.h"

namespace strata::kernels {
namespace {

template <class T>
using Wide = std::conditional_t<std::is_same_v<T, double>, double, float>;

}  // namespace

template <class T>
void max_pool2d(const Pool2d& p, const T* x, T* y, int32_t* index) {
  each_window(p, [&](const WindowOf& at) {
    for (int64_t c = 0; c < p.c; ++c) {
      Wide<T> best = -std::numeric_limits<Wide<T>>::infinity();
      int64_t where = first_place(p, at);
      for (int64_t i = at.top; i < at.bottom; i += p.rows.step) {
        for (int64_t j = at.left; j < at.right; j += p.columns.step) {
          const int64_t place = i * p.columns.in + j;
          const Wide<T> v = x[(at.image + place) * p.c + c];
          if (v > best || v != v) best = v, where = place;
        }
      }
      y[at.result * p.c + c] = T(best);
      index[at.result * p.c + c] = static_cast<int32_t>(where);
    }
  });
}

template <class T>
void max_pool2d_backward(const Pool2d& p, const T* dy, const int32_t* index, T* dx) {
  each_input(p, [&](const ResultsOf& at) {
    for (int64_t c = 0; c < p.c; ++c) {
      Wide<T> sum = 0;
      for (int64_t i = at.top; i < at.bottom; ++i) {
        for (int64_t j = at.left; j < at.right; ++j) {
          const int64_t from = (at.results + i * p.columns.out() + j) * p.c + c;
          if (index[from] == at.place) sum += static_cast<Wide<T>>(dy[from]);
        }
      }
      dx[at.input * p.c + c] = T(sum);
    }
  });
}

template <class T>
void max_pool2d_gather(const Pool2d& p, const T* x, const int32_t* index, T* y) {
  const int64_t places = p.rows.in * p.columns.in;
  each_window(p, [&](const WindowOf& at) {
    for (int64_t c = 0; c < p.c; ++c) {
      const int64_t to = at.result * p.c + c;
      const bool inside = index[to] >= 0 && index[to] < places;  // not where a window holds none
      y[to] = inside ? x[(at.image + index[to]) * p.c + c] : T(0);
    }
  });
}

template <class T>
void avg_pool2d(const Pool2d& p, const T* x, T* y) {
  each_window(p, [&](const WindowOf& at) {
    for (int64_t c = 0; c < p.c; ++c) {
      Wide<T> sum = 0;
      for (int64_t i = at.top; i < at.bottom; ++i) {
        for (int64_t j = at.left; j < at.right; ++j) {
          sum += static_cast<Wide<T>>(x[(at.image + i * p.columns.in + j) * p.c + c]);
        }
      }
      y[at.result * p.c + c] = T(sum / static_cast<Wide<T>>(at.length));
    }
  });
}

template <class T>
void avg_pool2d_backward(const Pool2d& p, const T* dy, T* dx) {
  each_input(p, [&](const ResultsOf& at) {
    for (int64_t c = 0; c < p.c; ++c) {
      Wide<T> sum = 0;
      for (int64_t i = at.top; i < at.bottom; ++i) {
        for (int64_t j = at.left; j < at.right; ++j) {
          const auto length = static_cast<Wide<T>>(int64_t{p.rows.length[static_cast<size_t>(i)]} *
                                                   p.columns.length[static_cast<size_t>(j)]);
          sum +=
              static_cast<Wide<T>>(dy[(at.results + i * p.columns.out() + j) * p.c + c]) / length;
        }
      }
      dx[at.input * p.c + c] = T(sum);
    }
  });
}

template void max_pool2d(const Pool2d&, const double*, double*, int32_t*);
template void max_pool2d(const Pool2d&, const bfloat16*, bfloat16*, int32_t*);
template void max_pool2d(const Pool2d&, const float16*, float16*, int32_t*);
template void max_pool2d_backward(const Pool2d&, const double*, const int32_t*, double*);
template void max_pool2d_backward(const Pool2d&, const bfloat16*, const int32_t*, bfloat16*);
template void max_pool2d_backward(const Pool2d&, const float16*, const int32_t*, float16*);
template void max_pool2d_gather(const Pool2d&, const float*, const int32_t*, float*);
template void max_pool2d_gather(const Pool2d&, const double*, const int32_t*, double*);
template void max_pool2d_gather(const Pool2d&, const bfloat16*, const int32_t*, bfloat16*);
template void max_pool2d_gather(const Pool2d&, const float16*, const int32_t*, float16*);
template void avg_pool2d(const Pool2d&, const double*, double*);
template void avg_pool2d(const Pool2d&, const bfloat16*, bfloat16*);
template void avg_pool2d(const Pool2d&, const float16*, float16*);
template void avg_pool2d_backward(const Pool2d&, const double*, double*);
template void avg_pool2d_backward(const Pool2d&, const bfloat16*, bfloat16*);
template void avg_pool2d_backward(const Pool2d&, const float16*, float16*);

}  // namespace strata::kernels
