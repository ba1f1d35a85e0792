#include <dnnl.hpp>
#include <fmt/format.h>
#include <unistd.h>

#include "apps/strata/command.h"
#include "apps/strata/terminal.h"
#include "strata/base/parallel.h"
#include "strata/kernels/machine.h"

namespace strata::app {
namespace {

std::string onednn_version() {
  const dnnl_version_t* v = dnnl_version();
  return fmt::format("{}.{}.{}", v->major, v->minor, v->patch);
}

double memory_gib() {
  const auto pages = static_cast<double>(sysconf(_SC_PHYS_PAGES));
  return pages * static_cast<double>(sysconf(_SC_PAGE_SIZE)) / (1 << 30);
}

int doctor(const Common& common) {
  common.apply();
  const std::string cpu = kernels::processor_name(), isa = kernels::instruction_set();
  const double peak = kernels::peak_f32_gflops(), copy = kernels::copy_gbs(),
               read = kernels::read_gbs();
  const bool bf16 = kernels::has_native_bf16();
  const double peak_bf16 = bf16 ? kernels::peak_bf16_gflops() : peak;
  if (common.json) {
    print_json({{"strata", STRATA_VERSION},
                {"cpu", cpu},
                {"instruction_set", isa},
                {"native_bf16", bf16},
                {"cores", sysconf(_SC_NPROCESSORS_ONLN)},
                {"threads", thread_count()},
                {"memory_gib", memory_gib()},
                {"onednn", onednn_version()},
                {"cuda", kHasCuda},
                {"peak_f32_gflops", peak},
                {"peak_bf16_gflops", peak_bf16},
                {"copy_gbs", copy},
                {"read_gbs", read}});
    return kDone;
  }
  fmt::print("strata        {}\n", STRATA_VERSION);
  fmt::print("processor     {}, {} threads used\n", cpu, thread_count());
  fmt::print("instructions  {}{}\n", isa,
             isa == "SSE4" ? ": old; expect a quarter of the speed of AVX2" : "");
  fmt::print("bf16          {}\n",
             bf16 ? fmt::format("native: products run faster than in f32, {:.0f} GFLOP/s at most",
                                peak_bf16)
                  : "halves memory; products run at the speed of f32");
  fmt::print("memory        {:.1f} GiB\n", memory_gib());
  fmt::print("oneDNN        {}\n", onednn_version());
  fmt::print("CUDA          {}\n", kHasCuda ? "in this build" : "not in this build");
  fmt::print("measured      {:.0f} GFLOP/s f32, copy {:.1f} GB/s, read {:.1f} GB/s\n", peak, copy,
             read);
  return kDone;
}

}  // namespace

void add_doctor(CLI::App& app, Program& program) {
  auto* command = app.add_subcommand("doctor", "what this machine and this build can do");
  command->footer("Example: strata doctor");
  auto common = std::make_shared<Common>();
  common->add_to(*command);
  command->callback([=, &program] { program.status = doctor(*common); });
}

}  // namespace strata::app
