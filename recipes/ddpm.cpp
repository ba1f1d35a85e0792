#include <algorithm>
#include <functional>
#include <memory>
#include <optional>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "models/generative/diffusion.h"
#include "models/generative/residual_unet.h"
#include "recipes/recipe.h"
#include "recipes/shared/diffusers_unet.h"
#include "recipes/shared/digit_judge.h"
#include "recipes/shared/digits.h"
#include "recipes/shared/system.h"
#include "strata/base/error.h"
#include "strata/data/loader.h"
#include "strata/data/samplers.h"
#include "strata/ops/arithmetic.h"
#include "strata/ops/copy.h"
#include "strata/ops/creation.h"
#include "strata/ops/joining.h"
#include "strata/ops/losses.h"
#include "strata/ops/select.h"
#include "strata/ops/unary.h"
#include "strata/optim/adam.h"
#include "strata/optim/schedules.h"
#include "strata/train/supervised.h"

namespace strata::recipes {
namespace {

using models::Denoiser;
using models::NoiseSchedule;

constexpr int64_t kDrawnTogether = 100;
constexpr int64_t kUsualSteps = 50;
constexpr uint64_t kNoiseSeed = 0x6e6f697365;  // apart from the seed of the batches' order
constexpr uint64_t kHeldOutNoiseSeed = 0x68656c64;

struct NoiseSettings {
  int64_t noise_steps = 1000;
  std::string schedule = "linear";

  void fields(FieldVisitor& v) {
    v("noise_steps", noise_steps, "steps from a picture to noise");
    v("schedule", schedule, "how the noise grows: linear or cosine");
  }
  NoiseSchedule make() const {
    if (schedule == "linear") return NoiseSchedule::linear(noise_steps);
    if (schedule == "cosine") return NoiseSchedule::cosine(noise_steps);
    throw ValueError("schedule", fmt::format("{} is neither linear nor cosine", schedule));
  }
};

struct DdpmSettings : NoiseSettings {
  double lr = 2e-3, average = 0.99;
  int64_t batch = 64, judged = 2000, judged_steps = 50;

  void fields(FieldVisitor& v) {
    NoiseSettings::fields(v);
    v("lr", lr, "highest learning rate of the one-cycle schedule");
    v("average", average, "how much of the averaged weights each step keeps");
    v("batch", batch, "images a step");
    v("judged", judged, "pictures that are drawn to measure the network");
    v("judged_steps", judged_steps, "most steps of DDIM to draw them by");
  }
  /// Throws ValueError for what would else come to light when the training is done.
  void check() const {
    if (judged < 2) {
      throw ValueError("judged", fmt::format("must be at least 2, got {}", judged));
    }
    if (judged_steps < 1) {
      throw ValueError("judged_steps", fmt::format("must be at least 1, got {}", judged_steps));
    }
  }
};

/// Pictures in [0, 1], in groups that follow the count alone. `told`, if given, is called before
/// each step of a group.
Tensor draw(Denoiser& model, const NoiseSchedule& schedule, int64_t count, Shape picture,
            models::DiffusionSampling options, uint64_t seed,
            const std::function<void(int64_t done)>& told = {}) {
  Generator generator(seed);
  std::vector<Tensor> parts;
  for (int64_t at = 0; at < count; at += kDrawnTogether) {
    picture[0] = std::min(kDrawnTogether, count - at);
    if (told) {
      options.progress = [&told, at](int64_t, int64_t) {
        told(at);
        return true;
      };
    }
    parts.push_back(models::sample(model, schedule, picture, options, generator));
  }
  return clamp(concat(parts) * 0.5 + 0.5, 0, 1);
}

/// A step for each image, one in each of `count` equal parts of the schedule: the same distribution
/// as by lot for each, but losses and gradients that vary less.
Tensor spread_steps(int64_t count, int64_t schedule_steps, Generator& generator) {
  const auto all = static_cast<double>(schedule_steps);
  const Tensor at = rand({count}, 0, 1, DType::f64, kCpu, generator);
  const Tensor part = cast(arange(count), DType::f64);
  return cast(clamp(floor((part + at) * (all / static_cast<double>(count))), 0, all - 1),
              DType::i64);
}

/// Images, and what is to be seen in them.
struct NoisyImages {
  Tensor images, steps, noise;
};

/// Learns to see the noise in noisy images. The noise of a batch follows its place in the run.
class Denoising final : public train::Training {
 public:
  Denoising(nn::Module& model, const DdpmSettings& settings, const Source& source)
      : Denoising(model, settings, source,
                  hold_out(digits(source, Split::train), source.holdout, source.seed)) {}

