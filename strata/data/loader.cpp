#include "strata/data/loader.h"

#include <algorithm>
#include <condition_variable>
#include <exception>
#include <mutex>
#include <numeric>
#include <span>
#include <system_error>
#include <thread>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "strata/base/error.h"

namespace strata {
namespace {

constexpr int64_t kMostWorkers = 256;
constexpr int64_t kMostAhead = 1 << 20;
constexpr uint64_t kOrderKey = 0x6f72646572;      // "order": keeps these streams apart from others
constexpr uint64_t kTransformKey = 0x7472616e73;  // "trans"

/// The order of an epoch: a function of seed and epoch.
std::vector<int64_t> order_of(int64_t samples, const LoaderConfig& config, uint64_t seed,
                              int64_t epoch) {
  Generator random(seed ^ kOrderKey);
  random.stream = static_cast<uint64_t>(epoch) << 40;
  if (config.sampler.order) {
    std::vector<int64_t> order = config.sampler.order(random);
    if (static_cast<int64_t>(order.size()) == config.sampler.count) return order;
    throw ValueError("DataLoader", fmt::format("the sampler gave {} samples, not {}", order.size(),
                                               config.sampler.count));
  }
  std::vector<int64_t> order(static_cast<size_t>(samples));
  std::iota(order.begin(), order.end(), 0);
  if (!config.shuffle) return order;
  for (size_t i = order.size(); i > 1; --i) std::swap(order[i - 1], order[random.below(i)]);
  return order;
}

/// Makes the batches of one epoch; any number of threads may ask.
struct Epoch {
  const Dataset& data;
  const LoaderConfig& config;
  uint64_t seed;
  int64_t number;
  std::vector<int64_t> order;

  Batch make(int64_t position) const {
    const int64_t begin = position * config.batch;
    const int64_t end = std::min(begin + config.batch, static_cast<int64_t>(order.size()));
    Generator random(seed ^ kTransformKey);
    random.stream = (static_cast<uint64_t>(number) << 48) + (static_cast<uint64_t>(position) << 24);
    Batch batch = data.draw(
        std::span(order).subspan(static_cast<size_t>(begin), static_cast<size_t>(end - begin)),
        random);
    return config.transform ? config.transform(std::move(batch), random) : batch;
  }
};

/// Threads that make the batches of an epoch from a position on, at most `prefetch` of them ahead
/// of the one asked for. Batch i has the slot i modulo `prefetch`.
class Prefetcher {
 public:
  Prefetcher(const Epoch& epoch, int64_t first, int64_t count)
      : epoch_(epoch),
        count_(count),
        made_(first),
        taken_(first),
        slots_(static_cast<size_t>(epoch.config.prefetch)) {
    const int64_t workers = std::min<int64_t>(epoch.config.workers, count - first);
    try {
      for (int64_t i = 0; i < workers; ++i) threads_.emplace_back([this] { work(); });
    } catch (const std::system_error& e) {
      stop();
      throw IoError("DataLoader", fmt::format("cannot start a thread: {}", e.what()));
    }
  }
  Prefetcher(const Prefetcher&) = delete;
  Prefetcher& operator=(const Prefetcher&) = delete;
  ~Prefetcher() { stop(); }

  /// Waits for the next batch; rethrows what making it threw.
  Batch take() {
    std::unique_lock lock(mutex_);
    Slot& slot = slot_of(taken_);
    ready_.wait(lock, [&] { return slot.full; });
    Slot mine = std::exchange(slot, Slot());
    ++taken_;
    lock.unlock();
    room_.notify_one();
    if (mine.error) std::rethrow_exception(mine.error);
    return std::move(mine.batch);
  }

 private:
  struct Slot {
    bool full = false;
    Batch batch;
    std::exception_ptr error;
  };

  Slot& slot_of(int64_t i) {
    return slots_[static_cast<size_t>(i % static_cast<int64_t>(slots_.size()))];
  }

  void work() {
    std::unique_lock lock(mutex_);
    for (;;) {
      room_.wait(lock, [&] {
        return stopping_ || made_ >= count_ || made_ < taken_ + static_cast<int64_t>(slots_.size());
      });
      if (stopping_ || made_ >= count_) return;
      const int64_t i = made_++;
      lock.unlock();
      Slot result;
      try {
        result.batch = epoch_.make(i);
      } catch (...) {
        result.error = std::current_exception();
      }
      result.full = true;
      lock.lock();
      slot_of(i) = std::move(result);
      ready_.notify_one();
      if (made_ >= count_) room_.notify_all();
    }
  }

