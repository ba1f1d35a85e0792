#include "strata/train/snapshot.h"

#include <bit>
#include <cmath>
#include <cstdint>
#include <limits>
#include <memory>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "strata/autograd/backward.h"
#include "strata/base/error.h"
#include "strata/base/random.h"
#include "strata/data/loader.h"
#include "strata/data/toys.h"
#include "strata/io/json.h"
#include "strata/nn/layers/batch_norm.h"
#include "strata/nn/layers/dropout.h"
#include "strata/nn/layers/linear.h"
#include "strata/nn/layers/sequential.h"
#include "strata/ops/arithmetic.h"
#include "strata/ops/creation.h"
#include "strata/ops/in_place.h"
#include "strata/ops/losses.h"
#include "strata/ops/reduce.h"
#include "strata/optim/ema.h"
#include "strata/optim/lbfgs.h"
#include "strata/optim/nadam.h"
#include "strata/optim/plateau.h"
#include "strata/optim/sgd.h"
#include "strata/tape/grad_mode.h"
#include "tests/support/bits.h"
#include "tests/support/message.h"
#include "tests/support/temp_folder.h"

namespace strata::train {
namespace {

using testing::bits;
using testing::message;
using testing::TempFolder;

/// A loop with everything in it that a snapshot keeps.
struct Loop {
  Loop() {
    snapshot("optimizer", optimizer)("averages", averages)("plateau", plateau);
    snapshot("loader", loader)("random", default_generator())("own", own);
    snapshot("step", step)("epochs", epochs)("best", best)("net", net);
  }

  void run(int64_t until) {
    while (step < until) {
      for (const Batch& batch : loader) {
        optimizer.zero_grad();
        const Tensor loss = cross_entropy(net(batch.x), batch.y);
        backward(loss);
        optimizer.step();
        averages.update();
        best = std::min(best, loss.item<double>());
        ++step;
        own.next_u64();
        if (step >= until) return;
      }
      plateau.step(optimizer, best);
      ++epochs;
    }
  }

  std::string all() {
    std::string text = bits(net) + bits(averages.state().tensors) + bits(optimizer.state().tensors);
    for (const auto& s : {optimizer.state(), averages.state(), plateau.state()}) {
      for (const auto& [name, number] : s.numbers) {
        text += name + std::to_string(std::bit_cast<uint64_t>(number));
      }
    }
    return text + std::to_string(step) + "," + std::to_string(epochs) + "," +
           std::to_string(std::bit_cast<uint64_t>(best)) + "," + std::to_string(own.stream) + "," +
           std::to_string(default_generator().stream) + "," +
           std::to_string(loader.state().position);
  }