  nn::Module& model() override { return model_; }
  Optimizer& optimizer() override { return optimizer_; }
  EMA* averages() override { return &averages_; }
  int64_t batches_per_epoch() const override { return loader_.size(); }
  void seek(int64_t epoch, int64_t batch) override {
    loader_.set_state({.seed = source_.seed, .epoch = epoch, .position = batch});
  }
  void next_batch() override {
    const LoaderState at = loader_.state();
    const Tensor x = loader_.next()->x;
    Generator generator(source_.seed ^ kNoiseSeed);
    generator.stream = 2 * static_cast<uint64_t>(at.epoch * loader_.size() + at.position);
    batch_ = with_noise(x, generator);
  }
  Tensor loss() override { return loss_of(batch_); }
  int64_t batch_samples() const override { return batch_.images.size(0); }
  bool holds_out() const override { return held_out_ != nullptr; }
  /// The noise in the images held out is the same each time.
  std::optional<double> validate() override {
    if (!held_out_) return std::nullopt;
    Generator generator(source_.seed ^ kHeldOutNoiseSeed);
    int64_t done = 0;
    const auto loss = [&](const Batch& b) {
      tell({.done = done, .all = held_out_->size(), .what = "pictures"});
      done += b.size();
      return loss_of(with_noise(b.x, generator));
    };
    return train::mean_over(*held_out_, loss, kDrawnTogether);
  }
  double learning_rate(int64_t step, int64_t total) const override {
    return schedules::one_cycle({.max_lr = settings_.lr, .steps = total, .warmup = 0.1})(step);
  }
  train::Metric evaluate() override {
    const auto told = [&](int64_t done) {
      tell({.done = done, .all = settings_.judged, .what = "pictures"});
    };
    if (!judge_) judge_.emplace(source_, [&] { told(0); });
    const DigitVerdict verdict = (*judge_)(
        draw(model_, schedule_, settings_.judged, {0, 28, 28, 1},
             {.steps = std::min(settings_.judged_steps, schedule_.steps())}, source_.seed, told));
    train::Metric metric{"relative FID", verdict.relative, settings_.judged};
    metric.details["FID"] = verdict.distance;
    metric.details["least share of a digit"] =
        *std::min_element(verdict.shares.begin(), verdict.shares.end());
    return metric;
  }

 private:
  Denoising(nn::Module& model, const DdpmSettings& settings, const Source& source, HeldOut images)
      : model_(dynamic_cast<Denoiser&>(model)),
        settings_(settings),
        source_(source),
        schedule_(settings.make()),
        optimizer_(model.parameters(), {.lr = settings.lr}),
        averages_(model.parameters(), {.decay = settings.average}),
        held_out_(std::move(images.held)),
        loader_(std::move(images.rest),
                {.batch = settings.batch, .shuffle = true, .seed = source.seed}) {}

  NoisyImages with_noise(const Tensor& x, Generator& generator) const {
    const Tensor steps = spread_steps(x.size(0), schedule_.steps(), generator);
    return {x * 2 - 1, steps, randn(x.shape(), 0, 1, DType::f32, kCpu, generator)};
  }
  Tensor loss_of(const NoisyImages& b) {
    return mse_loss(model_(schedule_.noised(b.images, b.steps, b.noise), b.steps), b.noise);
  }

