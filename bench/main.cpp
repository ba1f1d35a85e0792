// strata_bench LIST [FILTER] [SECONDS]: times the shapes of a list beside the library's primitives,
// in turn, and prints a table in Markdown.
#include <iostream>
#include <string>

#include <fmt/format.h>

#include "bench/conv_shapes.h"
#include "bench/elementwise_bench.h"
#include "bench/matmul_shapes.h"

namespace {

void print_matmul(const std::string& filter, double seconds) {
  std::cout << "| product | m x n x k | ms | GFLOP/s | library ms | by | ratio | packed ms |\n"
            << "| --- | --- | --- | --- | --- | --- | --- | --- |\n";
  for (const auto& r : strata::bench::run_matmul_shapes(filter, seconds)) {
    const auto& s = r.shape;
    const std::string size =
        fmt::format("{}{}x{}x{}", s.batch > 1 ? fmt::format("{} of ", s.batch) : "", s.m, s.n, s.k);
    std::cout << fmt::format("| {} | {} | {:.4g} | {:.0f} | {:.4g} | {} | {:.2f} | {:.4g} |\n",
                             s.name, size, r.ms, r.gflops, r.onednn_ms, r.onednn_way,
                             r.onednn_ms / r.ms, r.onednn_packed_ms)
              << std::flush;
  }
}

void print_elementwise(const std::string& filter, double seconds) {
  constexpr int64_t kElements = int64_t{1} << 25;
  std::cout << "| op | ms | GB/s | copy GB/s | ratio |\n| --- | --- | --- | --- | --- |\n";
  for (const auto& r : strata::bench::run_elementwise(filter, kElements, seconds)) {
    std::cout << fmt::format("| {} | {:.3g} | {:.1f} | {:.1f} | {:.2f} |\n", r.name, r.ms, r.gbs,
                             r.copy_gbs, r.gbs / r.copy_gbs);
  }
  std::cout << "\n| small op | ns |\n| --- | --- |\n";
  for (const auto& [name, ns] : strata::bench::run_small_ops(seconds)) {
    std::cout << fmt::format("| {} | {:.0f} |\n", name, ns);
  }
}

void print_conv2d(const std::string& filter, double seconds) {
  std::cout << "| convolution | n h w c -> oc | pass | ms | GFLOP/s | library ms | by | ratio |\n"
            << "| --- | --- | --- | --- | --- | --- | --- | --- |\n";
  for (const auto& r : strata::bench::run_conv_shapes(filter, seconds)) {
    const auto& s = r.shape.s;
    std::cout << fmt::format(
                     "| {} | {} {} {} {} -> {} | {} | {:.4g} | {:.0f} | {:.4g} | {} | {:.2f} |\n",
                     r.shape.name, s.n, s.h, s.w, s.c, s.oc, strata::bench::name_of(r.pass), r.ms,
                     r.gflops, r.onednn_ms, r.onednn_way, r.onednn_ms / r.ms)
              << std::flush;
  }
}

}  // namespace

int main(int argc, char** argv) {
  try {
    const std::string list = argc > 1 ? argv[1] : "";
    if (list == "matmul") {
      print_matmul(argc > 2 ? argv[2] : "", argc > 3 ? std::stod(argv[3]) : 0.3);
      return 0;
    }
    if (list == "elementwise") {
      print_elementwise(argc > 2 ? argv[2] : "", argc > 3 ? std::stod(argv[3]) : 0.3);
      return 0;
    }
    if (list == "conv2d") {
      print_conv2d(argc > 2 ? argv[2] : "", argc > 3 ? std::stod(argv[3]) : 0.3);
      return 0;
    }
    std::cerr << "usage: strata_bench matmul|conv2d|elementwise [FILTER] [SECONDS EACH]\n";
    return 2;
  } catch (const std::exception& e) {
    std::cerr << "strata_bench: " << e.what() << "\n";
    return 1;
  }
}
