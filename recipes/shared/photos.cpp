#include "recipes/shared/photos.h"

#include <algorithm>
#include <cmath>
#include <utility>

#include "strata/base/random.h"
#include "strata/data/digits.h"
#include "strata/data/image_folder.h"
#include "strata/io/image_file.h"
#include "strata/ops/softmax.h"
#include "strata/ops/views.h"
#include "strata/vision/augment.h"
#include "strata/vision/colour.h"
#include "strata/vision/image.h"

namespace strata::recipes {
namespace {

constexpr int64_t kTrain = 8000, kTest = 1000, kSide = 32, kDigit = 28, kMargin = 2;

/// Unpacked values to what the network takes.
void normalise(float* x, int64_t pixels, const PhotoConfig& config) {
  for (int64_t i = 0; i < pixels; ++i) {
    for (size_t c = 0; c < 3; ++c, ++x) {
      *x = (*x - static_cast<float>(config.mean[c])) / static_cast<float>(config.stddev[c]);
    }
  }
}

/// Digits in a colour of their own on a ground of another.
TensorDataset coloured_digits(Split split, const PhotoConfig& config) {
  const Batch digits = generate_digits(split == Split::train ? kTrain : kTest, split).all();
  const int64_t count = digits.size();
  Tensor x = empty({count, kSide, kSide, 3});
  Generator random(split == Split::train ? 1 : 2);
  const float* digit = digits.x.data<float>();
  float* out = x.data<float>();
  for (int64_t i = 0; i < count; ++i, digit += kDigit * kDigit) {
    std::array<double, 3> ground, ink;
    for (size_t c = 0; c < 3; ++c) {
      ground[c] = random.uniform();
      ink[c] = std::fmod(ground[c] + 0.35 + 0.3 * random.uniform(), 1.0);
    }
    for (int64_t row = 0; row < kSide; ++row) {
      for (int64_t column = 0; column < kSide; ++column) {
        const int64_t y = row - kMargin, z = column - kMargin;
        const bool inside = y >= 0 && y < kDigit && z >= 0 && z < kDigit;
        const double part = inside ? static_cast<double>(digit[y * kDigit + z]) : 0;
        for (size_t c = 0; c < 3; ++c) {
          *out++ = static_cast<float>(ground[c] + part * (ink[c] - ground[c]));
        }
      }
    }
  }
  normalise(x.data<float>(), count * kSide * kSide, config);
  return TensorDataset(x, digits.y);
}

Tensor to_unit(const Tensor& bytes) {
  Tensor x = empty(bytes.shape());
  const uint8_t* from = bytes.data<uint8_t>();
  float* to = x.data<float>();
  for (int64_t i = 0; i < x.numel(); ++i) to[i] = static_cast<float>(from[i]) / 255;
  return x;
}

/// A photo as a training sees it, u8[crop, crop, 3].
Tensor change_photo(const Tensor& image, const PhotoConfig& config, const PhotoChanges& changes,
                    Generator& random) {
  const Tensor part = changes.least_area != 0
                          ? random_resized_crop(image, config.crop, config.crop,
                                                {.least_area = changes.least_area}, random)
                          : prepare_photo(image, config);
  if (changes.jitter == 0) return part;
  const ColourJitterConfig jitter{
      .brightness = changes.jitter, .contrast = changes.jitter, .saturation = changes.jitter};
  return to_bytes(select(colour_jitter(unsqueeze(to_unit(part), 0), jitter, random), 0, 0));
}

ImageFolderConfig folder_config(const PhotoConfig& config, const PhotoChanges& changes) {
  ImageFolderConfig folder{
      .prepare = [config](const Tensor& image) { return prepare_photo(image, config); },
      .mean = config.mean,
      .stddev = config.stddev};
  if (changes.least_area != 0 || changes.jitter != 0) {
    folder.augment = [config, changes](const Tensor& image, Generator& random) {
      return change_photo(image, config, changes, random);
    };
  }
  return folder;
}

/// A prepared photo as a batch of one.
Tensor input_of(const Tensor& prepared, const PhotoConfig& config) {
  Tensor x = unsqueeze(to_unit(prepared), 0);
  normalise(x.data<float>(), config.crop * config.crop, config);
  return x;
}

}  // namespace

PhotoConfig cifar_photos() {
  return {.resize = kSide,
          .crop = kSide,
          .mean = {0.4914, 0.4822, 0.4465},
          .stddev = {0.247, 0.2435, 0.2616}};
}

Tensor prepare_photo(const Tensor& image, const PhotoConfig& config) {
  return center_crop(resize_shorter(image, config.resize), config.crop, config.crop);
}

Tensor photo_input(const std::string& path, const PhotoConfig& config) {
  return input_of(prepare_photo(read_image(path, {.upright = true}), config), config);
}

Prediction predict_photo(nn::Module& model, const std::string& path, const PhotoConfig& config,
                         const std::vector<std::string>& labels) {
  const Tensor image = prepare_photo(read_image(path, {.upright = true}), config);
  const auto shares = softmax(model(input_of(image, config)), -1).to_vector<double>();
  Prediction out;
  out.seen = to_unit(resize(image, kSide, kSide));
  for (size_t i = 0; i < shares.size(); ++i) {
    out.classes.push_back({i < labels.size() ? labels[i] : std::to_string(i), shares[i]});
  }
  std::stable_sort(out.classes.begin(), out.classes.end(),
                   [](const auto& a, const auto& b) { return a.probability > b.probability; });
  return out;
}

std::shared_ptr<const Dataset> photos(const Source& source, Split split, const PhotoConfig& config,
                                      const PhotoChanges& changes,
                                      const std::vector<std::string>& classes) {
  if (source.data.empty()) {
    return std::make_shared<TensorDataset>(coloured_digits(split, config));
  }
  ImageFolderConfig folder = folder_config(config, changes);
  folder.classes = classes;
  return std::make_shared<ImageFolder>(find_image_split(source.data, split), std::move(folder));
}

PhotoSets photo_sets(const Source& source, const PhotoConfig& config,
                     const std::vector<std::string>& classes, const PhotoChanges& changes) {
  PhotoSets sets = {.train = photos(source, Split::train, config, changes, classes), .test = {}};
  const auto* folder = dynamic_cast<const ImageFolder*>(sets.train.get());
  sets.test = photos(source, Split::test, config, {},
                     folder ? folder->classes() : std::vector<std::string>());
  return sets;
}

Sampler balanced_classes(const Dataset& photos) {
  const auto* folder = dynamic_cast<const ImageFolder*>(&photos);
  return folder ? samplers::balanced(folder->labels()) : Sampler();
}

}  // namespace strata::recipes
