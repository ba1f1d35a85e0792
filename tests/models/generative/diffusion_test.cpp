#include "models/generative/diffusion.h"

#include <cmath>
#include <string>

#include <fmt/format.h>
#include <gtest/gtest.h>

#include "models/generative/residual_unet.h"
#include "strata/base/error.h"
#include "strata/base/parallel.h"
#include "strata/io/safetensors.h"
#include "strata/ops/arithmetic.h"
#include "strata/ops/copy.h"
#include "strata/ops/creation.h"
#include "tests/support/difference.h"
#include "tests/support/message.h"
#include "tests/support/rule_weights.h"

namespace strata::models {
namespace {

using testing::message;

const TensorMap& dump() {
  static const TensorMap all =
      load_safetensors(STRATA_SOURCE_DIR "/tests/golden/models/diffusion.safetensors");
  return all;
}

/// Largest difference over the largest value.
double error(const std::vector<double>& got, const std::string& name) {
  return testing::relative_difference(got, dump().at(name).to_vector<double>());
}

Tensor by_rule(const char* name) {
  return cast(testing::rule_tensor(name, {2, 3, 2, 1}, -2, 2), DType::f64);
}

class Schedules : public ::testing::TestWithParam<const char*> {
 protected:
  NoiseSchedule schedule_ = std::string(GetParam()) == "linear" ? NoiseSchedule::linear(1000)
                                                                : NoiseSchedule::cosine(1000);
};

TEST_P(Schedules, FollowThePapersFormulas) {
  std::vector<double> betas, signals, variances;
  for (int64_t t = 0; t < schedule_.steps(); ++t) {
    betas.push_back(schedule_.beta(t));
    signals.push_back(schedule_.signal(t));
    variances.push_back(schedule_.posterior_variance(t, t - 1));
  }
  EXPECT_LE(error(betas, GetParam() + std::string(".betas")), 1e-15);
  EXPECT_LE(error(signals, GetParam() + std::string(".signals")), 1e-15);
  EXPECT_LE(error(variances, GetParam() + std::string(".variances")), 1e-15);
}

TEST_P(Schedules, NoiseAndStepsBackAreTheFormulas) {
  const Tensor x = by_rule("x"), noise = by_rule("noise"), fresh = by_rule("fresh");
  const Tensor noised = schedule_.noised(x, tensor<int64_t>({7, 930}), noise);
  EXPECT_LE(error(noised.to_vector<double>(), GetParam() + std::string(".noised")), 1e-15);
  for (const auto& [t, before] : {std::pair{999, 979}, {420, 400}, {20, 0}, {0, -1}}) {
    for (bool clip : {false, true}) {
      const std::string key = fmt::format("{}.{}{}", GetParam(), t, clip ? ".clip" : "");
      const BackStep step{.t = t, .before = before, .clip = clip};
      const auto ddim = [&](double eta) {
        return ddim_step(schedule_, step, x, noise, eta, fresh).to_vector<double>();
      };
      EXPECT_LE(error(ancestral_step(schedule_, step, x, noise, fresh).to_vector<double>(),
                      key + ".ancestral"),
                1e-13)
          << key;
      EXPECT_LE(error(ddim(0), key + ".ddim0"), 1e-13) << key;
      EXPECT_LE(error(ddim(0.5), key + ".ddim0.5"), 1e-13) << key;
    }
  }
}

INSTANTIATE_TEST_SUITE_P(Both, Schedules, ::testing::Values("linear", "cosine"));

TEST(Diffusion, VisitsBothEndsOfTheSchedule) {
  EXPECT_EQ(sampled_steps(1000, 3), (std::vector<int64_t>{999, 500, 0}));
  EXPECT_EQ(sampled_steps(4, 4), (std::vector<int64_t>{3, 2, 1, 0}));
  EXPECT_EQ(sampled_steps(10, 1), (std::vector<int64_t>{9}));
}

/// Knows that every image is `value` everywhere.
class Oracle final : public Denoiser {
 public:
  Oracle(const NoiseSchedule& schedule, double value) : schedule_(schedule), value_(value) {}
  std::string type() const override { return "Oracle"; }

 protected:
  Tensor noise(const Tensor& x, const Tensor& t) override {
    const double signal = schedule_.signal(t.to_vector<int64_t>().at(0));
    return (x - std::sqrt(signal) * value_) / std::sqrt(1 - signal);
  }

 private:
  const NoiseSchedule& schedule_;
  double value_;
};

TEST(Diffusion, SamplersArriveAtWhatTheNetworkKnows) {
  const NoiseSchedule schedule = NoiseSchedule::linear(100);
  Oracle oracle(schedule, 0.3);
  for (Sampler sampler : {Sampler::ddim, Sampler::ancestral}) {
    for (double eta : {0.0, 1.0}) {
      Generator g(1);
      const Tensor x =
          sample(oracle, schedule, {2, 2, 2, 1}, {.sampler = sampler, .steps = 20, .eta = eta}, g);
      for (double v : x.to_vector<double>()) EXPECT_NEAR(v, 0.3, 1e-4);
    }
  }
}

TEST(Diffusion, TheSeedDecidesOnAnyNumberOfThreads) {
  const int threads = thread_count();
  const NoiseSchedule schedule = NoiseSchedule::linear(1000);
  ResidualUNet model;
  const auto draw = [&](uint64_t seed, Sampler sampler) {
    Generator g(seed);
    return sample(model, schedule, {3, 28, 28, 1}, {.sampler = sampler, .steps = 3, .eta = 0.5}, g)
        .to_vector<float>();
  };
  for (Sampler sampler : {Sampler::ddim, Sampler::ancestral}) {
    set_thread_count(1);
    const auto want = draw(5, sampler);
    for (int n : {2, 3}) {
      set_thread_count(n);
      EXPECT_EQ(draw(5, sampler), want);
    }
    EXPECT_NE(draw(6, sampler), want);
  }
  set_thread_count(threads);
}

TEST(Diffusion, StopsWhenTold) {
  const NoiseSchedule schedule = NoiseSchedule::linear(10);
  Oracle oracle(schedule, 0);
  int64_t seen = 0;
  Generator g;
  sample(oracle, schedule, {1, 2, 2, 1},
         {.steps = 10, .progress = [&](int64_t step, int64_t) { return (seen = step) < 4; }}, g);
  EXPECT_EQ(seen, 4);
}

TEST(Diffusion, NamesWhatIsOutOfRange) {
  const NoiseSchedule schedule = NoiseSchedule::linear(10);
  EXPECT_EQ(message<Error>([] {
              NoiseSchedule({0.5, 1});
            }),
            "[NoiseSchedule] a beta of 1 is not in (0, 1)");
  EXPECT_EQ(message<Error>([] { NoiseSchedule::cosine(0); }),
            "[NoiseSchedule] 0 steps are fewer than 1");
  EXPECT_EQ(message<Error>([&] {
              schedule.noised(zeros({1, 2}), tensor<int64_t>({10}), zeros({1, 2}));
            }),
            "[NoiseSchedule] step 10 is not in [0, 10)");
  EXPECT_EQ(message<Error>([&] { sampled_steps(10, 11); }),
            "[sample] 11 steps are more than the schedule's 10");
}

}  // namespace
}  // namespace strata::models
