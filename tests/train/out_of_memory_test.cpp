// Memory fails at each request of a training step and of a load, once or from there on: a typed
// error each time, nothing lost, and the same step done again gives the bits of one undisturbed.
#include <functional>
#include <new>
#include <optional>
#include <string>

#include <gtest/gtest.h>

#include "recipes/shared/system.h"
#include "strata/autograd/backward.h"
#include "strata/base/error.h"
#include "strata/device/cpu_allocator.h"
#include "strata/nn/layers/activation.h"
#include "strata/nn/layers/batch_norm.h"
#include "strata/nn/layers/conv.h"
#include "strata/nn/layers/dropout.h"
#include "strata/nn/layers/flatten.h"
#include "strata/nn/layers/linear.h"
#include "strata/nn/layers/pool.h"
#include "strata/nn/layers/sequential.h"
#include "strata/nn/state_dict.h"
#include "strata/ops/copy.h"
#include "strata/ops/creation.h"
#include "strata/ops/losses.h"
#include "strata/optim/adam.h"
#include "strata/optim/clip.h"
#include "strata/tape/grad_mode.h"
#include "strata/text/byte_bpe.h"
#include "strata/train/checkpoint.h"
#include "strata/train/fit.h"
#include "strata/train/supervised.h"
#include "tests/support/bits.h"
#include "tests/support/refusing_memory.h"
#include "tests/support/temp_folder.h"

namespace strata {
namespace {

using testing::bits;
using testing::FailingNew;
using testing::RefusingMemory;
using testing::TempFolder;

const std::string kTokenizer =
    std::string(STRATA_SOURCE_DIR) + "/tests/fuzz/seeds/tokenizer/bpe.json";
const std::string kShards = std::string(STRATA_SOURCE_DIR) + "/tests/golden/folders/gpt2-shards";

std::unique_ptr<nn::Sequential> small_cnn() {
  manual_seed(3);
  return std::make_unique<nn::Sequential>(
      nn::Conv2d({.in = 1, .out = 4, .kernel = 3, .padding = 1, .bias = false}),
      nn::BatchNorm2d({.channels = 4, .relu = true}), nn::MaxPool2d({.kernel = 2}),
      nn::Dropout({.p = 0.3}), nn::Flatten(), nn::Linear({.in = 64, .out = 5}));
}

/// Matrices and the rest in groups of their own, so that a step has two parts.
std::unique_ptr<Adam> adam_of(nn::Module& net) {
  ParamGroup matrices, others;
  others.weight_decay = 0;
  for (const Tensor& p : net.parameters()) (p.rank() > 1 ? matrices : others).params.push_back(p);
  return std::make_unique<Adam>(std::vector{matrices, others},
                                AdamConfig{.lr = 0.05, .weight_decay = 0.01});
}

/// A network with its optimiser, and steps on a batch that are the same each time.
struct Lesson {
  std::unique_ptr<nn::Sequential> net = small_cnn();
  std::unique_ptr<Adam> optimizer = adam_of(*net);
  Tensor x = randn({6, 8, 8, 1}), y = randint(0, 5, {6});

  void step() {
    manual_seed(11);
    optimizer->zero_grad();
    backward(cross_entropy((*net)(x), y));
    clip_grad_norm_(net->parameters(), 1);
    optimizer->step();
  }
  std::string weights() { return bits(*net); }
  std::string parameters() {
    std::string out;
    for (const Tensor& p : net->parameters()) out += bits({{"", p}});
    return out;
  }
};

class OutOfMemoryTest : public ::testing::Test {
 protected:
  void SetUp() override {
    if (cpu_memory_stats().in_use > 0) GTEST_SKIP() << "other tests' tensors are in use";
    memory_.emplace();
  }
  RefusingMemory& memory() { return *memory_; }

