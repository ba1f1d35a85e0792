#include <atomic>
#include <thread>
#include <vector>

#include <gtest/gtest.h>

#include "models/language/gpt2.h"
#include "models/vision/resnet_cifar.h"
#include "strata/data/toys.h"
#include "strata/nn/layers/activation.h"
#include "strata/nn/layers/linear.h"
#include "strata/nn/layers/sequential.h"
#include "strata/nn/state_dict.h"
#include "strata/ops/creation.h"
#include "strata/ops/losses.h"
#include "strata/optim/adam.h"
#include "strata/tape/grad_mode.h"
#include "strata/train/fit.h"
#include "strata/train/supervised.h"

namespace strata::train {
namespace {

/// Calls `answer` in eight threads at once, several times each: all must give the same bits.
template <class F>
void expect_same_from_eight_threads(F answer) {
  const std::vector<float> expected = answer();
  std::atomic<int> different{0};
  std::vector<std::thread> threads;
  for (int t = 0; t < 8; ++t) {
    threads.emplace_back([&] {
      for (int i = 0; i < 3; ++i) different += answer() != expected;
    });
  }
  for (std::thread& t : threads) t.join();
  EXPECT_EQ(different, 0);
}

TEST(Threads, OneModelAnswersManyAtOnce) {
  manual_seed(3);
  models::ResNetCifar resnet;
  models::GPT2 gpt({.vocab_size = 50, .n_positions = 16, .n_embd = 24, .n_layer = 2, .n_head = 3});
  resnet.eval();
  gpt.eval();
  const Tensor pictures = randn({2, 32, 32, 3}), ids = randint(0, 50, {2, 16});
  expect_same_from_eight_threads([&] {  // the norms are folded into the convolutions meanwhile
    const NoGrad no_grad;
    return resnet(pictures).to_vector<float>();
  });
  expect_same_from_eight_threads([&] {
    const NoGrad no_grad;
    return gpt(ids).to_vector<float>();
  });
}

std::vector<float> trained(uint64_t seed, const std::atomic<bool>* cancel = nullptr) {
  manual_seed(seed);
  nn::Sequential net(nn::Linear({.in = 2, .out = 16}), nn::Tanh(),
                     nn::Linear({.in = 16, .out = 3}));
  const auto data = std::make_shared<TensorDataset>(spirals(300, 3, 0.03, 0.75, seed));
  Supervised training(net, std::make_unique<Adam>(net.parameters(), AdamConfig{.lr = 0.01}), data,
                      data,
                      {.batch = 20,
                       .seed = seed,
                       .loss = [](const Tensor& y, const Tensor& t) { return cross_entropy(y, t); },
                       .schedule = [](int64_t) { return schedules::constant(0.01); }});
  fit(training, {.epochs = cancel ? 1'000'000 : 5, .cancel = cancel});
  std::vector<float> out;
  for (const auto& [name, value] : nn::state_dict(net)) {
    for (const float v : value.to_vector<float>()) out.push_back(v);
  }
  return out;
}

TEST(Threads, TwoTrainingsAtOnceEndAsEachAlone) {
  const std::vector<float> first = trained(1), second = trained(2);
  ASSERT_NE(first, second);
  std::vector<float> a, b;
  std::thread one([&] { a = trained(1); }), two([&] { b = trained(2); });
  one.join();
  two.join();
  EXPECT_EQ(a, first);
  EXPECT_EQ(b, second);
}

TEST(Threads, ATrainingIsCancelledFromAnother) {
  std::atomic<bool> cancel{false};
  std::thread endless([&] { trained(1, &cancel); });
  std::this_thread::sleep_for(std::chrono::milliseconds(20));
  cancel = true;
  endless.join();  // or never
}

}  // namespace
}  // namespace strata::train