  const bool seeded = (manual_seed(3), true);  // before the weights are drawn
  nn::Sequential net{nn::Linear({.in = 2, .out = 8}), nn::BatchNorm1d({.channels = 8}),
                     nn::Dropout({.p = 0.2}), nn::Linear({.in = 8, .out = 2})};
  NAdam optimizer{net.parameters(), {.lr = 0.01}};
  EMA averages{net.parameters(), {.decay = 0.9}};
  Plateau plateau{{.patience = 0, .threshold = 0.5}};
  DataLoader loader{two_moons(60, 0.1, 1), {.batch = 16, .shuffle = true, .seed = 4}};
  Generator own{9};
  int64_t step = 0;
  int epochs = 0;
  double best = std::numeric_limits<double>::infinity();
  Snapshot snapshot;
};

TEST(Snapshot, AResumedLoopGivesTheBitsOfAnUnbrokenOne) {
  const TempFolder folder;
  const std::string path = folder / "loop.safetensors";
  Loop unbroken;
  EXPECT_FALSE(unbroken.snapshot.load(path));
  unbroken.run(23);
  const std::string wanted = unbroken.all();
  for (const int64_t stop : {0, 1, 4, 7, 16, 22}) {
    {
      Loop first;
      first.run(stop);
      first.snapshot.save(path);
    }
    Loop second;
    EXPECT_TRUE(second.snapshot.load(path));
    EXPECT_EQ(second.step, stop);
    second.run(23);
    EXPECT_TRUE(second.all() == wanted) << stop;
  }
}

TEST(Snapshot, NumbersComeBackToTheBit) {
  const TempFolder folder;
  const std::string path = folder / "numbers.safetensors";
  const double inf = std::numeric_limits<double>::infinity();
  for (const double value : {0.1, -0.0, 1.0, 5e-324, 1.7976931348623157e308, 1 + 0x1p-52, inf, -inf,
                             std::numeric_limits<double>::quiet_NaN()}) {
    double saved = value, read = 7;
    Snapshot()("x", saved).save(path);
    Snapshot()("x", read).load(path);
    EXPECT_EQ(std::bit_cast<uint64_t>(read), std::bit_cast<uint64_t>(value)) << value;
  }
  for (const int64_t value : {std::numeric_limits<int64_t>::min(), (int64_t{1} << 53) + 1}) {
    int64_t saved = value, read = 7;
    int small = 7;
    Snapshot()("n", saved).save(path);
    Snapshot()("n", read).load(path);
    EXPECT_EQ(read, value);
    EXPECT_THROW(Snapshot()("n", small).load(path), ValueError);
  }
}

TEST(Snapshot, ANetworkAloneCanBeRead) {
  const TempFolder folder;
  const std::string path = folder / "loop.safetensors";
  Loop loop;
  loop.run(3);
  loop.snapshot.save(path);
  Loop other;
  EXPECT_TRUE(Snapshot()("net", other.net).load(path));
  EXPECT_EQ(bits(other.net), bits(loop.net));
  EXPECT_EQ(other.step, 0);
  EXPECT_TRUE(load_safetensors(path).contains("optimizer.state.0.exp_avg"));
}

TEST(Snapshot, WhatDoesNotFitChangesNothing) {
  const TempFolder folder;
  const std::string path = folder / "loop.safetensors";
  Loop loop, other;
  loop.run(11);
  loop.snapshot.save(path);
  const TensorMap tensors = load_safetensors(path);
  const std::string key = "strata_snapshot", text = SafeTensors(path).metadata().at(key);
  const std::string before = other.all();
  const auto names = parse_json(path, text).members();
  ASSERT_EQ(names.size(), 10u);
  for (const auto& [name, value] : names) {
    JsonValue::Object json = names;
    json.erase(name);
    save_safetensors(path, tensors, {{key, JsonValue(json).text()}});
    EXPECT_NE(message<ValueError>([&] { other.snapshot.load(path); }).find("holds no " + name),
              std::string::npos);
    if (name != "net") {
      json[name] = JsonValue(JsonValue::Array());
      save_safetensors(path, tensors, {{key, JsonValue(json).text()}});
      EXPECT_NE(message<FormatError>([&] { other.snapshot.load(path); }).find(name + " is damaged"),
                std::string::npos);
    }
    EXPECT_TRUE(other.all() == before) << name;
  }
  for (const auto& [name, value] : tensors) {
    if (name.ends_with("num_batches_tracked")) continue;
    TensorMap fewer = tensors;
    fewer.erase(name);
    save_safetensors(path, fewer, {{key, text}});
    EXPECT_THROW(other.snapshot.load(path), ValueError) << name;
    EXPECT_TRUE(other.all() == before) << name;
  }
  save_safetensors(path, tensors);
  EXPECT_THROW(other.snapshot.load(path), FormatError);
  save_safetensors(path, tensors, {{key, text}});
  DataLoader small(two_moons(10, 0.1, 1), {.batch = 16});
  EXPECT_THROW(Snapshot()("loader", small).load(path), ValueError);
  EXPECT_TRUE(other.snapshot.load(path));
  EXPECT_TRUE(other.all() == loop.all());
}

TEST(Snapshot, KeepsNoStateThatCannotBeLoaded) {
  const TempFolder folder;
  const std::string path = folder / "loop.safetensors";
  Loop loop;
  loop.run(2);
  loop.snapshot.save(path);
  loop.averages.swap();
  EXPECT_THROW(loop.snapshot.save(path), ValueError);
  loop.averages.swap();
  loop.net.to(DType::f64);
  EXPECT_THROW(loop.snapshot.save(path), DTypeError);
  Loop other;
  EXPECT_TRUE(other.snapshot.load(path));
  EXPECT_EQ(other.step, 2);
}

TEST(Snapshot, LbfgsGoesOnInTheSameBits) {
  const TempFolder folder;
  const std::string path = folder / "lbfgs.safetensors";
  const auto minimise = [&](Tensor& w, LBFGS& optimizer, int steps) {
    for (int i = 0; i < steps; ++i) {
      optimizer.step([&] {
        optimizer.zero_grad();
        const Tensor loss = sum((w - 3.0) * (w - 3.0) * w * w);
        backward(loss);
        return loss;
      });
    }
  };
  struct Net final : nn::Module {
    Tensor w = tensor<double>({1, 2, 7}).set_requires_grad();
    std::string type() const override { return "Net"; }
    void members(nn::Visitor& v) override { v("w", w); }
  };
  Net whole, first, second;
  const LBFGSConfig config = {.max_iterations = 2, .strong_wolfe = true};
  LBFGS a(whole.parameters(), config), b(first.parameters(), config),
      c(second.parameters(), config);
  minimise(whole.w, a, 6);
  minimise(first.w, b, 2);
  Snapshot()("net", first)("lbfgs", b).save(path);
  Snapshot()("net", second)("lbfgs", c).load(path);
  minimise(second.w, c, 4);
  EXPECT_EQ(bits(second), bits(whole));
}

TEST(Snapshot, RefusesNamesThatCouldBeMixedUp) {
  int64_t n = 0;
  Snapshot snapshot;
  snapshot("n", n);
  EXPECT_THROW(snapshot("n", n), ValueError);
  EXPECT_THROW(snapshot("", n), ValueError);
  EXPECT_THROW(snapshot("n.m", n), ValueError);
}

TEST(Snapshot, KeepsATensorOfNoModule) {
  const TempFolder folder;
  Tensor log_alpha = tensor<double>({0.25, -3}).set_requires_grad();
  const Tensor handle = log_alpha;
  Snapshot()("log_alpha", log_alpha).save(folder / "s");
  {
    const NoGrad no_grad;
    log_alpha *= 2;
  }
  EXPECT_TRUE(Snapshot()("log_alpha", log_alpha).load(folder / "s"));
  EXPECT_EQ(handle.to_vector<double>(), (std::vector<double>{0.25, -3}));
  EXPECT_TRUE(handle.requires_grad());
  Tensor other = zeros({3}, DType::f64);
  EXPECT_THROW(Snapshot()("log_alpha", other).load(folder / "s"), ShapeError);
  double number = 0;
  Snapshot()("log_alpha", number).save(folder / "n");
  EXPECT_THROW(Snapshot()("log_alpha", log_alpha).load(folder / "n"), ValueError);
  const auto listed = [&] {
    Snapshot all;
    all("log_alpha", log_alpha);
    return all;
  };
  EXPECT_TRUE(listed().load(folder / "s"));
}

}  // namespace
}  // namespace strata::train
