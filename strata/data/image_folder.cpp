#include "strata/data/image_folder.h"

#include <algorithm>
#include <cctype>
#include <filesystem>
#include <map>
#include <system_error>
#include <utility>

#include <fmt/format.h>

#include "strata/base/error.h"
#include "strata/base/parallel.h"
#include "strata/io/archive.h"
#include "strata/io/image_file.h"
#include "strata/ops/copy.h"

namespace strata {
namespace {

namespace fs = std::filesystem;

constexpr auto kFollow = fs::directory_options::follow_directory_symlink;

bool is_picture(const fs::path& path) {
  std::string end = path.extension().string();
  std::transform(end.begin(), end.end(), end.begin(),
                 [](unsigned char c) { return std::tolower(c); });
  const std::string stem = path.stem().string();
  return !stem.starts_with('.') && (end == ".jpg" || end == ".jpeg" || end == ".png");
}

/// The folders on the way to a file of an archive.
std::vector<std::string> folders_of(const std::string& name) {
  const fs::path parent = fs::path(name).lexically_normal().parent_path();
  std::vector<std::string> out;
  for (const fs::path& folder : parent) out.push_back(folder.string());
  return out;
}

/// How many folders, from the first on, are the same for all.
size_t shared_folders(const std::vector<std::vector<std::string>>& all) {
  size_t shared = all.empty() ? 0 : all[0].size();
  for (const auto& folders : all) {
    const size_t most = std::min(shared, folders.size());
    const auto last = folders.begin() + static_cast<std::ptrdiff_t>(most);
    const auto differs = std::mismatch(folders.begin(), last, all[0].begin()).first;
    shared = static_cast<size_t>(differs - folders.begin());
  }
  return shared;
}

/// Whether the folder holds one in which there is a picture at some depth.
bool holds_classes(const fs::path& path) {
  std::error_code error;
  for (fs::directory_iterator folder(path, error), end; !error && folder != end;
       folder.increment(error)) {
    if (!folder->is_directory(error)) continue;
    for (fs::recursive_directory_iterator file(*folder, kFollow, error), none;
         !error && file != none; file.increment(error)) {
      if (is_picture(*file)) return true;
    }
  }
  return false;
}

/// Calls take(name of the class, picture) for the pictures in the folders of the classes; where it
/// says false, the rest of that class is left out. Throws IoError.
void for_each_picture(const std::string& path,
                      FunctionRef<bool(const std::string& class_name, const fs::path& file)> take) {
  try {
    for (const auto& folder : fs::directory_iterator(path)) {
      if (!folder.is_directory()) continue;
      const std::string name = folder.path().filename().string();
      for (const auto& file : fs::recursive_directory_iterator(folder, kFollow)) {
        if (file.is_regular_file() && is_picture(file.path()) && !take(name, file.path())) break;
      }
    }
  } catch (const fs::filesystem_error& e) {
    throw IoError(e.path1().string(), "cannot be listed: " + e.code().message());
  }
}

void require_pictures(const std::string& path, bool there) {
  if (there) return;
  throw IoError(path, "no pictures in it", "one folder a class is expected: cat/0001.jpg");
}

/// What a config's function made of the picture of that name, with its values side by side.
Tensor checked_picture(const Tensor& made, const std::string& name) {
  if (made.dtype() != DType::u8) {
    throw DTypeError("ImageFolder",
                     fmt::format("{} was made {}, not u8[H, W, 3]", name, describe(made)));
  }
  if (made.rank() != 3 || made.size(2) != 3) {
    throw ShapeError("ImageFolder",
                     fmt::format("{} was made {}, not u8[H, W, 3]", name, describe(made)));
  }
  return contiguous(made);
}

}  // namespace

ImageFolder::ImageFolder(const std::string& path, ImageFolderConfig config)
    : config_(std::move(config)) {
  std::error_code ignored;
  packed_ = !fs::is_directory(path, ignored);
  if (packed_) {
    read_archive(path);
  } else {
    read_folder(path);
  }
  require_pictures(path, !samples_.empty());
  number_classes(path);
}

void ImageFolder::read_folder(const std::string& path) {
  for_each_picture(path, [&](const std::string& class_name, const fs::path& file) {
    samples_.push_back({file.string(), class_name, {}});
    return true;
  });
}

void ImageFolder::read_archive(const std::string& path) {
  const auto wanted = [](const std::string& name) { return is_picture(name); };
  std::vector<std::vector<std::string>> folders;  // of each picture
  for_each_file(path, wanted, [&](const std::string& name, std::vector<uint8_t> content) {
    folders.push_back(folders_of(name));
    samples_.push_back({fmt::format("{}:{}", path, name), {}, std::move(content)});
  });
  size_t shared = shared_folders(folders);
  // Those of one class share its folder too.
  const auto ends = [&](const auto& f) { return f.size() == shared; };
  if (shared > 0 && std::all_of(folders.begin(), folders.end(), ends)) --shared;
  for (size_t i = 0; i < samples_.size(); ++i) {
    if (folders[i].size() == shared) {
      throw FormatError(samples_[i].name, "lies in no folder, which would be its class");
    }
    samples_[i].class_name = folders[i][shared];
  }
}

void ImageFolder::number_classes(const std::string& path) {
  std::sort(samples_.begin(), samples_.end(), [](const Sample& a, const Sample& b) {
    return std::tie(a.class_name, a.name) < std::tie(b.class_name, b.name);
  });
  if (config_.classes.empty()) {
    for (const Sample& s : samples_) {
      if (classes_.empty() || classes_.back() != s.class_name) classes_.push_back(s.class_name);
    }
  } else {
    classes_ = config_.classes;
  }
  std::map<std::string, int64_t> numbers;
  for (size_t i = 0; i < classes_.size(); ++i) numbers[classes_[i]] = static_cast<int64_t>(i);
  for (Sample& s : samples_) {
    const auto number = numbers.find(s.class_name);
    if (number == numbers.end()) {
      throw FormatError(
          path,
          fmt::format("its folder '{}' is none of the {} classes '{}' to '{}'", s.class_name,
                      classes_.size(), classes_.front(), classes_.back()),
          "the classes are the folders of the training set");
    }
    s.label = number->second;
  }
}

const std::string& ImageFolder::name(int64_t index) const {
  if (index < 0 || index >= size()) {
    throw IndexError("ImageFolder", fmt::format("sample {} of {}", index, size()));
  }
  return samples_[static_cast<size_t>(index)].name;
}

Tensor ImageFolder::picture(int64_t index) const {
  const Sample& s = samples_[static_cast<size_t>(index)];
  return packed_ ? decode_image(s.name, s.bytes) : read_image(s.name);
}

std::vector<int64_t> ImageFolder::labels() const {
  std::vector<int64_t> out;
  for (const Sample& s : samples_) out.push_back(s.label);
  return out;
}

Batch ImageFolder::get(std::span<const int64_t> indices) const {
  return batch_of(indices, [&](size_t i) {
    const Tensor image = picture(indices[i]);
    return config_.prepare ? config_.prepare(image) : image;
  });
}

Batch ImageFolder::draw(std::span<const int64_t> indices, Generator& random) const {
  if (!config_.augment) return get(indices);
  std::vector<Generator> own;
  for (size_t i = 0; i < indices.size(); ++i) own.emplace_back(random.next_u64());
  return batch_of(indices, [&](size_t i) { return config_.augment(picture(indices[i]), own[i]); });
}

Batch ImageFolder::batch_of(std::span<const int64_t> indices,
                            FunctionRef<Tensor(size_t i)> picture) const {
  const auto count = static_cast<int64_t>(indices.size());
  Tensor labels = empty({count}, DType::i64);
  std::vector<Tensor> pictures(indices.size());
  for (size_t i = 0; i < indices.size(); ++i) {
    name(indices[i]);
    labels.data<int64_t>()[i] = samples_[static_cast<size_t>(indices[i])].label;
  }
  if (count == 0) return {empty({0, 0, 0, 3}), labels};
  parallel_for(count, 4, [&](int64_t begin, int64_t end) {
    for (auto i = static_cast<size_t>(begin); i < static_cast<size_t>(end); ++i) {
      pictures[i] = checked_picture(picture(i), name(indices[i]));
    }
  });
  const int64_t h = pictures[0].size(0), w = pictures[0].size(1);
  for (size_t i = 0; i < pictures.size(); ++i) {
    if (pictures[i].size(0) == h && pictures[i].size(1) == w) continue;
    throw FormatError(name(indices[i]),
                      fmt::format("is {} x {} pixels where the batch has {} x {}",
                                  pictures[i].size(1), pictures[i].size(0), w, h));
  }
  std::array<std::array<float, 256>, 3> values;
  for (size_t c = 0; c < 3; ++c) {
    for (size_t v = 0; v < 256; ++v) {
      values[c][v] =
          static_cast<float>((static_cast<double>(v) / 255 - config_.mean[c]) / config_.stddev[c]);
    }
  }
  Tensor x = empty({count, h, w, 3}, DType::f32, kCpu, "ImageFolder");
  float* out = x.data<float>();
  parallel_for(count, std::max<int64_t>(1, 16384 / (h * w)), [&](int64_t begin, int64_t end) {
    for (int64_t i = begin; i < end; ++i) {
      const uint8_t* from = pictures[static_cast<size_t>(i)].data<uint8_t>();
      float* to = out + i * h * w * 3;
      for (int64_t k = 0; k < h * w * 3; ++k) to[k] = values[static_cast<size_t>(k % 3)][from[k]];
    }
  });
  return {x, labels};
}

std::vector<std::string> image_classes(const std::string& path) {
  std::error_code ignored;
  if (!fs::is_directory(path, ignored)) return ImageFolder(path).classes();
  std::vector<std::string> classes;
  for_each_picture(path, [&](const std::string& class_name, const fs::path&) {
    classes.push_back(class_name);
    return false;
  });
  require_pictures(path, !classes.empty());
  std::sort(classes.begin(), classes.end());
  return classes;
}

std::string find_image_split(const std::string& data, Split split) {
  const std::vector<std::string> names = split == Split::train
                                             ? std::vector<std::string>{"train"}
                                             : std::vector<std::string>{"test", "val", "valid"};
  std::string without;  // a folder that may be there for another purpose
  for (const std::string& name : names) {
    for (const char* end : {"", ".tar.gz", ".tgz", ".tar", ".zip"}) {
      const fs::path path = fs::path(data) / (name + end);
      std::error_code ignored;
      if (*end ? !fs::is_regular_file(path, ignored) : !fs::is_directory(path, ignored)) continue;
      if (*end || holds_classes(path)) return path.string();
      if (without.empty()) without = path.string();
    }
  }
  if (!without.empty()) return without;
  throw IoError(data, fmt::format("no pictures here: neither a folder {} nor an archive {}.tar.gz",
                                  fmt::join(names, " or "), names[0]));
}

}  // namespace strata
