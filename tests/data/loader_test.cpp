#include "strata/data/loader.h"

#include <algorithm>
#include <atomic>
#include <chrono>
#include <numeric>
#include <set>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

#include <gtest/gtest.h>

#include "strata/base/error.h"
#include "strata/ops/creation.h"

namespace strata {
namespace {

/// Sample i is the number i.
class Numbers final : public Dataset {
 public:
  explicit Numbers(int64_t size) : size_(size) {}
  int64_t size() const override { return size_; }
  Batch get(std::span<const int64_t> indices) const override {
    ++calls;
    if (slow) std::this_thread::sleep_for(std::chrono::microseconds(50 * (indices[0] % 7)));
    for (const int64_t i : indices) {
      if (i == bad) throw std::runtime_error("sample " + std::to_string(i) + " is bad");
    }
    return {from_span(indices, {static_cast<int64_t>(indices.size())}), Tensor()};
  }

  mutable std::atomic<int> calls{0};
  bool slow = false;
  int64_t bad = -1;

 private:
  int64_t size_;
};

using Epochs = std::vector<std::vector<int64_t>>;

/// The samples of each batch, an empty one after each epoch.
Epochs run(DataLoader& loader, int epochs) {
  Epochs seen;
  for (int e = 0; e < epochs; ++e) {
    for (const Batch& batch : loader) seen.push_back(batch.x.to_vector<int64_t>());
    seen.emplace_back();
  }
  return seen;
}

/// Adds a random number below 1000, times 1000.
Batch add_random(Batch batch, Generator& random) {
  for (int64_t i = 0; i < batch.size(); ++i) {
    batch.x.data<int64_t>()[i] += static_cast<int64_t>(1000 * random.below(1000));
  }
  return batch;
}

TEST(DataLoader, HandsOutInOrder) {
  DataLoader loader(std::make_shared<Numbers>(7), {.batch = 3});
  EXPECT_EQ(loader.size(), 3);
  EXPECT_EQ(run(loader, 2), (Epochs{{0, 1, 2}, {3, 4, 5}, {6}, {}, {0, 1, 2}, {3, 4, 5}, {6}, {}}));
  DataLoader whole(std::make_shared<Numbers>(7), {.batch = 3, .drop_last = true});
  EXPECT_EQ(whole.size(), 2);
  EXPECT_EQ(run(whole, 1), (Epochs{{0, 1, 2}, {3, 4, 5}, {}}));
  DataLoader none(std::make_shared<Numbers>(0), {.workers = 2});
  EXPECT_EQ(run(none, 2), (Epochs{{}, {}}));
}

TEST(DataLoader, ShufflesEachEpochAnew) {
  DataLoader loader(std::make_shared<Numbers>(100), {.batch = 100, .shuffle = true, .seed = 5});
  const Epochs seen = run(loader, 2);
  ASSERT_EQ(seen.size(), 4u);
  EXPECT_NE(seen[0], seen[2]);
  for (const int e : {0, 2}) {
    std::vector<int64_t> sorted = seen[static_cast<size_t>(e)];
    EXPECT_FALSE(std::is_sorted(sorted.begin(), sorted.end()));
    std::sort(sorted.begin(), sorted.end());
    std::vector<int64_t> all(100);
    std::iota(all.begin(), all.end(), 0);
    EXPECT_EQ(sorted, all);
  }
  DataLoader other(std::make_shared<Numbers>(100), {.batch = 100, .shuffle = true, .seed = 6});
  EXPECT_NE(run(other, 1)[0], seen[0]);
}

TEST(DataLoader, OrderDoesNotDependOnTheWorkers) {
  const auto data = std::make_shared<Numbers>(203);
  data->slow = true;
  Epochs first;
  for (const int workers : {0, 1, 2, 5}) {
    for (const int prefetch : {1, 3, 64}) {
      DataLoader loader(data, {.batch = 10,
                               .shuffle = true,
                               .seed = 1,
                               .workers = workers,
                               .prefetch = prefetch,
                               .transform = add_random});
      const Epochs seen = run(loader, 3);
      if (first.empty()) first = seen;
      EXPECT_EQ(seen, first) << workers << " workers, prefetch " << prefetch;
    }
  }
}

TEST(DataLoader, TransformsDifferFromBatchToBatchAndEpochToEpoch) {
  const auto data = std::make_shared<Numbers>(8);
  DataLoader loader(data, {.batch = 4, .transform = add_random});
  const Epochs seen = run(loader, 2);
  std::set<std::vector<int64_t>> draws;
  for (const size_t i : {0, 1, 3, 4}) {
    std::vector<int64_t> draw;
    for (const int64_t v : seen.at(i)) draw.push_back(v / 1000);
    draws.insert(draw);
  }
  EXPECT_EQ(draws.size(), 4u);
}

TEST(DataLoader, ResumesInsideAnEpoch) {
  for (const int workers : {0, 3}) {
    const LoaderConfig config{
        .batch = 8, .shuffle = true, .seed = 2, .workers = workers, .transform = add_random};
    const auto data = std::make_shared<Numbers>(50);
    DataLoader unbroken(data, config);
    const Epochs all = run(unbroken, 3);
    for (size_t stop = 0; stop <= all.size(); ++stop) {
      DataLoader before(data, config);
      Epochs seen;
      while (seen.size() < stop) {
        const Batch* batch = before.next();
        seen.push_back(batch ? batch->x.to_vector<int64_t>() : std::vector<int64_t>());
      }
      LoaderConfig other = config;
      other.seed = 99;  // the state's seed counts
      DataLoader after(data, other);
      after.set_state(before.state());
      while (seen.size() < all.size()) {
        const Batch* batch = after.next();
        seen.push_back(batch ? batch->x.to_vector<int64_t>() : std::vector<int64_t>());
      }
      EXPECT_EQ(seen, all) << "stopped after " << stop;
      EXPECT_EQ(after.state(), (LoaderState{2, 3, 0}));
    }
  }
}

TEST(DataLoader, GoesOnWhereALoopWasLeft) {
  DataLoader loader(std::make_shared<Numbers>(6), {.batch = 2, .workers = 1});
  for (const Batch& batch : loader) {
    EXPECT_EQ(batch.x.to_vector<int64_t>()[0], 0);
    break;
  }
  EXPECT_EQ(loader.state(), (LoaderState{0, 0, 1}));
  EXPECT_EQ(run(loader, 2), (Epochs{{2, 3}, {4, 5}, {}, {0, 1}, {2, 3}, {4, 5}, {}}));
  loader.set_state({0, 7, 3});
  EXPECT_EQ(run(loader, 1), (Epochs{{}}));
  EXPECT_THROW(loader.set_state({0, 0, 4}), ValueError);
  EXPECT_THROW(loader.set_state({0, -1, 0}), ValueError);
}

TEST(DataLoader, RethrowsWhatAWorkerThrew) {
  for (const int workers : {0, 1, 4}) {
    const auto data = std::make_shared<Numbers>(40);
    data->bad = 21;
    DataLoader loader(data, {.batch = 2, .workers = workers});
    int64_t seen = 0;
    std::string error;
    try {
      for (const Batch& batch : loader) seen += batch.size();
    } catch (const std::runtime_error& e) {
      error = e.what();
    }
    EXPECT_EQ(error, "sample 21 is bad");
    EXPECT_EQ(seen, 20) << "all batches before it arrive";
    EXPECT_THROW(loader.next(), std::runtime_error) << "and again";
    data->bad = -1;
    EXPECT_EQ(loader.next()->x.to_vector<int64_t>(), std::vector<int64_t>({20, 21}));
  }
}

TEST(DataLoader, MayBeDestroyedOrMovedAtAnyMoment) {
  const auto data = std::make_shared<Numbers>(1000);
  data->slow = true;
  for (int taken = 0; taken < 12; ++taken) {
    DataLoader loader(data, {.batch = 3, .workers = 4, .prefetch = 8});
    for (int i = 0; i < taken; ++i) ASSERT_NE(loader.next(), nullptr);
    DataLoader moved = std::move(loader);
    EXPECT_EQ(moved.next()->x.to_vector<int64_t>()[0], 3 * taken);
  }
}

TEST(DataLoader, PreparesNoMoreThanAskedFor) {
  const auto data = std::make_shared<Numbers>(1000);
  DataLoader loader(data, {.batch = 1, .workers = 4, .prefetch = 5});
  ASSERT_NE(loader.next(), nullptr);
  std::this_thread::sleep_for(std::chrono::milliseconds(50));
  EXPECT_LE(data->calls, 6);
  EXPECT_GE(data->calls, 2);
}

TEST(DataLoader, RefusesBadConfigs) {
  const auto data = std::make_shared<Numbers>(10);
  EXPECT_THROW(DataLoader(data, {.batch = 0}), ValueError);
  EXPECT_THROW(DataLoader(data, {.workers = -1}), ValueError);
  EXPECT_THROW(DataLoader(data, {.workers = 100'000}), ValueError);
  EXPECT_THROW(DataLoader(data, {.prefetch = 0}), ValueError);
  EXPECT_THROW(DataLoader(std::shared_ptr<const Dataset>(), {}), ValueError);
  EXPECT_EQ(run(*std::make_unique<DataLoader>(TensorDataset(arange(0, 3)), LoaderConfig{}), 1),
            (Epochs{{0, 1, 2}, {}}));
}

}  // namespace
}  // namespace strata
