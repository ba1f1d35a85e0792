// One model, eight threads that run it at once. A network in evaluation mode may be called from any
// number of threads; gradient mode is each thread's own. Answers are the same to the bit.
#include <atomic>
#include <cstdio>
#include <thread>
#include <vector>

#include "models/vision/resnet_cifar.h"
#include "strata/strata.h"

using namespace strata;

int main() {
  manual_seed(1);
  models::ResNetCifar model;
  model.eval();
  constexpr int kThreads = 8, kRequests = 4;
  std::vector<Tensor> requests, expected;
  {
    const NoGrad no_grad;
    for (int i = 0; i < kRequests; ++i) {
      requests.push_back(randn({2, 32, 32, 3}));
      expected.push_back(model(requests.back()));
    }
  }
  std::atomic<int> served{0}, wrong{0};
  std::vector<std::thread> threads;
  for (int t = 0; t < kThreads; ++t) {
    threads.emplace_back([&, t] {
      const NoGrad no_grad;
      for (int i = 0; i < kRequests; ++i) {
        const auto which = static_cast<size_t>((t + i) % kRequests);
        wrong += !equal(model(requests[which]), expected[which]);
        ++served;
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  std::printf("%d answers from %d threads, %d of them different\n", served.load(), kThreads,
              wrong.load());
  return wrong == 0 && served == kThreads * kRequests ? 0 : 1;
}
