#include "recipes/shared/hub_photo.h"

#include <cmath>
#include <filesystem>
#include <vector>

#include <fmt/format.h>

#include "strata/base/error.h"
#include "strata/io/json.h"
#include "strata/ops/arithmetic.h"
#include "strata/ops/copy.h"
#include "strata/ops/creation.h"
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
    if (!std::filesystem::exists(file_)) return;
    json_ = read_json(file_);
    if (!json_.is_object()) throw FormatError(file_, "is no JSON object");
  }

  /// A member by its name, or by "object.member"; null where there is none or it says null.
  const JsonValue* find(const std::string& key) const {
    const size_t dot = key.find('.');
    const JsonValue* outer = json_.find(key.substr(0, dot));
    const JsonValue* at =
        outer && dot != std::string::npos ? outer->find(key.substr(dot + 1)) : outer;
    return at && !at->is_null() ? at : nullptr;
  }

  bool flag(const std::string& key, bool otherwise) const {
    const JsonValue* at = find(key);
    return at ? read_value<bool>(file_, key, *at) : otherwise;
  }

  double number(const std::string& key, double otherwise) const {
    const JsonValue* at = find(key);
    return at ? finite(key, *at) : otherwise;
  }

  /// A side in pixels: "size" for both, or "size.height".
  int64_t side(const std::string& key, const char* which, int64_t otherwise) const {
    const JsonValue* both = find(key);
    const double all =
        both && !both->is_object() ? finite(key, *both) : static_cast<double>(otherwise);
    const double pixels = number(key + "." + which, all);
    if (pixels >= 1 && pixels <= kMostPixels) return static_cast<int64_t>(pixels);
    throw FormatError(file_, fmt::format("pictures of {} pixels are absurd", pixels));
  }

  Resample resample() const {
    const double code = number("resample", static_cast<double>(Resample::bilinear));
    if (code >= 0 && code <= 5 && code == std::floor(code)) return static_cast<Resample>(code);
    throw FormatError(file_, fmt::format("there is no resample {}", code));
  }

  /// Three numbers, one for each channel, or one for all of them.
  Tensor channels(const std::string& key) const {
    constexpr size_t kChannels = 3;
    const JsonValue* at = find(key);
    if (!at || at->is_number()) return full({kChannels}, at ? finite(key, *at) : 0.5);
    std::vector<float> values;
    for (const JsonValue& v : at->elements()) values.push_back(static_cast<float>(finite(key, v)));
    if (values.size() == kChannels) return tensor(values, {kChannels});
    throw FormatError(file_, fmt::format("\"{}\" is no number and no list of three", key));
  }

 private:
  double finite(const std::string& key, const JsonValue& value) const {
    const double number = value.is_number() ? value.as<double>() : NAN;
    if (std::isfinite(number)) return number;
    throw FormatError(file_, fmt::format("\"{}\" is no number: {}", key, value.brief()));
  }

  std::string file_;
  JsonValue json_;
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
    image = how.find("size.shortest_edge")
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
