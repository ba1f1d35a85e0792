#pragma once

#include <array>
#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "strata/base/function_ref.h"
#include "strata/data/dataset.h"

namespace strata {

struct ImageFolderConfig {
  /// What becomes of each picture, u8[H, W, 3], for instance a resize and a crop; all results must
  /// have one size. Runs in several threads at once.
  std::function<Tensor(const Tensor&)> prepare = {};
  /// The same for draw(), with random numbers of the picture's own: a random crop, other colours.
  /// Where it is missing draw() takes `prepare`.
  std::function<Tensor(const Tensor&, Generator&)> augment = {};
  /// Samples are (x / 255 - mean) / stddev, channel by channel.
  std::array<double, 3> mean = {0, 0, 0}, stddev = {1, 1, 1};
  /// The names of the classes in the order of their numbers, for a set that is to be numbered as
  /// another one; left out: the set's own, sorted.
  std::vector<std::string> classes = {};
};

/// Pictures sorted into one folder a class, `cat/0001.jpg`, as torchvision's ImageFolder: from a
/// folder, or from a zip archive or a tar archive, also packed by gzip. The folders of the classes
/// may hold others; those of an archive may lie in some that all its pictures share. Links are
/// followed. Classes are numbered in the order of their names, or as the config says. Pictures, PNG
/// or JPEG, are unpacked when asked for; an archive's are kept in memory as they are.
class ImageFolder final : public Dataset {
 public:
  /// Throws IoError where nothing is there or no picture is in it, FormatError for a bad archive,
  /// for a picture in it beside the folders of the classes and for a folder that is none of the
  /// config's classes.
  explicit ImageFolder(const std::string& path, ImageFolderConfig config = {});

  int64_t size() const override { return static_cast<int64_t>(samples_.size()); }
  /// x f32[N, H, W, 3] and y i64[N]. Throws FormatError, which names the file, for a damaged
  /// picture and for one of another size than the first of the batch; IndexError; ShapeError and
  /// DTypeError for what `prepare` or `augment` gave that is no u8[H, W, 3].
  Batch get(std::span<const int64_t> indices) const override;
  Batch draw(std::span<const int64_t> indices, Generator& random) const override;

  const std::vector<std::string>& classes() const { return classes_; }
  /// The class of each sample, by number.
  std::vector<int64_t> labels() const;
  /// The file, or the archive and the file in it: what errors call the sample.
  const std::string& name(int64_t index) const;

 private:
  struct Sample {
    std::string name;
    std::string class_name;
    std::vector<uint8_t> bytes;  // of an archive's picture
    int64_t label = 0;
  };

  void read_folder(const std::string& path);
  void read_archive(const std::string& path);
  void number_classes(const std::string& path);
  Tensor picture(int64_t index) const;
  /// `picture` gives the i-th picture of the batch; it is called from several threads.
  Batch batch_of(std::span<const int64_t> indices, FunctionRef<Tensor(size_t i)> picture) const;

  ImageFolderConfig config_;
  bool packed_ = false;
  std::vector<Sample> samples_;
  std::vector<std::string> classes_;
};

/// The classes that an ImageFolder of that path has by itself. Of a folder one picture of each is
/// looked for, and no more listed. Throws as ImageFolder does.
std::vector<std::string> image_classes(const std::string& path);

/// Where a data set of pictures keeps that part: `data` holds a folder "train" or an archive
/// "train.tar.gz", ".tgz", ".tar" or ".zip"; for the other part "test", "val" or "valid", the first
/// that is no folder without classes, as ImageNet's "test" is. Throws IoError that lists what was
/// looked for.
std::string find_image_split(const std::string& data, Split split);

}  // namespace strata
