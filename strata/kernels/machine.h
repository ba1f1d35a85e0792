#pragma once

#include <cstdint>
#include <string>

namespace strata::kernels {

/// What this machine can do at most, measured now with thread_count() threads: the limits that
/// benchmarks are held against. Each call takes about `seconds`.

/// GFLOP/s of fused multiply-adds on registers in f32, two operations each.
double peak_f32_gflops(double seconds = 0.2);
/// GFLOP/s of products of bf16 on registers; where has_native_bf16() is false, those of f32, which
/// they are computed in.
double peak_bf16_gflops(double seconds = 0.2);
/// GB/s of a copy between arrays much larger than the caches, bytes read and written counted.
double copy_gbs(double seconds = 0.2);
/// GB/s of reading such an array, or one of `bytes`: some processors keep part of an array that is
/// read over and over, so what is compared with it should be as large.
double read_gbs(double seconds = 0.2, int64_t bytes = int64_t{128} << 20);

/// The instruction set our kernels use here: "AVX2", "AVX3" (AVX-512), "SSE4".
std::string instruction_set();
/// Highway's bits of all instruction sets that the kernels are compiled for: one is picked at run
/// time.
int64_t compiled_instruction_sets();
/// The processor's own name, "unknown" where the system does not say.
std::string processor_name();
/// Whether products of bf16 run faster than those of f32 here: on tile registers (AMX). Elsewhere
/// they are computed in f32.
bool has_native_bf16();

}  // namespace strata::kernels
