#include "strata/kernels/linalg.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>
#include <utility>

#include "strata/base/parallel.h"
#include "strata/kernels/cpu/lapack.h"

namespace strata::kernels {
namespace {

using lapack::Routines;

/// Calls f(T(), i) for each matrix i of the batch `a`, T being its type.
template <class F>
void each(const Tensor& a, F&& f) {
  parallel_chunks(a.shape()[0], [&](int64_t i) {
    if (a.dtype() == DType::f32) {
      f(float{}, i);
    } else {
      f(double{}, i);
    }
  });
}

/// Where matrix (or vector) i of a batch begins.
template <class T>
T* matrix(Tensor& batch, int64_t i) {
  return batch.data<T>() + i * (batch.numel() / std::max<int64_t>(batch.shape()[0], 1));
}
template <class T>
const T* matrix(const Tensor& batch, int64_t i) {
  return batch.data<T>() + i * (batch.numel() / std::max<int64_t>(batch.shape()[0], 1));
}

int rows(const Tensor& a) { return static_cast<int>(a.shape().back()); }
int columns(const Tensor& a) { return static_cast<int>(a.shape()[a.rank() - 2]); }
/// The distance of two columns: LAPACK wants no 0.
int stride(const Tensor& a) { return std::max(rows(a), 1); }

Codes no_codes(const Tensor& a) { return Codes(static_cast<size_t>(a.shape()[0])); }

/// The workspace that a routine asks for in work[0].
template <class T>
std::vector<T> workspace(T asked) {
  // f32 cannot hold every size: the next one up.
  return std::vector<T>(
      static_cast<size_t>(std::nextafter(asked, std::numeric_limits<T>::infinity()) + 1));
}

template <class T>
void write_identity(T* a, int64_t n) {
  std::fill_n(a, n * n, T(0));
  for (int64_t i = 0; i < n; ++i) a[i * (n + 1)] = 1;
}

/// Runs a routine, run(work, size), in the workspace that it asks for.
template <class T, class Run>
void in_workspace(Run run) {
  T asked = 0;
  const int query = -1;
  run(&asked, &query);
  std::vector<T> work = workspace(asked);
  const int size = static_cast<int>(work.size());
  run(work.data(), &size);
}

/// Whether all n numbers are finite; the code says so if not.
template <class T>
bool finite(const T* a, int64_t n, int& code) {
  if (std::all_of(a, a + n, [](T v) { return std::isfinite(v); })) return true;
  code = -1;
  return false;
}

/// The singular values of a matrix that is not empty, and what `job` asks for of the others.
template <class T>
void decompose(const char* job, int m, int n, T* a, T* s, T* u, T* vh, int of_vh, int& code) {
  if (!finite(a, static_cast<int64_t>(m) * n, code)) return;
  std::vector<int> integers(static_cast<size_t>(std::min(m, n)) * 8);
  in_workspace<T>([&](T* work, const int* size) {
    Routines<T>::gesdd(job, &m, &n, a, &m, s, u, &m, vh, &of_vh, work, size, integers.data(), &code,
                       1);
  });
}

}  // namespace

Codes solve(Cpu, Tensor& a, Tensor& pivots, Tensor& b) {
  Codes codes = no_codes(a);
  each(a, [&]<class T>(T, int64_t i) {
    const int n = rows(a), k = columns(b), lda = stride(a);
    Routines<T>::gesv(&n, &k, matrix<T>(a, i), &lda, matrix<int>(pivots, i), matrix<T>(b, i), &lda,
                      &codes[static_cast<size_t>(i)]);
  });
  return codes;
}

void solve_transposed(Cpu, const Tensor& lu, const Tensor& pivots, Tensor& b) {
  each(lu, [&]<class T>(T, int64_t i) {
    const int n = rows(lu), k = columns(b), lda = stride(lu);
    int code = 0;  // of arguments alone
    Routines<T>::getrs("T", &n, &k, matrix<T>(lu, i), &lda, matrix<int>(pivots, i), matrix<T>(b, i),
                       &lda, &code, 1);
  });
}

Codes solve_triangular(Cpu, bool upper, const Tensor& a, Tensor& b) {
  Codes codes = no_codes(a);
  each(a, [&]<class T>(T, int64_t i) {
    const int n = rows(a), k = columns(b), lda = stride(a);
    Routines<T>::trtrs(upper ? "U" : "L", "N", "N", &n, &k, matrix<T>(a, i), &lda, matrix<T>(b, i),
                       &lda, &codes[static_cast<size_t>(i)], 1, 1, 1);
  });
  return codes;
}

void determinant(Cpu, Tensor& a, Tensor& sign, Tensor& logarithm, Tensor& value) {
  each(a, [&]<class T>(T, int64_t i) {
    const int n = rows(a), lda = stride(a);
    std::vector<int> pivots(static_cast<size_t>(n));
    T* lu = matrix<T>(a, i);
    int code = 0;
    if (n > 0) Routines<T>::getrf(&n, &n, lu, &lda, pivots.data(), &code);
    double s = 1, log = 0, product = 1;
    for (int j = 0; j < n; ++j) {
      const double pivot = static_cast<double>(lu[static_cast<int64_t>(j) * n + j]);
      if (pivots[static_cast<size_t>(j)] != j + 1) {
        s = -s;
        product = -product;
      }
      if (pivot < 0) s = -s;
      if (!(pivot < 0 || pivot > 0)) s *= pivot;  // 0 or NaN
      log += std::log(std::abs(pivot));
      product *= pivot;
    }
    sign.data<T>()[i] = static_cast<T>(s);
    logarithm.data<T>()[i] = static_cast<T>(log);
    value.data<T>()[i] = static_cast<T>(product);
  });
}

void lu(Cpu, Tensor& a, Tensor& order) {
  each(a, [&]<class T>(T, int64_t i) {
    const int m = rows(a), n = columns(a), lda = stride(a);
    std::vector<int> pivots(static_cast<size_t>(std::min(m, n)));
    int code = 0;  // of a singular matrix, which has factors too
    if (m > 0 && n > 0) {
      Routines<T>::getrf(&m, &n, matrix<T>(a, i), &lda, pivots.data(), &code);
    }
    int64_t* row = matrix<int64_t>(order, i);
    std::iota(row, row + m, 0);
    for (size_t j = 0; j < pivots.size(); ++j) std::swap(row[j], row[pivots[j] - 1]);
  });
}

Codes cholesky(Cpu, Tensor& a) {
  Codes codes = no_codes(a);
  each(a, [&]<class T>(T, int64_t i) {
    const int n = rows(a), lda = stride(a);
    T* l = matrix<T>(a, i);
    Routines<T>::potrf("L", &n, l, &lda, &codes[static_cast<size_t>(i)], 1);
    for (int64_t column = 1; column < n; ++column) std::fill_n(l + column * n, column, T(0));
  });
  return codes;
}

void qr(Cpu, Tensor& a, Tensor& r) {
  each(a, [&]<class T>(T, int64_t i) {
    const int m = rows(a), n = columns(a), lda = stride(a);
    if (n == 0) return;
    T* q = matrix<T>(a, i);
    std::vector<T> tau(static_cast<size_t>(n));
    T asked[2] = {};
    int query = -1, code = 0;
    Routines<T>::geqrf(&m, &n, q, &lda, tau.data(), &asked[0], &query, &code);
    Routines<T>::orgqr(&m, &n, &n, q, &lda, tau.data(), &asked[1], &query, &code);
    std::vector<T> work = workspace(std::max(asked[0], asked[1]));
    const int size = static_cast<int>(work.size());
    Routines<T>::geqrf(&m, &n, q, &lda, tau.data(), work.data(), &size, &code);
    T* upper = matrix<T>(r, i);
    for (int64_t column = 0; column < n; ++column) {
      T* to = upper + column * n;
      std::fill(std::copy_n(q + column * m, column + 1, to), to + n, T(0));
    }
    Routines<T>::orgqr(&m, &n, &n, q, &lda, tau.data(), work.data(), &size, &code);
  });
}

Codes svd(Cpu, Tensor& a, Tensor& u, Tensor& s, Tensor& vh) {
  Codes codes = no_codes(a);
  each(a, [&]<class T>(T, int64_t i) {
    const int m = rows(a), n = columns(a), k = std::min(m, n), of_vh = stride(vh);
    if (k == 0) {
      write_identity(matrix<T>(u, i), columns(u) > 0 ? m : 0);
      write_identity(matrix<T>(vh, i), rows(vh) > 0 ? n : 0);
      return;
    }
    const char* job = columns(u) > k || rows(vh) > k ? "A" : "S";
    decompose(job, m, n, matrix<T>(a, i), matrix<T>(s, i), matrix<T>(u, i), matrix<T>(vh, i), of_vh,
              codes[static_cast<size_t>(i)]);
  });
  return codes;
}

Codes svdvals(Cpu, Tensor& a, Tensor& s) {
  Codes codes = no_codes(a);
  each(a, [&]<class T>(T, int64_t i) {
    const int m = rows(a), n = columns(a);
    T none = 0;
    if (m == 0 || n == 0) return;
    decompose("N", m, n, matrix<T>(a, i), matrix<T>(s, i), &none, &none, 1,
              codes[static_cast<size_t>(i)]);
  });
  return codes;
}

Codes eigh(Cpu, bool vectors, Tensor& a, Tensor& values) {
  Codes codes = no_codes(a);
  each(a, [&]<class T>(T, int64_t i) {
    const int n = rows(a);
    if (n == 0) return;
    int& code = codes[static_cast<size_t>(i)];
    T* from = matrix<T>(a, i);
    if (!finite(from, static_cast<int64_t>(n) * n, code)) return;
    T asked = 0;
    int asked_integers = 0, query = -1;
    const auto run = [&](T* work, const int* size, int* integers, const int* integer_size) {
      Routines<T>::syevd(vectors ? "V" : "N", "L", &n, from, &n, matrix<T>(values, i), work, size,
                         integers, integer_size, &code, 1, 1);
    };
    run(&asked, &query, &asked_integers, &query);
    std::vector<T> work = workspace(asked);
    std::vector<int> integers(static_cast<size_t>(asked_integers));
    const int size = static_cast<int>(work.size());
    run(work.data(), &size, integers.data(), &asked_integers);
  });
  return codes;
}

Codes eigvals(Cpu, Tensor& a, Tensor& real, Tensor& imaginary) {
  Codes codes = no_codes(a);
  each(a, [&]<class T>(T, int64_t i) {
    const int n = rows(a), one = 1;
    if (n == 0) return;
    int& code = codes[static_cast<size_t>(i)];
    T* from = matrix<T>(a, i);
    if (!finite(from, static_cast<int64_t>(n) * n, code)) return;
    T none = 0;
    in_workspace<T>([&](T* work, const int* size) {
      Routines<T>::geev("N", "N", &n, from, &n, matrix<T>(real, i), matrix<T>(imaginary, i), &none,
                        &one, &none, &one, work, size, &code, 1, 1);
    });
  });
  return codes;
}

}  // namespace strata::kernels
