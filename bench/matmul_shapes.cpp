#include "bench/matmul_shapes.h"

#include <algorithm>
#include <unordered_map>
#include <utility>

#include <dnnl.hpp>

#include "bench/bursts.h"
#include "strata/kernels/gemm.h"
#include "strata/ops/creation.h"

namespace strata::bench {
namespace {

/// Where tensors lie: at the start of a line of the caches.
struct Matrices {
  explicit Matrices(const MatmulShape& s)
      : a(rand({s.batch, s.m, s.k})), b(rand({s.batch, s.k, s.n})), c(zeros({s.batch, s.m, s.n})) {}

  Tensor a, b, c;
};

Way ours(const MatmulShape& s, Matrices& x) {
  kernels::Gemm<float> g;
  g.batch = {s.batch};
  g.m = s.m;
  g.n = s.n;
  g.k = s.k;
  g.a = {x.a.data<float>(), s.trans_a ? s.m : s.k, s.trans_a, {s.m * s.k}};
  g.b = {x.b.data<float>(), s.trans_b ? s.k : s.n, s.trans_b, {s.k * s.n}};
  g.c = {x.c.data<float>(), s.n, false, {s.m * s.n}};
  return [g] { kernels::gemm(g); };
}

Way library_sgemm(const MatmulShape& s, Matrices& x) {
  return [s, &x] {
    for (int64_t i = 0; i < s.batch; ++i) {
      dnnl_sgemm(s.trans_a ? 'T' : 'N', s.trans_b ? 'T' : 'N', s.m, s.n, s.k, 1.0f,
                 x.a.data<float>() + i * s.m * s.k, s.trans_a ? s.m : s.k,
                 x.b.data<float>() + i * s.k * s.n, s.trans_b ? s.k : s.n, 0.0f,
                 x.c.data<float>() + i * s.m * s.n, s.n);
    }
  };
}

dnnl::matmul::primitive_desc matmul_desc(const dnnl::memory::desc& a, const dnnl::memory::desc& b,
                                         const dnnl::memory::desc& c, const dnnl::engine& engine) {
#if DNNL_VERSION_MAJOR >= 3
  return {engine, a, b, c};
#else
  return {{a, b, c}, engine};
#endif
}

// The matmul primitive; with `packed`, on a right factor in the format it likes best, or nothing if
// that is the plain one.
Way library_matmul(const MatmulShape& s, Matrices& x, bool packed) {
  using dnnl::memory;
  static dnnl::engine engine(dnnl::engine::kind::cpu, 0);
  static dnnl::stream stream(engine);
  constexpr auto kF32 = memory::data_type::f32;
  const memory::desc a(
      {s.batch, s.m, s.k}, kF32,
      s.trans_a ? memory::dims{s.m * s.k, 1, s.m} : memory::dims{s.m * s.k, s.k, 1});
  const memory::desc b(
      {s.batch, s.k, s.n}, kF32,
      s.trans_b ? memory::dims{s.k * s.n, 1, s.k} : memory::dims{s.k * s.n, s.n, 1});
  const memory::desc any({s.batch, s.k, s.n}, kF32, memory::format_tag::any);
  const memory::desc c({s.batch, s.m, s.n}, kF32, memory::dims{s.m * s.n, s.n, 1});
  const auto pd = matmul_desc(a, packed ? any : b, c, engine);
  memory weights(b, engine, x.b.data<float>());
  if (packed) {
    memory own(pd.weights_desc(), engine);
    dnnl::reorder(weights, own).execute(stream, weights, own);
    stream.wait();
    weights = own;
  }
  const std::unordered_map<int, memory> args = {
      {DNNL_ARG_SRC, memory(a, engine, x.a.data<float>())},
      {DNNL_ARG_WEIGHTS, weights},
      {DNNL_ARG_DST, memory(c, engine, x.c.data<float>())}};
  return [primitive = dnnl::matmul(pd), args] {
    primitive.execute(stream, args);
    stream.wait();
  };
}

// The three products of y = x w^T: forward, input gradient, weight gradient.
void add_linear(std::vector<MatmulShape>& list, const std::string& name, int64_t batch, int64_t in,
                int64_t out) {
  list.push_back({name + " y", 1, batch, out, in, false, true});
  list.push_back({name + " dx", 1, batch, in, out, false, false});
  list.push_back({name + " dw", 1, out, in, batch, true, false});
}

}  // namespace

std::vector<MatmulShape> matmul_shapes() {
  std::vector<MatmulShape> list;
  add_linear(list, "mlp 64x784x512", 64, 784, 512);
  add_linear(list, "mlp 64x512x512", 64, 512, 512);
  add_linear(list, "mlp 64x512x10", 64, 512, 10);
  add_linear(list, "mlp-13002 30x784x16", 30, 784, 16);
  add_linear(list, "mlp-13002 30x16x16", 30, 16, 16);
  add_linear(list, "mlp-13002 30x16x10", 30, 16, 10);
  add_linear(list, "lenet5 128x400x120", 128, 400, 120);
  add_linear(list, "lenet5 128x120x84", 128, 120, 84);
  add_linear(list, "lenet5 128x84x10", 128, 84, 10);
  add_linear(list, "gpt2 512x768x2304", 512, 768, 2304);
  add_linear(list, "gpt2 1024x768x3072", 1024, 768, 3072);
  add_linear(list, "gpt2 1024x3072x768", 1024, 3072, 768);
  add_linear(list, "lstm 64x512x2048", 64, 512, 2048);
  add_linear(list, "lstm 8192x512x2048", 8192, 512, 2048);
  add_linear(list, "gpt-char 4096x384x1152", 4096, 384, 1152);
  add_linear(list, "gpt-char 4096x384x1536", 4096, 384, 1536);
  add_linear(list, "gpt-char 4096x1536x384", 4096, 1536, 384);
  add_linear(list, "bert 1024x768x768", 1024, 768, 768);
  add_linear(list, "bert 2048x768x3072", 2048, 768, 3072);
  list.push_back({"head 512x768x50257 y", 1, 512, 50257, 768, false, true});
  list.push_back({"head 512x768x50257 dx", 1, 512, 768, 50257, false, false});
  for (const int64_t n : {256, 512, 1024, 2048}) {
    const std::string size = std::to_string(n);
    list.push_back({"square " + size, 1, n, n, n, false, false});
  }
  list.push_back({"square 1024 transposed", 1, 1024, 1024, 1024, true, true});
  list.push_back({"plain 64x784x512", 1, 64, 512, 784, false, false});
  list.push_back({"plain 128x400x120", 1, 128, 120, 400, false, false});
  list.push_back({"dw 784x64x512", 1, 784, 512, 64, true, false});
  list.push_back({"dw long 64x4096x64", 1, 64, 64, 4096, true, false});
  list.push_back({"dw long 16x65536x27", 1, 16, 27, 65536, true, false});
  list.push_back({"attention scores 72x512x64x512", 72, 512, 512, 64, false, true});
  list.push_back({"attention values 72x512x512x64", 72, 512, 64, 512, false, false});
  list.push_back({"attention scores 96x256x64x256", 96, 256, 256, 64, false, true});
  list.push_back({"attention small 32x16x16x16", 32, 16, 16, 16, false, true});
  list.push_back({"vector 1x768x2304", 1, 1, 2304, 768, false, true});
  list.push_back({"vector 1x768x50257", 1, 1, 50257, 768, false, true});
  list.push_back({"vector 1x4096x4096 plain", 1, 1, 4096, 4096, false, false});
  list.push_back({"vector 4096x4096x1", 1, 4096, 1, 4096, false, false});
  list.push_back({"few 2x768x3072", 1, 2, 3072, 768, false, true});
  list.push_back({"few 4x768x3072", 1, 4, 3072, 768, false, true});
  list.push_back({"few 8x768x3072", 1, 8, 3072, 768, false, true});
  list.push_back({"few 16x768x3072", 1, 16, 3072, 768, false, true});
  list.push_back({"tiny 4x4x4", 1, 4, 4, 4, false, false});
  list.push_back({"tiny 8x8x8 b^T", 1, 8, 8, 8, false, true});
  list.push_back({"odd 127x129x131", 1, 127, 131, 129, false, false});
  list.push_back({"odd 333x555x777", 1, 333, 777, 555, false, true});
  list.push_back({"odd 1021x509x251", 1, 1021, 251, 509, true, false});
  return list;
}

MatmulRow run_matmul_shape(const MatmulShape& s, double seconds) {
  Matrices x(s);
  const std::vector<double> t = least_times(
      {ours(s, x), library_sgemm(s, x), library_matmul(s, x, false), library_matmul(s, x, true)},
      seconds);
  MatmulRow row;
  row.shape = s;
  row.ms = 1e3 * t[0];
  row.onednn_ms = 1e3 * std::min(t[1], t[2]);
  row.onednn_way = t[1] <= t[2] ? "sgemm" : "matmul";
  row.onednn_packed_ms = 1e3 * t[3];
  row.gflops = 2e-9 * static_cast<double>(s.batch * s.m) * static_cast<double>(s.n * s.k) / t[0];
  return row;
}

std::vector<MatmulRow> run_matmul_shapes(const std::string& filter, double seconds) {
  std::vector<MatmulRow> rows;
  for (const MatmulShape& s : matmul_shapes()) {
    if (s.name.find(filter) == std::string::npos) continue;
    rows.push_back(run_matmul_shape(s, seconds));
  }
  return rows;
}

}  // namespace strata::bench