  /// Lets each request of `work` fail in turn, then works undisturbed. `check` is called after each
  /// failure. Returns the number of requests.
  int64_t fail_each_request(bool onwards, const std::function<void()>& work,
                            const std::function<void(int64_t)>& check) {
    for (int64_t k = 1;; ++k) {
      memory().refuse(k, onwards);
      try {
        work();
      } catch (const OutOfMemory&) {
        memory().refuse(0);
        check(k);
        continue;
      }
      EXPECT_LT(memory().requests(), k) << "request " << k << " failed unnoticed";
      memory().refuse(0);
      return k - 1;
    }
  }

 private:
  std::optional<RefusingMemory> memory_;
};

class EachRequest : public OutOfMemoryTest, public ::testing::WithParamInterface<bool> {};

TEST_P(EachRequest, OfAFirstStepLeavesTheWeightsAsTheyWere) {
  std::string undisturbed;
  {
    Lesson lesson;
    lesson.step();
    lesson.step();
    undisturbed = lesson.weights();
  }
  Lesson lesson;
  const auto before = nn::state_dict(*lesson.net);
  const std::string parameters = lesson.parameters();
  const int64_t in_use = cpu_memory_stats().in_use;
  int64_t state = 0;  // the optimiser's, which stays once it was made
  const int64_t requests = fail_each_request(
      GetParam(), [&] { lesson.step(); },
      [&](int64_t k) {
        EXPECT_EQ(lesson.parameters(), parameters) << "half a step, request " << k;
        nn::load_state_dict(*lesson.net, before);  // the running statistics
        lesson.optimizer->zero_grad();
        const int64_t more = cpu_memory_stats().in_use - in_use;
        EXPECT_GE(more, state) << "request " << k;
        state = more;
      });
  EXPECT_GT(requests, 30);
  lesson.step();
  EXPECT_EQ(lesson.weights(), undisturbed);
}

TEST_P(EachRequest, OfALaterStepGivesAllBack) {
  Lesson lesson, undisturbed;
  for (Lesson* l : {&lesson, &undisturbed}) {
    l->step();
    l->optimizer->zero_grad();
  }
  const auto before = nn::state_dict(*lesson.net);
  const int64_t in_use = cpu_memory_stats().in_use, blocks = memory().blocks();
  fail_each_request(
      GetParam(), [&] { lesson.step(); },
      [&](int64_t k) {
        nn::load_state_dict(*lesson.net, before);
        lesson.optimizer->zero_grad();
        ASSERT_EQ(cpu_memory_stats().in_use, in_use) << "request " << k;
        ASSERT_EQ(memory().blocks(), blocks) << "request " << k;
      });
  undisturbed.step();
  EXPECT_EQ(lesson.weights(), undisturbed.weights());
}

TEST_P(EachRequest, OfLoadingAFileAndAFolder) {
  const TempFolder folder;
  const std::string file = folder / "net.safetensors";
  std::string wanted;
  {
    Lesson lesson;
    lesson.step();
    train::save_weights(file, *lesson.net);
    wanted = lesson.weights();
  }
  const auto nothing_in_use = [&](int64_t k) {
    ASSERT_EQ(cpu_memory_stats().in_use, 0) << "request " << k;
    ASSERT_EQ(memory().blocks(), 0) << "request " << k;
  };
  const int64_t of_file = fail_each_request(
      GetParam(),
      [&] {
        const auto net = small_cnn();
        train::load_weights(file, *net);
        EXPECT_EQ(bits(*net), wanted);
      },
      nothing_in_use);
  EXPECT_GT(of_file, 10);
  std::string answer;
  const auto answer_of_folder = [&] {
    const NoGrad no_grad;
    const recipes::System system = recipes::open_system(kShards);
    const std::string now = bits({{"", (*system.model)(zeros({1, 4}, DType::i64))}});
    EXPECT_TRUE(answer.empty() || now == answer);
    answer = now;
  };
  answer_of_folder();
  EXPECT_GT(fail_each_request(GetParam(), answer_of_folder, nothing_in_use), 50);
}

/// A network with averages, on data that fits in two batches.
class Averaged final : public train::Training {
 public:
  Averaged()
      : net_(small_cnn()),
        averages_(net_->parameters(), {.decay = 0.5}),
        inner_(*net_, adam_of(*net_), samples(), samples(),
               {.batch = 6,
                .seed = 9,
                .loss = [](const Tensor& y, const Tensor& t) { return cross_entropy(y, t); },
                .schedule = [](int64_t) { return schedules::constant(0.05); }}) {}
  nn::Module& model() override { return *net_; }
  Optimizer& optimizer() override { return inner_.optimizer(); }
  EMA* averages() override { return &averages_; }
  int64_t batches_per_epoch() const override { return inner_.batches_per_epoch(); }
  void seek(int64_t epoch, int64_t batch) override { inner_.seek(epoch, batch); }
  void next_batch() override { inner_.next_batch(); }
  Tensor loss() override { return inner_.loss(); }
  double learning_rate(int64_t s, int64_t n) const override { return inner_.learning_rate(s, n); }
  train::Metric evaluate() override { return inner_.evaluate(); }

