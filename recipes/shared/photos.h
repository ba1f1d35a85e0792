#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "recipes/recipe.h"
#include "strata/data/dataset.h"
#include "strata/data/samplers.h"

namespace strata::recipes {

/// How a network wants its photographs: the shorter side at `resize` pixels, of that the middle
/// square of `crop`, then (x - mean) / stddev.
struct PhotoConfig {
  int64_t resize = 256, crop = 224;
  std::array<double, 3> mean = {0.485, 0.456, 0.406};  ///< ImageNet's, with the values below
  std::array<double, 3> stddev = {0.229, 0.224, 0.225};
};

/// CIFAR-10's: 32 pixels as they are.
PhotoConfig cifar_photos();

/// u8[H, W, 3] of any size to u8[crop, crop, 3].
Tensor prepare_photo(const Tensor& image, const PhotoConfig& config);

/// A picture file, PNG or JPEG, as the network takes it, f32[1, crop, crop, 3]; a photo is turned
/// as its camera says. Throws IoError and FormatError.
Tensor photo_input(const std::string& path, const PhotoConfig& config);

/// Lets a network for photographs name what is on a picture, turned as its camera says; class i is
/// labels[i], or its number beyond their end. Throws IoError and FormatError for the file.
Prediction predict_photo(nn::Module& model, const std::string& path, const PhotoConfig& config,
                         const std::vector<std::string>& labels);

/// What is changed at random in each photograph of a training set.
struct PhotoChanges {
  /// A random part of so much of the photograph or more takes the place of the middle square (see
  /// random_resized_crop); 0: it does not.
  double least_area = 0;
  double jitter = 0;  ///< of brightness, contrast and saturation, see colour_jitter
};

/// Photographs in one folder a class from `source.data` (see find_image_split and ImageFolder);
/// without it coloured digits f32[N, 32, 32, 3] on coloured ground, that any network for
/// photographs can learn.
std::shared_ptr<const Dataset> photos(const Source& source, Split split, const PhotoConfig& config,
                                      const PhotoChanges& changes = {},
                                      const std::vector<std::string>& classes = {});

/// What to learn from, changed at random, and what judges, whose classes have the same numbers: in
/// the order of `classes`, or where there are none of the former's folders. Throws FormatError for
/// a folder that is no such class.
struct PhotoSets {
  std::shared_ptr<const Dataset> train, test;
};
PhotoSets photo_sets(const Source& source, const PhotoConfig& config,
                     const std::vector<std::string>& classes, const PhotoChanges& changes = {});

/// Each class of the photographs as often as any other; the generated digits, whose classes are
/// equal, in the usual order.
Sampler balanced_classes(const Dataset& photos);

}  // namespace strata::recipes
