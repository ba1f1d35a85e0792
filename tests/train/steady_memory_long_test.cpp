// What a long run and many short ones leave behind: nothing.
#include <algorithm>
#include <cstdint>
#include <filesystem>
#include <fstream>
#include <memory>
#include <thread>
#include <vector>

#include <gtest/gtest.h>
#include <unistd.h>

#include "models/language/gpt2.h"
#include "strata/autograd/backward.h"
#include "strata/data/loader.h"
#include "strata/device/cpu_allocator.h"
#include "strata/nn/layers/batch_norm.h"
#include "strata/nn/layers/conv.h"
#include "strata/nn/layers/dropout.h"
#include "strata/nn/layers/linear.h"
#include "strata/nn/layers/pool.h"
#include "strata/nn/layers/sequential.h"
#include "strata/ops/arithmetic.h"
#include "strata/ops/creation.h"
#include "strata/ops/losses.h"
#include "strata/ops/views.h"
#include "strata/optim/adam.h"
#include "strata/tape/grad_mode.h"

namespace strata {
namespace {

constexpr int64_t kMiB = int64_t{1} << 20;

/// Sanitizers keep what was freed for a while, so that what lies in memory tells nothing there.
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
constexpr bool kResidentTells = false;
#else
constexpr bool kResidentTells = true;
#endif

/// Bytes of this process that lie in memory.
int64_t resident_bytes() {
  int64_t all = 0, resident = 0;
  std::ifstream("/proc/self/statm") >> all >> resident;
  return resident * sysconf(_SC_PAGESIZE);
}

int64_t entries_of(const char* folder) {
  const std::filesystem::directory_iterator entries(folder);
  return std::distance(begin(entries), end(entries));
}

/// Gradients through convolutions for pictures of any size, and through attention for texts of any
/// length.
class BothKinds {
 public:
  BothKinds() {
    for (nn::Module* m : {static_cast<nn::Module*>(&net_), static_cast<nn::Module*>(&text_)}) {
      for (const Tensor& p : m->parameters()) parameters_.push_back(p);
    }
    optimizer_ = std::make_unique<Adam>(parameters_);
  }

  void step(int64_t batch, int64_t side, int64_t length) {
    optimizer_->zero_grad();
    const Tensor features = net_(randn({batch, side, side + 1, 3}));
    const Tensor pictures = cross_entropy(reshape(features, {batch, 8}), randint(0, 8, {batch}));
    const Tensor ids = randint(0, 50, {batch, length});
    const Tensor texts =
        cross_entropy(reshape(text_(ids), {batch * length, 50}), reshape(ids, {batch * length}));
    backward(pictures + texts);
    optimizer_->step();
  }

 private:
  nn::Sequential net_{nn::Conv2d({.in = 3, .out = 8, .kernel = 3, .padding = 1}),
                      nn::BatchNorm2d({.channels = 8, .relu = true}), nn::Dropout({.p = 0.1}),
                      nn::AdaptiveAvgPool2d({.size = 1})};
  models::GPT2 text_{
      {.vocab_size = 50, .n_positions = 40, .n_embd = 16, .n_layer = 1, .n_head = 2}};
  std::vector<Tensor> parameters_;
  std::unique_ptr<Adam> optimizer_;
};

TEST(SteadyMemoryLong, TenThousandStepsOfChangingShapesStayWhereTheyAre) {
  manual_seed(5);
  Generator random(6);
  BothKinds both;
  const auto between = [&](uint64_t low, uint64_t high) {
    return static_cast<int64_t>(low + random.below(high - low));
  };
  int64_t early_resident = 0, early_held = 0, late_resident = 0, late_held = 0;
  int64_t in_use = -1;
  for (int step = 1; step <= 10'000; ++step) {
    both.step(between(1, 9), between(3, 25), between(1, 41));
    if (step < 2500 || step % 100 != 0) continue;
    const MemoryStats now = cpu_memory_stats();
    if (in_use < 0) in_use = now.in_use;
    ASSERT_LT(now.in_use, in_use + kMiB) << "step " << step;
    int64_t& resident = step <= 5000 ? early_resident : late_resident;
    int64_t& held = step <= 5000 ? early_held : late_held;
    resident = std::max(resident, resident_bytes());
    held = std::max(held, now.in_use + now.cached);
  }
  EXPECT_LE(late_held, early_held + early_held / 20) << "bytes that the allocator holds";
  if (kResidentTells) {
    EXPECT_LE(late_resident, early_resident + 4 * kMiB) << "bytes in memory";
  }
  RecordProperty("resident_mib", static_cast<int>(late_resident / kMiB));
  RecordProperty("held_mib", static_cast<int>(late_held / kMiB));
}

/// A model made, trained for a step on batches that a loader's threads prepare, and used, in a
/// thread of its own.
void live_and_die(uint64_t seed) {
  std::thread([seed] {
    manual_seed(seed);
    BothKinds both;
    both.step(2, 6, 5);
    DataLoader loader(TensorDataset(randn({8, 3}), randint(0, 2, {8})),
                      {.batch = 2, .shuffle = true, .workers = 2});
    nn::Linear linear({.in = 3, .out = 2});
    const NoGrad no_grad;
    for (const Batch& batch : loader) {
      linear(batch.x);
      if (seed % 2 == 0) break;  // leaves prepared batches behind
    }
  }).join();
}

TEST(SteadyMemoryLong, AThousandModelsAndThreadsLeaveNothing) {
  if (cpu_memory_stats().in_use > 0) GTEST_SKIP() << "other tests' tensors are in use";
  for (uint64_t i = 0; i < 100; ++i) live_and_die(i);
  const int64_t threads = entries_of("/proc/self/task"), files = entries_of("/proc/self/fd");
  const int64_t resident = resident_bytes();
  const MemoryStats before = cpu_memory_stats();
  EXPECT_EQ(before.in_use, 0);
  for (uint64_t i = 0; i < 1000; ++i) live_and_die(i);
  const MemoryStats after = cpu_memory_stats();
  EXPECT_EQ(after.in_use, 0);
  EXPECT_LE(after.cached, before.cached + kMiB);
  EXPECT_EQ(entries_of("/proc/self/task"), threads);
  EXPECT_EQ(entries_of("/proc/self/fd"), files);
  if (kResidentTells) {
    EXPECT_LE(resident_bytes(), resident + 2 * kMiB);
  }
}

}  // namespace
}  // namespace strata