 private:
  static std::shared_ptr<const Dataset> samples() {
    return std::make_shared<TensorDataset>(randn({12, 8, 8, 1}), randint(0, 5, {12}));
  }

  std::unique_ptr<nn::Sequential> net_;
  EMA averages_;
  train::Supervised inner_;
};

/// Gives all parameters one value, and takes it into the averages.
void change(Averaged& training, double value) {
  {
    const NoGrad no_grad;
    for (Tensor p : training.model().parameters()) fill_(p, value);
  }
  training.averages()->update();
}

std::string fitted(const std::string& dir, bool resume) {
  Averaged training;
  fit(training, {.epochs = 2, .run_dir = dir, .resume = resume, .evaluate_each_epoch = true});
  return testing::slurp(train::weights_path(dir)) + bits(training.model());
}

TEST_P(EachRequest, OfAFitWithAveragesLosesNothing) {
  const TempFolder whole, broken;
  const std::string undisturbed = fitted(whole.path(), false);
  std::string resumed;
  const int64_t requests = fail_each_request(
      GetParam(), [&] { resumed = fitted(broken.path(), true); },
      [&](int64_t k) {
        ASSERT_EQ(cpu_memory_stats().in_use, 0) << "request " << k;
        Averaged training;
        load_checkpoint(broken.path(), training);
      });
  EXPECT_GT(requests, 100);
  EXPECT_EQ(resumed, undisturbed);
}

INSTANTIATE_TEST_SUITE_P(Fails, EachRequest, ::testing::Bool(), [](const auto& info) {
  return std::string(info.param ? "AndAllAfterIt" : "Alone");
});

/// The same with every call of operator new. Many are made by the way, so an error need not follow;
/// where one does it has a type, and nothing is lost.
template <class Work, class After>
int64_t fail_each_new(const Work& work, const After& after) {
  int64_t errors = 0;
  for (int64_t k = 1;; ++k) {
    const FailingNew failing(k);
    try {
      work();
    } catch (const std::bad_alloc&) {
      ++errors;
    } catch (const Error&) {
      ++errors;
    }
    if (!failing.failed()) return errors;
    after(k);
  }
}

TEST_F(OutOfMemoryTest, EachNewOfAStep) {
  Lesson lesson, undisturbed;
  for (Lesson* l : {&lesson, &undisturbed}) {
    l->step();
    l->optimizer->zero_grad();
  }
  const auto before = nn::state_dict(*lesson.net);
  const OptimizerState state = lesson.optimizer->state();
  OptimizerState kept = state;
  for (auto& [name, value] : kept.tensors) value = copy(value);
  const auto restore = [&] {
    lesson.optimizer->zero_grad();
    nn::load_state_dict(*lesson.net, before);
    lesson.optimizer->load_state(kept);
  };
  restore();
  const int64_t in_use = cpu_memory_stats().in_use, blocks = FailingNew::blocks();
  const int64_t errors = fail_each_new([&] { lesson.step(); },
                                       [&](int64_t k) {
                                         restore();
                                         ASSERT_EQ(cpu_memory_stats().in_use, in_use) << k;
                                         ASSERT_EQ(FailingNew::blocks(), blocks) << k;
                                       });
  EXPECT_GT(errors, 200);
  restore();
  lesson.step();
  undisturbed.step();
  EXPECT_EQ(lesson.weights(), undisturbed.weights());
}

TEST_F(OutOfMemoryTest, EachNewOfALoad) {
  const TempFolder folder;
  const std::string file = folder / "net.safetensors";
  std::string wanted;
  {
    const auto net = small_cnn();
    save_safetensors(file, nn::state_dict(*net));
    wanted = bits(*net);
  }
  const auto load = [&] {
    const auto net = small_cnn();
    nn::load_state_dict(*net, load_safetensors(file));
    return bits(*net);
  };
  ASSERT_EQ(load(), wanted);
  const int64_t blocks = FailingNew::blocks();
  const int64_t errors = fail_each_new([&] { EXPECT_EQ(load(), wanted); },
                                       [&](int64_t k) {
                                         ASSERT_EQ(cpu_memory_stats().in_use, 0) << "call " << k;
                                         ASSERT_EQ(FailingNew::blocks(), blocks) << "call " << k;
                                       });
  EXPECT_GT(errors, 100);
  EXPECT_EQ(load(), wanted);
}

// Each tenth call, of many: config.json, an index of shards, tokenizer.json and the network.
TEST_F(OutOfMemoryTest, NewOfOpeningAFolder) {
  constexpr int64_t kEach = 10;
  std::string wanted;
  const auto open = [&] {
    const recipes::System system = recipes::open_system(kShards);
    const std::string now = bits(*system.model);
    EXPECT_TRUE(wanted.empty() || now == wanted);
    wanted = now;
    ByteBpe::load(kTokenizer);
  };
  open();
  const int64_t blocks = FailingNew::blocks();
  int64_t errors = 0;
  for (int64_t k = 1;; k += kEach) {
    const FailingNew failing(k);
    try {
      open();
    } catch (const std::bad_alloc&) {
      ++errors;
    } catch (const Error&) {
      ++errors;
    }
    ASSERT_EQ(FailingNew::blocks(), blocks) << "call " << k;
    if (!failing.failed()) break;
  }
  EXPECT_GT(errors, 100);
}

// A run's checkpoint holds its state as JSON, written and read. The old one is there or the new
// one, and either loads whole into a training that a failed load has left half changed.
TEST_F(OutOfMemoryTest, EachNewOfACheckpoint) {
  const TempFolder folder;
  const std::string path = train::checkpoint_path(folder.path());
  Averaged training, other;
  change(training, 3);
  const auto save = [&](int64_t step) {
    train::RunState state;
    state.step = step;
    state.settings = {{"a long enough name of a setting", "a long enough value of a setting"}};
    train::save_checkpoint(folder.path(), training, state);
  };
  save(2);
  const std::string later = testing::slurp(path);
  save(1);
  const std::string earlier = testing::slurp(path);
  ASSERT_NE(earlier, later);
  const auto all_bits = [](Averaged& t) {
    return bits(t.model()) + bits(t.averages()->state().tensors);
  };
  int64_t old_ones = 0;
  const auto load_again = [&](int64_t k) {
    const bool old = testing::slurp(path) == earlier;
    ASSERT_TRUE(old || testing::slurp(path) == later) << "call " << k;
    old_ones += old;
    ASSERT_EQ(train::load_checkpoint(folder.path(), other)->step, old ? 1 : 2) << "call " << k;
    ASSERT_EQ(all_bits(other), all_bits(training)) << "call " << k;
    change(other, 7);
    ASSERT_NE(all_bits(other), all_bits(training));
    testing::spill(path, earlier);
  };
  change(other, 7);
  const int64_t errors = fail_each_new(
      [&] {
        save(2);
        EXPECT_EQ(train::load_checkpoint(folder.path(), other)->step, 2);
      },
      load_again);
  EXPECT_GT(errors, 100);
  EXPECT_GT(old_ones, 50);
  EXPECT_LT(old_ones, errors - 50);
  EXPECT_EQ(all_bits(other), all_bits(training)) << "the last load, undisturbed";
}

}  // namespace
}  // namespace strata
