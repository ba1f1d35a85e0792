#include "recipes/shared/photo_classes.h"

#include <algorithm>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "strata/base/error.h"
#include "strata/data/image_folder.h"
#include "strata/text/utf8.h"

namespace strata::recipes {
namespace {

constexpr const char* kBetween = "/";

bool are_imagenet_numbers(const std::vector<std::string>& names) {
  return names.size() == 1000 && names.front() == "n01440764" && names.back() == "n15075141";
}

}  // namespace

std::vector<std::string> class_names(const std::string& labels) {
  std::vector<std::string> names;
  if (labels.empty() || labels == kUnnamed) return names;
  for (size_t begin = 0; begin <= labels.size();) {
    const size_t end = std::min(labels.find(kBetween, begin), labels.size());
    names.push_back(labels.substr(begin, end - begin));
    begin = end + 1;
  }
  return names;
}

std::string labels_of(const Source& source, const std::string& labels) {
  if (!labels.empty()) return labels;
  if (source.data.empty()) return "0/1/2/3/4/5/6/7/8/9";
  const std::string path = find_image_split(source.data, Split::train);
  const std::vector<std::string> classes = image_classes(path);
  if (are_imagenet_numbers(classes)) return kUnnamed;
  for (const std::string& name : classes) {
    if (is_utf8(name)) continue;
    // The JSON of a checkpoint cannot hold it: the run could be neither resumed nor evaluated.
    throw FormatError(path, fmt::format("the name of its folder '{}' is not UTF-8", name),
                      "rename it");
  }
  return fmt::format("{}", fmt::join(classes, kBetween));
}

void expect_outputs(const std::vector<std::string>& names, int64_t outputs,
                    const std::string& hint) {
  if (static_cast<int64_t>(names.size()) <= outputs) return;
  throw ValueError(
      "classes",
      fmt::format("the data has {} classes, the network {} outputs", names.size(), outputs), hint);
}

}  // namespace strata::recipes
