#include "strata/data/image_folder.h"

#include <cstdlib>
#include <filesystem>
#include <functional>
#include <memory>
#include <numeric>
#include <string>

#include <gtest/gtest.h>

#include "strata/base/error.h"
#include "strata/base/parallel.h"
#include "strata/data/loader.h"
#include "strata/io/gzip.h"
#include "strata/io/png.h"
#include "strata/io/zip_writer.h"
#include "strata/ops/arithmetic.h"
#include "strata/ops/creation.h"
#include "strata/ops/views.h"
#include "tests/support/message.h"
#include "tests/support/tar.h"
#include "tests/support/temp_folder.h"

namespace strata {
namespace {

using testing::message;
using testing::slurp;
using testing::spill;
using testing::tar_end;
using testing::tar_entry;
using testing::TempFolder;

/// A PNG whose pixels all are `value`.
std::string png(double value, int64_t height = 2) {
  const TempFolder folder;
  write_png(folder / "a.png", full({height, 3, 3}, value, DType::u8));
  return slurp(folder / "a.png");
}

std::string archive() {
  return tar_entry("set/", "", '5') + tar_entry("set/dog/1.png", png(51)) +
         tar_entry("set/cat/2.PNG", png(255)) + tar_entry("set/cat/._1.png", "junk") +
         tar_entry("set/readme.txt", "text") + tar_entry("set/cat/1.png", png(0)) + tar_end();
}

void make_folder(const std::string& root) {
  for (const auto& [name, value] :
       {std::pair{"dog/1.png", 51}, {"cat/2.PNG", 255}, {"cat/1.png", 0}}) {
    const std::filesystem::path path = std::filesystem::path(root) / name;
    std::filesystem::create_directories(path.parent_path());
    spill(path.string(), png(value));
  }
}

TEST(ImageFolder, IsTheSameInAFolderAndAnArchive) {
  const TempFolder folder;
  make_folder(folder / "set");
  spill(folder / "a.tar", archive());
  spill(folder / "a.tar.gz", gzip(archive()));
  for (const char* name : {"set", "a.tar", "a.tar.gz"}) {
    const ImageFolder data(folder / name, {.mean = {0, 0.2, 0.5}, .stddev = {1, 1, 0.5}});
    ASSERT_EQ(data.size(), 3) << name;
    EXPECT_EQ(data.classes(), (std::vector<std::string>{"cat", "dog"}));
    const std::vector<int64_t> order = {2, 0, 1};
    const Batch batch = data.get(order);
    EXPECT_EQ(describe(batch.x), "f32[3, 2, 3, 3]");
    EXPECT_EQ(batch.y.to_vector<int64_t>(), (std::vector<int64_t>{1, 0, 0}));
    const auto x = batch.x.to_vector<float>();
    EXPECT_FLOAT_EQ(x[0], 0.2f);
    EXPECT_FLOAT_EQ(x[1], 0);
    EXPECT_FLOAT_EQ(x[2], -0.6f);
    EXPECT_FLOAT_EQ(x[18 + 2], -1) << "cat/1.png";
    EXPECT_FLOAT_EQ(x[36 + 2], 1) << "cat/2.PNG";
  }
}

TEST(ImageFolder, NamesTheBadPicture) {
  const TempFolder folder;
  spill(folder / "a.tar", tar_entry("cat/1.png", png(1)) + tar_entry("cat/2.jpg", "\xff\xd8\xff") +
                              tar_entry("cat/3.png", png(1, 5)) + tar_end());
  const ImageFolder data(folder / "a.tar");
  const std::vector<int64_t> damaged = {0, 1}, large = {0, 2}, absent = {3};
  const std::string first = message<FormatError>([&] { data.get(damaged); });
  EXPECT_EQ(first.rfind("[" + (folder / "a.tar") + ":cat/2.jpg] damaged JPEG", 0), 0u) << first;
  const std::string second = message<FormatError>([&] { data.get(large); });
  EXPECT_NE(second.find("cat/3.png] is 3 x 5 pixels where the batch has 3 x 2"), std::string::npos);
  EXPECT_THROW(data.get(absent), IndexError);
}

TEST(ImageFolder, ReadsZips) {
  const TempFolder folder;
  ZipWriter zip(folder / "train.zip");
  zip.add("set/dog/1.png", png(3), true);
  zip.add("set/cat/2.png", png(1));
  zip.add("set/cat/notes.txt", "none");
  zip.commit();
  EXPECT_EQ(find_image_split(folder.path(), Split::train), folder / "train.zip");
  const ImageFolder data(folder / "train.zip");
  EXPECT_EQ(data.classes(), (std::vector<std::string>{"cat", "dog"}));
  EXPECT_EQ(data.name(0), (folder / "train.zip") + ":set/cat/2.png");
  const std::vector<int64_t> both = {0, 1};
  EXPECT_EQ(describe(data.get(both).x), "f32[2, 2, 3, 3]");
}

/// The classes of the samples in the order of their numbers, from a folder, a tar and a zip archive
/// of these pictures.
std::vector<std::vector<std::string>> classes_of(const std::vector<std::string>& names) {
  const TempFolder folder;
  std::string tar;
  ZipWriter zip(folder / "a.zip");
  for (const std::string& name : names) {
    const std::filesystem::path file = std::filesystem::path(folder / "root") / name;
    std::filesystem::create_directories(file.parent_path());
    spill(file.string(), png(1));
    tar += tar_entry("./" + name, png(1));
    zip.add("root/" + name, png(1));
  }
  spill(folder / "a.tar", tar + tar_end());
  zip.commit();
  std::vector<std::vector<std::string>> out;
  for (const char* form : {"root", "a.tar", "a.zip"}) {
    const ImageFolder data(folder / form);
    out.emplace_back();
    for (const int64_t label : data.labels()) {
      out.back().push_back(data.classes()[static_cast<size_t>(label)]);
    }
  }
  return out;
}

TEST(ImageFolder, TakesTheOutermostFolderForTheClass) {
  using Classes = std::vector<std::string>;
  for (const Classes& found : classes_of({"cat/2021/x.png", "cat/2022/x.png", "dog/2021/x.png"})) {
    EXPECT_EQ(found, (Classes{"cat", "cat", "dog"}));
  }
  for (const Classes& found : classes_of({"cat/2021/x.png", "cat/y.png", "dog/x.png"})) {
    EXPECT_EQ(found, (Classes{"cat", "cat", "dog"}));
  }
  for (const Classes& found : classes_of({"cat/1.png", "cat/2.png"})) {
    EXPECT_EQ(found, (Classes{"cat", "cat"})) << "one class";
  }
  const TempFolder folder;
  for (const char* stray : {"set/1.png", "1.png"}) {
    spill(folder / "a.tar",
          tar_entry("set/cat/1.png", png(1)) + tar_entry(stray, png(1)) + tar_end());
    EXPECT_NE(message<FormatError>([&] {
                ImageFolder(folder / "a.tar");
              }).find("a.tar:" + std::string(stray) + "] lies in no folder"),
              std::string::npos);
  }
}

TEST(ImageFolder, FollowsLinks) {
  const TempFolder folder;
  make_folder(folder / "pool");
  std::filesystem::create_directories(folder / "set/ant");
  std::filesystem::create_directory_symlink("../pool/cat", folder / "set/cat");
  std::filesystem::create_directory_symlink("../../pool/dog", folder / "set/ant/dog");
  std::filesystem::create_symlink("../../pool/dog/1.png", folder / "set/ant/2.png");
  spill(folder / "a.tar", tar_entry("ant/2.png", "", '1', "cat/1.png") +
                              tar_entry("cat/1.png", png(0)) +
                              tar_entry("cat/2.png", "", '2', "../ant/2.png") +
                              tar_entry("ant/dog", "", '2', "../cat") + tar_end());
  for (const auto& [name, classes] :
       {std::pair{"set", std::vector<int64_t>{0, 0, 1, 1}}, {"a.tar", {0, 0, 1, 1}}}) {
    const ImageFolder data(folder / name);
    EXPECT_EQ(data.labels(), classes) << name;
    EXPECT_EQ(data.classes(), (std::vector<std::string>{"ant", "cat"}));
    EXPECT_EQ(image_classes(folder / name), data.classes());
    const std::vector<int64_t> all = {0, 1, 2, 3};
    EXPECT_EQ(describe(data.get(all).x), "f32[4, 2, 3, 3]");
  }
}

TEST(ImageFolder, ClassesAreThoseWithAPicture) {
  const TempFolder folder;
  make_folder(folder / "set/bird/deep");
  make_folder(folder / "set");
  std::filesystem::create_directories(folder / "set/none/deep");
  spill(folder / "set/none/readme.txt", "text");
  spill(folder / "set/1.png", png(1));
  EXPECT_EQ(image_classes(folder / "set"), (std::vector<std::string>{"bird", "cat", "dog"}));
  EXPECT_EQ(ImageFolder(folder / "set").classes(), image_classes(folder / "set"));
}

TEST(ImageFolder, PreparesEachPicture) {
  const TempFolder folder;
  make_folder(folder / "set");
  const ImageFolder data(folder / "set", {.prepare = [](const Tensor& image) {
                           return full({4, 4, 3}, *image.data<uint8_t>(), DType::u8);
                         }});
  const std::vector<int64_t> one = {1};
  EXPECT_EQ(describe(data.get(one).x), "f32[1, 4, 4, 3]");
}

TEST(ImageFolder, IsNumberedAsAnotherSet) {
  const TempFolder folder;
  make_folder(folder / "set");
  const ImageFolder data(folder / "set", {.classes = {"ant", "cat", "bee", "dog"}});
  EXPECT_EQ(data.labels(), (std::vector<int64_t>{1, 1, 3}));
  EXPECT_EQ(data.classes().size(), 4u);
  const std::string said = message<FormatError>([&] {
    ImageFolder(folder / "set", {.classes = {"ant", "cat", "bee"}});
  });
  EXPECT_NE(said.find(folder / "set"), std::string::npos) << said;
  EXPECT_NE(said.find("its folder 'dog' is none of the 3 classes"), std::string::npos) << said;
}

TEST(ImageFolder, TakesPreparedPicturesWhateverTheirStrides) {
  const TempFolder folder;
  spill(folder / "a.tar", tar_entry("cat/1.png", png(7)) + tar_end());
  const std::vector<int64_t> one = {0};
  Tensor wide = empty({2, 5, 3}, DType::u8);
  for (int64_t i = 0; i < 30; ++i) wide.data<uint8_t>()[i] = static_cast<uint8_t>(i);
  const auto prepared = [&](const std::function<Tensor(const Tensor&)>& prepare) {
    return ImageFolder(folder / "a.tar", {.prepare = prepare}).get(one).x;
  };
  const Tensor x = prepared([&](const Tensor&) { return slice(wide, 1, 1, 3); }) * 255;
  EXPECT_EQ(describe(x), "f32[1, 2, 2, 3]");
  const std::vector<float> wanted = {3, 4, 5, 6, 7, 8, 18, 19, 20, 21, 22, 23};
  const auto got = x.to_vector<float>();
  for (size_t i = 0; i < wanted.size(); ++i) EXPECT_NEAR(got[i], wanted[i], 1e-4) << i;
  for (const Shape& shape : {Shape{2, 2}, {2, 2, 1}, {2, 2, 4}, {1, 2, 2, 3}}) {
    const std::string said = message<ShapeError>(
        [&] { prepared([&](const Tensor&) { return full(shape, 1, DType::u8); }); });
    EXPECT_NE(said.find("cat/1.png was made u8["), std::string::npos) << said;
  }
  EXPECT_THROW(prepared([](const Tensor&) { return full({2, 2, 3}, 1); }), DTypeError);
}

TEST(ImageFolder, ChangesPicturesAtRandomForTrainings) {
  const TempFolder folder;
  make_folder(folder / "set");
  const auto data = std::make_shared<ImageFolder>(
      folder / "set", ImageFolderConfig{.augment = [](const Tensor& image, Generator& random) {
        return full(image.shape(), static_cast<double>(random.below(256)), DType::u8);
      }});
  const std::vector<int64_t> all = {0, 1, 2};
  EXPECT_EQ(data->labels(), (std::vector<int64_t>{0, 0, 1}));
  EXPECT_FLOAT_EQ(data->get(all).x.data<float>()[0], 0) << "as it is";
  const int before = thread_count();
  std::vector<std::vector<float>> epochs;
  for (const int threads : {1, 3}) {
    for (const int workers : {0, 2}) {
      set_thread_count(threads);
      DataLoader loader(data, {.batch = 2, .seed = 4, .workers = workers});
      std::vector<std::vector<float>> seen;
      for (int epoch = 0; epoch < 2; ++epoch) {
        std::vector<float> values;
        for (const Batch& batch : loader) {
          for (int64_t i = 0; i < batch.size(); ++i)
            values.push_back(batch.x.data<float>()[i * 18]);
        }
        seen.push_back(values);
      }
      if (epochs.empty()) epochs = seen;
      EXPECT_EQ(seen, epochs) << threads << " threads, " << workers << " workers";
    }
  }
  set_thread_count(before);
  ASSERT_EQ(epochs[0].size(), 3u);
  EXPECT_NE(epochs[0], epochs[1]);
  EXPECT_NE(epochs[0][0], epochs[0][1]) << "each picture has numbers of its own";
  const HeldOut parts = hold_out(data, 0.5, 1);
  Generator random(3);
  const std::vector<int64_t> first = {0};
  EXPECT_NE(parts.rest->draw(first, random).x.data<float>()[0],
            parts.rest->get(first).x.data<float>()[0]);
}

TEST(ImageFolder, SaysWhatIsMissing) {
  const TempFolder folder;
  EXPECT_THROW(ImageFolder(folder.path()), IoError);
  EXPECT_THROW(ImageFolder(folder / "absent"), IoError);
  EXPECT_THROW(image_classes(folder.path()), IoError);
  EXPECT_THROW(image_classes(folder / "absent"), IoError);
  EXPECT_NE(message<IoError>([&] {
              find_image_split(folder.path(), Split::test);
            }).find("neither a folder test or val or valid nor an archive test.tar.gz"),
            std::string::npos);
  spill(folder / "train.tgz", "");
  EXPECT_EQ(find_image_split(folder.path(), Split::train), folder / "train.tgz");
  std::filesystem::create_directory(folder / "val");
  EXPECT_EQ(find_image_split(folder.path(), Split::test), folder / "val");
}

// ImageNet's test pictures lie in no folders of classes: val judges.
TEST(ImageFolder, PassesASplitWithoutClasses) {
  const TempFolder folder;
  std::filesystem::create_directories(folder / "test/empty");
  spill(folder / "test/1.png", png(1));
  EXPECT_EQ(find_image_split(folder.path(), Split::test), folder / "test");
  make_folder(folder / "val");
  EXPECT_EQ(find_image_split(folder.path(), Split::test), folder / "val");
  std::filesystem::create_directories(folder / "test/cat/deep");
  spill(folder / "test/cat/deep/1.png", png(1));
  EXPECT_EQ(find_image_split(folder.path(), Split::test), folder / "test");
}

TEST(ImageFolder, HoldsCifar10) {
  const char* root = std::getenv("STRATA_DATA");
  if (!root) GTEST_SKIP() << "STRATA_DATA is not set";
  const ImageFolder data(find_image_split(std::string(root) + "/cifar10", Split::test));
  EXPECT_EQ(data.size(), 10'000);
  EXPECT_EQ(data.classes().size(), 10u);
  EXPECT_EQ(data.classes()[3], "cat");
  std::vector<int64_t> every(100);
  std::iota(every.begin(), every.end(), 950);
  const Batch batch = data.get(every);
  EXPECT_EQ(describe(batch.x), "f32[100, 32, 32, 3]");
  EXPECT_EQ(batch.y.to_vector<int64_t>()[0], 0);
  EXPECT_EQ(batch.y.to_vector<int64_t>()[99], 1);
}

}  // namespace
}  // namespace strata
