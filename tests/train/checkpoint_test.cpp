#include "strata/train/checkpoint.h"

#include <cmath>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "strata/base/error.h"
#include "strata/base/random.h"
#include "strata/io/json.h"
#include "strata/nn/layers/linear.h"
#include "strata/ops/copy.h"
#include "strata/ops/creation.h"
#include "strata/ops/reduce.h"
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

/// A training of which there is all that a checkpoint keeps.
class Small final : public Training {
 public:
  explicit Small(double value) {
    {
      const NoGrad no_grad;
      for (Tensor p : net_.parameters()) fill_(p, value);
    }
    averages_.update();
    optimizer_.set_lr(value);
    plateau_.observe(value);
  }
  nn::Module& model() override { return net_; }
  Optimizer& optimizer() override { return optimizer_; }
  EMA* averages() override { return &averages_; }
  Plateau* plateau() override { return &plateau_; }
  int64_t batches_per_epoch() const override { return 1; }
  void seek(int64_t, int64_t) override {}
  void next_batch() override {}
  Tensor loss() override { return sum(net_(ones({1, 3}))); }
  double learning_rate(int64_t, int64_t) const override { return optimizer_.lr(); }
  Metric evaluate() override { return {"loss", 0, 1}; }

  /// All of it, and the state of the random numbers.
  std::string all() {
    std::string text = bits(net_) + bits(averages_.state().tensors);
    for (const auto& state : {optimizer_.state(), averages_.state(), plateau_.state()}) {
      for (const auto& [name, number] : state.numbers) text += name + std::to_string(number) + ";";
    }
    const Generator& g = default_generator();
    return text + std::to_string(g.seed) + "," + std::to_string(g.stream);
  }

 private:
  nn::Linear net_ = nn::Linear({.in = 3, .out = 2});
  SGD optimizer_{net_.parameters(), {.lr = 0.1, .momentum = 0.9}};
  EMA averages_{net_.parameters(), {.decay = 0.5}};
  Plateau plateau_;
};

TEST(Checkpoint, ADamagedStateIsRefusedAndChangesNothing) {
  const TempFolder folder;
  const std::string path = checkpoint_path(folder.path());
  manual_seed(5);
  Small saved(0.5);
  const std::string wanted = saved.all();
  save_checkpoint(folder.path(), saved, {});
  const TensorMap tensors = load_safetensors(path);
  const Metadata metadata = SafeTensors(path).metadata();
  const std::string key = "strata_checkpoint", text = metadata.at(key);

  Small other(0.25);
  manual_seed(6);
  const std::string before = other.all();
  ASSERT_NE(before, wanted);
  for (const char* part :
       {"step", "metric", "settings", "optimizer", "averages", "plateau", "random"}) {
    for (const JsonValue& wrong : {JsonValue(), JsonValue(true), JsonValue(JsonValue::Array())}) {
      JsonValue::Object json = parse_json(path, text).members();
      ASSERT_TRUE(json.contains(part)) << part;
      json[part] = wrong;
      save_safetensors(path, tensors, {{key, JsonValue(std::move(json)).text()}});
      const auto fault = message<FormatError>([&] { load_checkpoint(folder.path(), other); });
      EXPECT_NE(fault.find("the run's state is damaged"), std::string::npos) << part << fault;
      EXPECT_EQ(other.all(), before) << part;
    }
  }
  save_safetensors(path, tensors, metadata);
  ASSERT_TRUE(load_checkpoint(folder.path(), other).has_value());
  EXPECT_EQ(other.all(), wanted);
}

TEST(Checkpoint, KeepsAllOfTheMetric) {
  const TempFolder folder;
  const std::string path = checkpoint_path(folder.path()), key = "strata_checkpoint";
  Small training(0.5);
  RunState state;
  state.step = 3;
  state.metric = {"accuracy",
                  0.75,
                  4,
                  {{"top5", 0.5}, {"none", NAN}, {"bits", INFINITY}},
                  {{"cat", "dog"}, {2, 0, 1, 1}}};
  EXPECT_FALSE(saved_state(folder.path()).has_value());
  save_checkpoint(folder.path(), training, state);
  for (const RunState& read :
       {saved_state(folder.path()).value(), load_checkpoint(folder.path(), training).value()}) {
    EXPECT_EQ(read.step, 3);
    EXPECT_EQ(read.metric.value, 0.75);
    EXPECT_EQ(read.metric.details.at("top5"), 0.5);
    EXPECT_TRUE(std::isnan(read.metric.details.at("none")));
    EXPECT_EQ(read.metric.details.at("bits"), INFINITY);
    EXPECT_EQ(read.metric.confusion.labels, state.metric.confusion.labels);
    EXPECT_EQ(read.metric.confusion.counts, state.metric.confusion.counts);
  }

  const TensorMap tensors = load_safetensors(path);
  const JsonValue whole = parse_json(path, SafeTensors(path).metadata().at(key));
  const auto with_metric = [&](JsonValue::Object metric) {
    JsonValue::Object json = whole.members();
    json["metric"] = JsonValue(std::move(metric));
    save_safetensors(path, tensors, {{key, JsonValue(std::move(json)).text()}});
    return saved_state(folder.path()).value().metric;
  };
  JsonValue::Object older = whole.at("metric").members(), odd = older;
  ASSERT_EQ(older.erase("details") + older.erase("confusion"), 2u);
  const Metric of_older = with_metric(older);
  EXPECT_EQ(of_older.samples, 4);
  EXPECT_TRUE(of_older.details.empty() && of_older.confusion.labels.empty());
  JsonValue::Object confusion = odd.at("confusion").members();
  confusion["counts"] = JsonValue(JsonValue::Array{JsonValue(int64_t{2})});
  odd["confusion"] = JsonValue(confusion);
  EXPECT_TRUE(with_metric(odd).confusion.labels.empty());
  confusion["counts"] = JsonValue(JsonValue::Array{JsonValue("two")});
  odd["confusion"] = JsonValue(confusion);
  EXPECT_THROW(with_metric(odd), FormatError);
}

TEST(Checkpoint, KeepsNumbersThatAreInfinite) {
  const TempFolder folder;
  Small training(0.5);
  for (const double best : std::vector<double>{INFINITY, -INFINITY, 0.1}) {
    RunState state;
    state.best = state.metric.value = best;  // a perplexity can be, too
    save_checkpoint(folder.path(), training, state);
    EXPECT_EQ(saved_state(folder.path())->best, best);
    EXPECT_EQ(saved_state(folder.path())->metric.value, best);
  }
  save_checkpoint(folder.path(), training, {});
  EXPECT_TRUE(std::isnan(saved_state(folder.path())->best));
}

TEST(SavedWeights, RefusesSettingsThatAreNoObject) {
  const TempFolder folder;
  const std::string path = folder / "a.safetensors";
  for (const char* wrong : {"5", "null", "[]", "[\"lr\"]", "{\"lr\": 5}"}) {
    save_safetensors(path, {{"w", ones({2})}}, {{"strata_settings", wrong}});
    EXPECT_NE(message<FormatError>([&] { SavedWeights saved(path); }).find("settings"),
              std::string::npos)
        << wrong;
  }
  save_safetensors(path, {{"w", ones({2})}}, {{"strata_settings", "{\"lr\": \"5\"}"}});
  EXPECT_EQ(SavedWeights(path).settings().at("lr"), "5");
}

}  // namespace
}  // namespace strata::train
