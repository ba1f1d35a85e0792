// Gives Strata memory of one's own: here from malloc with a count, in programs from an arena, huge
// pages or a budget shared with other parts.
#include <atomic>
#include <cstdio>
#include <cstdlib>

#include "strata/device/cpu_allocator.h"
#include "strata/strata.h"

using namespace strata;

namespace {

struct Budget {
  std::atomic<int64_t> blocks{0}, bytes{0}, most{0};
};

void* allocate(void* context, int64_t bytes, int64_t alignment) {
  auto& budget = *static_cast<Budget*>(context);
  const auto align = static_cast<size_t>(alignment);
  void* block = std::aligned_alloc(align, (static_cast<size_t>(bytes) + align - 1) / align * align);
  if (!block) return nullptr;  // Strata throws OutOfMemory
  ++budget.blocks;
  const int64_t now = budget.bytes += bytes;
  if (now > budget.most) budget.most = now;
  return block;
}

void release(void* context, void* block, int64_t bytes) {
  auto& budget = *static_cast<Budget*>(context);
  --budget.blocks;
  budget.bytes -= bytes;
  std::free(block);
}

Budget g_budget;  // lives as long as the program, as threads may give back blocks late

}  // namespace

int main() {
  set_cpu_memory_source({.allocate = allocate, .release = release, .context = &g_budget});
  {
    nn::Linear layer({.in = 256, .out = 256});
    Adam optimizer(layer.parameters(), {.lr = 1e-3});
    for (int step = 0; step < 3; ++step) {
      optimizer.zero_grad();
      backward(mse_loss(layer(randn({64, 256})), randn({64, 256})));
      optimizer.step();
    }
    std::printf("%lld blocks, %lld bytes\n", static_cast<long long>(g_budget.blocks),
                static_cast<long long>(g_budget.bytes));
  }
  const int64_t most = g_budget.most;
  set_cpu_memory_source({});  // the system's again: all that was kept goes back
  std::printf("at most %lld bytes, %lld blocks left\n", static_cast<long long>(most),
              static_cast<long long>(g_budget.blocks));
  return most > 4 * 256 * 256 && g_budget.blocks == 0 ? 0 : 1;
}