  void stop() noexcept {
    {
      const std::lock_guard lock(mutex_);
      stopping_ = true;
    }
    room_.notify_all();
    for (std::thread& t : threads_) t.join();
  }

  const Epoch& epoch_;
  const int64_t count_;
  std::mutex mutex_;
  std::condition_variable ready_, room_;
  int64_t made_;   // the next batch that no thread has begun
  int64_t taken_;  // the next batch to hand out
  bool stopping_ = false;
  std::vector<Slot> slots_;
  std::vector<std::thread> threads_;
};

LoaderConfig checked(LoaderConfig config) {
  const auto check = [](const char* key, int64_t value, int64_t least, int64_t most) {
    if (value >= least && value <= most) return;
    throw ValueError("DataLoader",
                     fmt::format("{} = {}: {} to {} are possible", key, value, least, most));
  };
  check("batch", config.batch, 1, int64_t{1} << 40);
  check("workers", config.workers, 0, kMostWorkers);
  check("prefetch", config.prefetch, 1, kMostAhead);
  if (config.sampler.order && config.shuffle) {
    throw ValueError("DataLoader", "both a sampler and shuffle: the sampler makes the order");
  }
  return config;
}

}  // namespace

struct DataLoader::Impl {
  std::shared_ptr<const Dataset> data;
  LoaderConfig config;
  LoaderState state;
  std::unique_ptr<Epoch> epoch;
  std::unique_ptr<Prefetcher> prefetcher;  // after `epoch`, which it reads
  Batch batch;

  int64_t batches() const {
    const int64_t n = config.sampler.order ? config.sampler.count : data->size();
    return config.drop_last ? n / config.batch : (n + config.batch - 1) / config.batch;
  }
  void forget() {
    prefetcher.reset();
    epoch.reset();
  }
  void prepare() {
    epoch = std::make_unique<Epoch>(Epoch{*data, config, state.seed, state.epoch,
                                          order_of(data->size(), config, state.seed, state.epoch)});
    if (config.workers == 0) return;
    prefetcher = std::make_unique<Prefetcher>(*epoch, state.position, batches());
  }
};

DataLoader::DataLoader(std::shared_ptr<const Dataset> data, LoaderConfig config)
    : impl_(std::make_unique<Impl>()) {
  if (!data) throw ValueError("DataLoader", "no data set");
  impl_->data = std::move(data);
  impl_->config = checked(std::move(config));
  impl_->state.seed = impl_->config.seed;
}

DataLoader::DataLoader(TensorDataset data, LoaderConfig config)
    : DataLoader(std::make_shared<TensorDataset>(std::move(data)), std::move(config)) {}

DataLoader::DataLoader(DataLoader&&) noexcept = default;
DataLoader& DataLoader::operator=(DataLoader&&) noexcept = default;
DataLoader::~DataLoader() = default;

const Dataset& DataLoader::data() const { return *impl_->data; }
int64_t DataLoader::size() const { return impl_->batches(); }
LoaderState DataLoader::state() const { return impl_->state; }

const Batch* DataLoader::next() {
  Impl& i = *impl_;
  i.batch = {};
  if (i.state.position >= i.batches()) {
    i.forget();
    ++i.state.epoch;
    i.state.position = 0;
    return nullptr;
  }
  if (!i.epoch) i.prepare();
  try {
    i.batch = i.prefetcher ? i.prefetcher->take() : i.epoch->make(i.state.position);
  } catch (...) {
    i.forget();  // so that the same batch is tried again by the next call
    throw;
  }
  ++i.state.position;
  return &i.batch;
}

void DataLoader::set_state(const LoaderState& state) {
  if (state.epoch < 0 || state.position < 0 || state.position > size()) {
    throw ValueError("DataLoader",
                     fmt::format("no place to go on: epoch {}, batch {} of {}", state.epoch,
                                 state.position, size()),
                     "were batch size and data set the same when the state was saved?");
  }
  impl_->forget();
  impl_->state = state;
}

}  // namespace strata
