#pragma once

#include <cstdint>
#include <functional>
#include <memory>

#include "strata/base/random.h"
#include "strata/data/dataset.h"
#include "strata/data/samplers.h"

namespace strata {

/// Changes a batch before it is handed out, for instance to augment it. It may run in any thread;
/// the generator's numbers depend on the loader's seed, the epoch and the batch alone.
using Transform = std::function<Batch(Batch, Generator&)>;

struct LoaderConfig {
  int64_t batch = 32;
  bool shuffle = false;
  bool drop_last = false;  ///< leave out a last batch that would be smaller
  uint64_t seed = 0;       ///< of the order and of the transform
  int workers = 0;   ///< threads that prepare batches ahead; 0, best for small sets in memory: none
  int prefetch = 4;  ///< batches prepared ahead, by all workers together
  Transform transform = {};
  Sampler sampler = {};  ///< instead of all samples once; not with `shuffle`
};

/// Where a loader stands: all that is needed to go on there.
struct LoaderState {
  uint64_t seed = 0;
  int64_t epoch = 0;
  int64_t position = 0;  ///< batches of the epoch that have been handed out

  bool operator==(const LoaderState&) const = default;
};

/// Hands out a data set in batches, one epoch for each loop:
///
///   DataLoader loader(load_mnist(folder, Split::train), {.batch = 64, .shuffle = true});
///   for (int epoch = 0; epoch < 3; ++epoch) {
///     for (const Batch& batch : loader) step(batch.x, batch.y);
///   }
///
/// The order is a function of the seed and the epoch, whatever the number of workers. A loop that
/// is left early is continued by the next one; set_state() goes anywhere else. One thread at a time
/// may use a loader.
class DataLoader {
 public:
  class Iterator;
  struct End {};

  /// Throws ValueError for a batch, prefetch or workers out of range, and for a sampler besides
  /// `shuffle`. next() throws IndexError where a sampler names a sample that does not exist.
  DataLoader(std::shared_ptr<const Dataset> data, LoaderConfig config);
  DataLoader(TensorDataset data, LoaderConfig config);
  DataLoader(DataLoader&&) noexcept;
  DataLoader& operator=(DataLoader&&) noexcept;
  /// Stops the workers.
  ~DataLoader();

  const Dataset& data() const;
  /// Batches of an epoch.
  int64_t size() const;

  /// Prepares the next batch of this epoch; rethrows what the data set or the transform threw for
  /// it. At the epoch's end, where there is none, the next epoch begins.
  Iterator begin();
  End end() const { return {}; }

  /// The next batch, or null at the epoch's end: what the loop above is made of.
  const Batch* next();

  /// During a loop's body, the state after the batch in hand.
  LoaderState state() const;
  /// Throws ValueError for a negative epoch and a position beyond the epoch's end.
  void set_state(const LoaderState& state);

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

class DataLoader::Iterator {
 public:
  const Batch& operator*() const { return *batch_; }
  const Batch* operator->() const { return batch_; }
  Iterator& operator++() {
    batch_ = loader_->next();
    return *this;
  }
  bool operator==(End) const { return batch_ == nullptr; }

 private:
  friend class DataLoader;
  explicit Iterator(DataLoader& loader) : loader_(&loader), batch_(loader.next()) {}

  DataLoader* loader_;
  const Batch* batch_;
};

inline DataLoader::Iterator DataLoader::begin() { return Iterator(*this); }

}  // namespace strata