  Denoiser& model_;
  DdpmSettings settings_;
  Source source_;
  NoiseSchedule schedule_;
  Adam optimizer_;
  EMA averages_;
  std::shared_ptr<const Dataset> held_out_;
  DataLoader loader_;
  NoisyImages batch_;
  std::optional<DigitJudge> judge_;
};

Tensor draw_for_user(System& system, const SampleRequest& request, const NoiseSchedule& schedule,
                     bool large_variance = false) {
  const auto sampler =
      request.sampler == "ddpm" ? models::Sampler::ancestral : models::Sampler::ddim;
  return draw(dynamic_cast<Denoiser&>(*system.model), schedule, request.count,
              system.recipe->inputs(system.settings).at(0).shape,
              {.sampler = sampler,
               .steps = request.steps ? request.steps : std::min(kUsualSteps, schedule.steps()),
               .large_variance = large_variance,
               .progress = request.progress},
              request.seed);
}

/// An array under the name used here or that of the diffusers library. Throws ValueError.
Tensor given(const System& system, const TensorMap& in, const char* name, const char* other) {
  for (const char* key : {name, other}) {
    if (const auto at = in.find(key); at != in.end()) return at->second;
  }
  throw ValueError(system.name, fmt::format("takes inputs named x and t, {} is missing", name));
}

/// What all sizes have in common.
Recipe diffusion(const char* name, const char* title) {
  Recipe r{.name = name,
           .title = title,
           .family = "generative",
           .year = 2020,
           .paper = "Ho, Jain and Abbeel, Denoising diffusion probabilistic models",
           .settings = {},
           .inputs = {},
           .model = {}};
  r.arrays = [](System& system, const TensorMap& in) -> TensorMap {
    expect_arrays(system, in, {"x", "sample", "t", "timestep"});
    const Tensor x = given(system, in, "x", "sample"), t = given(system, in, "t", "timestep");
    return {{"noise", dynamic_cast<Denoiser&>(*system.model)(x, t)}};
  };
  return r;
}

std::vector<Input> noisy_pictures(const Shape& picture) {
  return {{"x", picture}, {"t", {1}, DType::i64}};
}

/// The paper's U-Net by the settings of a folder of the diffusers library, or by a size's.
Recipe of_diffusers(const char* name, const char* title, const DiffusersUNet& size) {
  Recipe r = diffusion(name, title);
  r.summary =
      "The paper's U-Net with group norms and attention at 16x16, for the weights that the "
      "diffusers library publishes.";
  r.settings = [size] { return Settings::of(size); };
  r.inputs = [](const Settings& settings) {
    const auto& s = settings.as<DiffusersUNet>();
    return noisy_pictures({1, s.sample_size, s.sample_size, s.in_channels});
  };
  r.model = [](const Settings& settings) {
    return std::make_unique<models::DdpmUNet>(settings.as<DiffusersUNet>().config());
  };
  r.rename = [](TensorMap state, const Settings&) { return models::present_names(state); };
  r.hub = HubFamily{
      .model_type = "UNet2DModel",
      .adopt = adopt_diffusers,
      .config = [](const Settings& s, const HubConfig&) { return diffusers_config_text(s); },
      .weights = "unet/diffusion_pytorch_model.safetensors",
      .files = diffusers_files};
  r.sample = [](System& system, const SampleRequest& request) {
    const auto& s = system.settings.as<DiffusersUNet>();
    return draw_for_user(system, request, s.schedule(), s.large_variance());
  };
  return r;
}

}  // namespace

std::vector<Recipe> ddpm() {
  Recipe digits = diffusion("ddpm", "Denoising diffusion of digits");
  digits.inputs = [](const Settings&) { return noisy_pictures({1, 28, 28, 1}); };
  digits.summary =
      "Draws digits out of noise: a small U-Net learns to see the noise in noisy pictures.";
  digits.metric = "relative FID";
  digits.expected = "relative FID 0.20 of MNIST after two epochs";
  digits.data = "MNIST's four IDX files; without --data, generated digits";
  digits.epochs = 2;
  digits.settings = [] { return Settings::of(DdpmSettings()); };
  digits.model = [](const Settings&) { return std::make_unique<models::ResidualUNet>(); };
  digits.training = [](nn::Module& m, const Settings& s, const Source& source) {
    s.as<DdpmSettings>().check();
    return std::make_unique<Denoising>(m, s.as<DdpmSettings>(), source);
  };
  digits.sample = [](System& system, const SampleRequest& request) {
    return draw_for_user(system, request, system.settings.as<DdpmSettings>().make());
  };
  DiffusersUNet large;
  large.sample_size = 256;
  large.widths = "128,128,256,256,512,512";
  large.attention = "0,0,0,0,1,0";
  return {std::move(digits), of_diffusers("ddpm-cifar10", "DDPM of 32x32 pictures", {}),
          of_diffusers("ddpm-lsun-256", "DDPM of 256x256 pictures", large)};
}

}  // namespace strata::recipes
