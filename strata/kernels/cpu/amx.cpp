// Detection of AMX and its instructions, by intrinsics; stubs where there can be none.
#include "strata/kernels/cpu/amx.h"

#if defined(__x86_64__) && defined(__linux__)

#include <atomic>

#include <cpuid.h>
#include <immintrin.h>
#include <sys/syscall.h>
#include <unistd.h>

namespace strata::kernels::amx {
namespace {

constexpr int kRowBytes = 64;

// What ldtilecfg reads: eight tiles of 16 rows.
struct alignas(64) TileConfig {
  uint8_t palette = 1, start_row = 0;
  uint8_t reserved[14] = {};
  uint16_t row_bytes[16] = {64, 64, 64, 64, 64, 64, 64, 64};
  uint8_t rows[16] = {16, 16, 16, 16, 16, 16, 16, 16};
};
static_assert(sizeof(TileConfig) == 64);

// No local variable: GCC knows of the first 8 bytes only that the instruction reads them.
constexpr TileConfig kConfig;

bool processor_has_tiles() {
  constexpr unsigned kBf16 = 1u << 22, kTile = 1u << 24;
  unsigned a = 0, b = 0, c = 0, d = 0;
  return __get_cpuid_count(7, 0, &a, &b, &c, &d) && (d & kBf16) && (d & kTile);
}

[[gnu::target("xsave")]] bool system_saves_tiles() {
  constexpr unsigned long long kTileState = 3ull << 17;
  unsigned a = 0, b = 0, c = 0, d = 0;
  if (!__get_cpuid(1, &a, &b, &c, &d) || !(c & bit_OSXSAVE)) return false;
  return (_xgetbv(0) & kTileState) == kTileState;
}

// Linux makes room for the 8 KB of a thread's tiles on request only.
bool system_grants_tiles() {
  constexpr int kRequestPermission = 0x1023, kTileData = 18;  // ARCH_REQ_XCOMP_PERM
  return syscall(SYS_arch_prctl, kRequestPermission, kTileData) == 0;
}

[[gnu::target("amx-tile")]] void load_config() { _tile_loadconfig(&kConfig); }
[[gnu::target("amx-tile")]] void release() { _tile_release(); }

// Sums are in tiles 0 to 3, the left factor's in 4 and 5, the right one's in 6 and 7.
template <bool kLow, bool kWide>
[[gnu::target("amx-tile,amx-bf16")]] void multiply(const float* left, const float* right,
                                                   int64_t steps, bool add, float* sums) {
  constexpr int kSumsBytes = kBlockLanes * sizeof(float);
  std::atomic_signal_fence(std::memory_order_seq_cst);  // GCC does not know that tiles read memory
  float* below = sums + kTileLanes * kBlockLanes;
  _tile_zero(0);
  _tile_zero(1);
  _tile_zero(2);
  _tile_zero(3);
  if (add) {
    _tile_loadd(0, sums, kSumsBytes);
    if constexpr (kWide) _tile_loadd(1, sums + kTileLanes, kSumsBytes);
    if constexpr (!kLow) _tile_loadd(2, below, kSumsBytes);
    if constexpr (!kLow && kWide) _tile_loadd(3, below + kTileLanes, kSumsBytes);
  }
  for (; steps > 0; --steps, left += kStepFloats, right += kStepFloats) {
    _tile_loadd(4, left, kRowBytes);
    _tile_loadd(6, right, kRowBytes);
    _tile_dpbf16ps(0, 4, 6);
    if constexpr (kWide) {
      _tile_loadd(7, right + kTileFloats, kRowBytes);
      _tile_dpbf16ps(1, 4, 7);
    }
    if constexpr (!kLow) {
      _tile_loadd(5, left + kTileFloats, kRowBytes);
      _tile_dpbf16ps(2, 5, 6);
      if constexpr (kWide) _tile_dpbf16ps(3, 5, 7);
    }
  }
  _tile_stored(0, sums, kSumsBytes);
  if constexpr (kWide) _tile_stored(1, sums + kTileLanes, kSumsBytes);
  if constexpr (!kLow) _tile_stored(2, below, kSumsBytes);
  if constexpr (!kLow && kWide) _tile_stored(3, below + kTileLanes, kSumsBytes);
}

}  // namespace

bool is_usable() {
  static const bool usable = processor_has_tiles() && system_saves_tiles() && system_grants_tiles();
  return usable;
}

TileScope::TileScope() { load_config(); }
TileScope::~TileScope() { release(); }

void multiply_block(const float* left, const float* right, int64_t steps, int64_t rows,
                    int64_t columns, bool add, float* sums) {
  const bool low = rows <= kTileLanes, wide = columns > kTileLanes;
  const auto function = low ? (wide ? multiply<true, true> : multiply<true, false>)
                            : (wide ? multiply<false, true> : multiply<false, false>);
  function(left, right, steps, add, sums);
}

[[gnu::target("amx-tile,amx-bf16")]] double multiply_adds(int64_t rounds) {
  const TileScope tiles;
  for (int64_t i = 0; i < rounds; ++i) {  // of the zeros that tiles begin with
    _tile_dpbf16ps(0, 4, 6);
    _tile_dpbf16ps(1, 4, 7);
    _tile_dpbf16ps(2, 5, 6);
    _tile_dpbf16ps(3, 5, 7);
  }
  return 2.0 * 4 * kTileLanes * kTileLanes * kTileDepth * static_cast<double>(rounds);
}

}  // namespace strata::kernels::amx

#else

namespace strata::kernels::amx {

bool is_usable() { return false; }

TileScope::TileScope() = default;
TileScope::~TileScope() = default;

void multiply_block(const float*, const float*, int64_t, int64_t, int64_t, bool, float*) {}
double multiply_adds(int64_t) { return 0; }

}  // namespace strata::kernels::amx

#endif
