#include "recipes/shared/hub_photo.h"

#include <charconv>
#include <cmath>
#include <filesystem>
#include <vector>

#include <fmt/format.h>

#include "recipes/shared/hub_folder.h"
#include "strata/base/error.h"
#include "strata/ops/arithmetic.h"
#include "strata/ops/copy.h"
#include "strata/ops/views.h"
#include "strata/vision/image.h"

namespace strata::recipes {
namespace {

constexpr double kMostPixels = 10'000;  // of a side

/// Reads preprocessor_config.json, which a folder may lack.
class Preprocessor {
 public:
  explicit Preprocessor(const std::string& folder)
      : file_((std::filesystem::path(folder) / "preprocessor_config.json").string()) {
    if (std::filesystem::exists(file_)) values_ = read_hub_json(file_);
  }

  bool has(const std::string& key) const { return values_.contains(key); }

  bool flag(const std::string& key, bool otherwise) const {
    const auto at = values_.find(key);
    if (at == values_.end()) return otherwise;
    if (at->second == "true" || at->second == "false") return at->second == "true";
    throw FormatError(file_, fmt::format("\"{}\" is neither true nor false", key));
  }

  double number(const std::string& key, double otherwise) const {
    const auto at = values_.find(key);
    if (at == values_.end()) return otherwise;
    double value = 0;
    const char* end = at->second.data() + at->second.size();
    const auto parsed = std::from_chars(at->second.data(), end, value);
    if (parsed.ec == std::errc() && parsed.ptr == end && std::isfinite(value)) return value;
    throw FormatError(file_, fmt::format("\"{}\" is no number: {}", key, at->second));
  }

  /// A side in pixels: "size" for both, or "size.height".
  int64_t side(const std::string& key, const char* which, int64_t otherwise) const {
    const double all = number(key, static_cast<double>(otherwise));
    const double pixels = number(key + "." + which, all);
    if (pixels >= 1 && pixels <= kMostPixels) return static_cast<int64_t>(pixels);
    throw FormatError(file_, fmt::format("pictures of {} pixels are absurd", pixels));
  }

  Resample resample() const {
    const double code = number("resample", static_cast<double>(Resample::bilinear));
    if (code >= 0 && code <= 5 && code == std::floor(code)) return static_cast<Resample>(code);
    throw FormatError(file_, fmt::format("there is no resample {}", code));
  }

  /// Three numbers, one for each channel.
  Tensor channels(const std::string& key) const {
    std::vector<float> values;
    for (const char* i : {".0", ".1", ".2"}) {
      values.push_back(static_cast<float>(number(key + i, 0.5)));
    }
    return tensor(values, {3});
  }

 private:
  std::string file_;
  HubConfig values_;
};

/// The middle; where the rest is odd, the upper and left one.
Tensor middle(const Tensor& image, int64_t height, int64_t width) {
  if (height > image.size(0) || width > image.size(1)) {
    throw ShapeError("hub_photo",
                     fmt::format("{} has no {} x {} pixels in it", describe(image), height, width));
  }
  const int64_t top = (image.size(0) - height) / 2, left = (image.size(1) - width) / 2;
  return slice(slice(image, 0, top, top + height), 1, left, left + width);
}

}  // namespace

Tensor hub_photo(const Tensor& picture, const std::string& folder, int64_t height, int64_t width) {
  const Preprocessor how(folder);
  Tensor image = picture;
  if (how.flag("do_resize", true)) {
    image = how.has("size.shortest_edge")
                ? resize_shorter(image, how.side("size", "shortest_edge", height), how.resample())
                : resize(image, how.side("size", "height", height),
                         how.side("size", "width", width), how.resample());
  }
  if (how.flag("do_center_crop", false)) {
    image = middle(image, how.side("crop_size", "height", height),
                   how.side("crop_size", "width", width));
  }
  Tensor x = cast(image, DType::f32);
  if (how.flag("do_rescale", true)) x = x * how.number("rescale_factor", 1.0 / 255);
  if (how.flag("do_normalize", true)) {
    x = (x - how.channels("image_mean")) / how.channels("image_std");
  }
  return unsqueeze(x, 0);
}

}  // namespace strata::recipes
