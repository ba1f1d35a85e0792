// The processor's tile registers (Intel's AMX) for bf16: whether they may be used, and what is done
// with them. Elsewhere is_usable() is false, and nothing else may be called.
#pragma once

#include <cstdint>

namespace strata::kernels::amx {

/// A tile of a factor holds 16 lanes of 32 numbers along k, as pairs of neighbours in k; a pair is
/// moved as one float, which nobody computes with. Of a left factor a row of the tile is one lane,
/// of a right factor one pair of all lanes.
inline constexpr int64_t kTileLanes = 16, kTileDepth = 32, kTileFloats = 256;

/// Two tiles side by side are what a block of sums takes of a factor in one step of k; the steps of
/// a block follow each other in memory.
inline constexpr int64_t kBlockLanes = 2 * kTileLanes, kStepFloats = 2 * kTileFloats;
inline constexpr int64_t kBlockFloats = kBlockLanes * kBlockLanes;

/// Whether the processor has tiles for bf16 and the system lets this process use them, for which it
/// is asked at the first call.
bool is_usable();

/// While it lives, the calling thread has its tiles.
class TileScope {
 public:
  TileScope();
  ~TileScope();
  TileScope(const TileScope&) = delete;
  TileScope& operator=(const TileScope&) = delete;
};

/// sums[i * kBlockLanes + j] of `steps` steps, one after the other, added to what is there if
/// `add`, for the first `rows` lanes of the left factor and `columns` of the right, in whole tiles:
/// the other tiles are neither read nor written. Sums are rounded to nearest; subnormal factors and
/// sums count as zero.
void multiply_block(const float* left, const float* right, int64_t steps, int64_t rows,
                    int64_t columns, bool add, float* sums);

/// `rounds` times four independent products of tiles; returns their number of operations.
double multiply_adds(int64_t rounds);

}  // namespace strata::kernels::amx
