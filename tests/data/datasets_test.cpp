#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <numeric>
#include <set>

#include <gtest/gtest.h>

#include "strata/base/error.h"
#include "strata/base/parallel.h"
#include "strata/data/digits.h"
#include "strata/data/mnist.h"
#include "strata/data/toys.h"
#include "strata/io/idx.h"
#include "strata/ops/creation.h"
#include "strata/ops/views.h"
#include "tests/support/temp_folder.h"

namespace strata {
namespace {

using testing::TempFolder;

bool same_bytes(const Tensor& a, const Tensor& b) {
  return describe(a) == describe(b) &&
         std::memcmp(a.raw(), b.raw(), static_cast<size_t>(a.numel() * size_of(a.dtype()))) == 0;
}

template <class E, class F>
std::string error_of(F&& f) {
  try {
    f();
  } catch (const E& e) {
    return e.what();
  }
  return "no error";
}

TEST(TensorDataset, GathersRows) {
  const Tensor x = transpose(reshape(arange(0, 12, 1, DType::f32), {3, 4}), 0, 1);
  const TensorDataset data(x, arange(10, 14));
  EXPECT_EQ(data.size(), 4);
  const std::vector<int64_t> rows = {3, 0, 3};
  const Batch b = data.get(rows);
  EXPECT_EQ(b.size(), 3);
  EXPECT_EQ(b.x.to_vector<float>(), std::vector<float>({3, 7, 11, 0, 4, 8, 3, 7, 11}));
  EXPECT_EQ(b.y.to_vector<int64_t>(), std::vector<int64_t>({13, 10, 13}));
  EXPECT_FALSE(TensorDataset(x).get(rows).y.defined());
  EXPECT_EQ(describe(data.get({}).x), "f32[0, 3]");
  EXPECT_THROW(data.get(std::vector<int64_t>{4}), IndexError);
  EXPECT_THROW(data.get(std::vector<int64_t>{-1}), IndexError);
  EXPECT_THROW(TensorDataset(x, arange(0, 3)), ShapeError);
  EXPECT_THROW(TensorDataset(scalar(1.f)), ShapeError);
}

TEST(TensorDataset, DividesBytesBy255) {
  Tensor bytes = empty({2, 259}, DType::u8);
  for (int64_t i = 0; i < bytes.numel(); ++i) bytes.data<uint8_t>()[i] = static_cast<uint8_t>(i);
  const TensorDataset data = TensorDataset::of_bytes(bytes);
  EXPECT_EQ(data.size(), 2);
  for (const Batch& b : {data.get(std::vector<int64_t>{0, 1}), data.all()}) {
    ASSERT_EQ(describe(b.x), "f32[2, 259]");
    for (int64_t i = 0; i < bytes.numel(); ++i) {
      EXPECT_EQ(b.x.data<float>()[i], static_cast<float>(bytes.data<uint8_t>()[i]) / 255.0f);
    }
  }
  EXPECT_THROW(TensorDataset::of_bytes(zeros({2, 2})), DTypeError);
}

/// Writes both parts of a tiny MNIST; `end` is "" or ".gz".
void write_mnist(const std::string& folder, char separator, const std::string& end) {
  std::filesystem::create_directories(folder);
  for (const std::string part : {"train", "t10k"}) {
    Tensor images = zeros({3, 28, 28}, DType::u8);
    images.data<uint8_t>()[28 * 28 + 5] = 255;
    images.data<uint8_t>()[28 * 28 + 6] = 51;
    write_idx(folder + "/" + part + "-images" + separator + "idx3-ubyte" + end, images);
    write_idx(folder + "/" + part + "-labels" + separator + "idx1-ubyte" + end,
              tensor<uint8_t>({7, 0, 9}));
  }
}

TEST(Mnist, ReadsAllNames) {
  const TempFolder folder;
  write_mnist(folder / "a", '-', "");
  write_mnist(folder / "b", '.', ".gz");
  write_mnist(folder / "c/MNIST/raw", '-', ".gz");
  for (const char* name : {"a", "b", "c"}) {
    for (const Split split : {Split::train, Split::test}) {
      const Batch b = load_mnist(folder / name, split).get(std::vector<int64_t>{0, 1});
      EXPECT_EQ(describe(b.x), "f32[2, 28, 28, 1]");
      EXPECT_EQ(b.x.to_vector<float>()[28 * 28 + 5], 1.0f);
      EXPECT_EQ(b.x.to_vector<float>()[28 * 28 + 6], 0.2f);
      EXPECT_EQ(b.y.to_vector<int64_t>(), std::vector<int64_t>({7, 0}));
    }
  }
}

TEST(Mnist, NamesWhatIsWrong) {
  const TempFolder folder;
  EXPECT_NE(
      error_of<IoError>([&] { load_mnist(folder / "no", Split::train); }).find("no such folder"),
      std::string::npos);
  testing::spill(folder / "file", "");
  EXPECT_NE(error_of<IoError>([&] {
              load_mnist(folder / "file", Split::train);
            }).find("is a file; the folder that holds it is needed"),
            std::string::npos);
  EXPECT_NE(error_of<IoError>([&] {
              load_mnist(folder.path(), Split::test);
            }).find("t10k-images-idx3-ubyte and t10k-labels-idx1-ubyte missing"),
            std::string::npos);
  const auto expect = [&](const Tensor& images, const Tensor& labels, const std::string& fault) {
    write_idx(folder / "train-images-idx3-ubyte", images);
    write_idx(folder / "train-labels-idx1-ubyte", labels);
    const std::string error =
        error_of<FormatError>([&] { load_mnist(folder.path(), Split::train); });
    EXPECT_NE(error.find(fault), std::string::npos) << "wanted: " << fault << "\ngot: " << error;
  };
  const Tensor images = zeros({2, 28, 28}, DType::u8);
  const Tensor labels = zeros({2}, DType::u8);
  expect(zeros({2, 28, 29}, DType::u8), labels, "images are u8[N, 28, 28], not u8[2, 28, 29]");
  expect(zeros({2, 28, 28}, DType::i8), labels, "not i8[2, 28, 28]");
  expect(images, zeros({2, 1}, DType::u8), "labels are u8[N], not u8[2, 1]");
  expect(images, zeros({3}, DType::u8), "3 labels for 2 images");
  expect(images, full({2}, 10, DType::u8), "label 0 is 10");
}

TEST(Mnist, ReadsTheRealOne) {
  const char* data = std::getenv("STRATA_DATA");
  if (!data) GTEST_SKIP() << "STRATA_DATA is not set: the real MNIST is not read";
  const TensorDataset train = load_mnist(std::string(data) + "/mnist", Split::train);
  const TensorDataset test = load_mnist(std::string(data) + "/mnist", Split::test);
  EXPECT_EQ(train.size(), 60'000);
  EXPECT_EQ(test.size(), 10'000);
  const std::vector<int64_t> first = {0, 1, 2, 3, 4};
  EXPECT_EQ(train.get(first).y.to_vector<int64_t>(), std::vector<int64_t>({5, 0, 4, 1, 9}));
  const std::vector<float> values = train.all().x.to_vector<float>();
  EXPECT_NEAR(std::accumulate(values.begin(), values.end(), 0.0) / values.size(), 0.1306604, 1e-6);
}

TEST(Digits, SameForTheSeedOnAnyNumberOfThreads) {
  const int threads = thread_count();
  set_thread_count(1);
  const Batch one = generate_digits(500, Split::train, 3).all();
  set_thread_count(3);
  const Batch three = generate_digits(500, Split::train, 3).all();
  set_thread_count(threads);
  EXPECT_TRUE(same_bytes(one.x, three.x));
  EXPECT_TRUE(same_bytes(one.y, three.y));
  EXPECT_FALSE(same_bytes(one.x, generate_digits(500, Split::train, 4).all().x));
  EXPECT_FALSE(same_bytes(one.x, generate_digits(500, Split::test, 3).all().x));
  const Batch more = generate_digits(600, Split::train, 3).all();
  EXPECT_TRUE(same_bytes(slice(more.x, 0, 0, 500), one.x)) << "image i depends on i alone";
  EXPECT_EQ(generate_digits(0, Split::train).size(), 0);
  EXPECT_THROW(generate_digits(-1, Split::train), ValueError);
}

TEST(Digits, LookLikeMnist) {
  const Batch data = generate_digits(2000, Split::train).all();
  EXPECT_EQ(describe(data.x), "f32[2000, 28, 28, 1]");
  const std::vector<float> x = data.x.to_vector<float>();
  EXPECT_GE(*std::min_element(x.begin(), x.end()), 0.f);
  EXPECT_LE(*std::max_element(x.begin(), x.end()), 1.f);
  EXPECT_NEAR(std::accumulate(x.begin(), x.end(), 0.0) / x.size(), 0.13, 0.05);
  std::vector<int> counts(10);
  for (const int64_t label : data.y.to_vector<int64_t>()) ++counts.at(static_cast<size_t>(label));
  for (const int count : counts) EXPECT_NEAR(count, 200, 60);
}

/// Share of the test images whose nearest class mean has their label.
TEST(Digits, AreNeitherTrivialNorHopeless) {
  const Batch train = generate_digits(4000, Split::train).all();
  const Batch test = generate_digits(1000, Split::test).all();
  constexpr size_t kPixels = 28 * 28;
  std::vector<std::vector<double>> mean(10, std::vector<double>(kPixels));
  std::vector<double> count(10);
  for (int64_t i = 0; i < train.size(); ++i) {
    const auto label = static_cast<size_t>(train.y.data<int64_t>()[i]);
    count[label] += 1;
    for (size_t p = 0; p < kPixels; ++p)
      mean[label][p] += train.x.data<float>()[static_cast<size_t>(i) * kPixels + p];
  }
  int right = 0;
  for (int64_t i = 0; i < test.size(); ++i) {
    std::vector<double> distance(10);
    for (size_t c = 0; c < 10; ++c) {
      for (size_t p = 0; p < kPixels; ++p) {
        const double pixel = test.x.data<float>()[static_cast<size_t>(i) * kPixels + p];
        distance[c] += std::pow(pixel - mean[c][p] / count[c], 2);
      }
    }
    const auto best = std::min_element(distance.begin(), distance.end()) - distance.begin();
    right += best == test.y.data<int64_t>()[i];
  }
  EXPECT_GT(right, 500);
  EXPECT_LT(right, 900);
}

TEST(Toys, MoonsAndSpirals) {
  const Batch moons = two_moons(101, 0).all();
  EXPECT_EQ(describe(moons.x), "f32[101, 2]");
  for (int64_t i = 0; i < 101; ++i) {
    const float x = moons.x.data<float>()[2 * i], y = moons.x.data<float>()[2 * i + 1];
    const int64_t label = moons.y.data<int64_t>()[i];
    EXPECT_EQ(label, i % 2);
    EXPECT_NEAR(label == 0 ? std::hypot(x, y) : std::hypot(x - 1, y - 0.5f), 1, 1e-6);
    EXPECT_GE(label == 0 ? y : 0.5f - y, -1e-6f);
  }
  const Batch arms = spirals(90, 3, 0, 0.5).all();
  std::set<int64_t> labels;
  for (int64_t i = 0; i < 90; ++i) {
    const double x = arms.x.data<float>()[2 * i], y = arms.x.data<float>()[2 * i + 1];
    const int64_t label = arms.y.data<int64_t>()[i];
    labels.insert(label);
    const double angle = std::atan2(y, x) / 6.283185307179586;
    const double wanted = 0.5 * std::hypot(x, y) + static_cast<double>(label) / 3;
    EXPECT_NEAR(std::remainder(angle - wanted, 1), 0, 1e-5);
  }
  EXPECT_EQ(labels, (std::set<int64_t>{0, 1, 2}));
  EXPECT_TRUE(same_bytes(two_moons(50, 0.1, 7).all().x, two_moons(50, 0.1, 7).all().x));
  EXPECT_FALSE(same_bytes(two_moons(50, 0.1, 7).all().x, two_moons(50, 0.1, 8).all().x));
  EXPECT_THROW(two_moons(-1), ValueError);
  EXPECT_THROW(two_moons(5, -1), ValueError);
  EXPECT_THROW(spirals(5, 1), ValueError);
}

TEST(Toys, RingsLieOnTheirCircles) {
  const Batch all = rings(3000, 3, 0).all();
  const auto x = all.x.to_vector<float>();
  for (size_t i = 0; i < 3000; ++i) {
    EXPECT_NEAR(std::hypot(x[2 * i], x[2 * i + 1]), static_cast<double>(i % 3 + 1) / 3, 1e-6);
    EXPECT_EQ(all.y.data<int64_t>()[i], static_cast<int64_t>(i % 3));
  }
  EXPECT_EQ(rings(50).all().x.to_vector<float>(), rings(50).all().x.to_vector<float>());
  EXPECT_NE(rings(50).all().x.to_vector<float>(), rings(50, 2, 0.05, 1).all().x.to_vector<float>());
  EXPECT_THROW(rings(10, 1), ValueError);
  EXPECT_THROW(rings(-1), ValueError);
  EXPECT_THROW(rings(10, 2, -1), ValueError);
}

TEST(Toys, APerceptronTellsLinesApart) {
  for (uint64_t seed = 0; seed < 5; ++seed) {
    const Batch all = lines(400, 0.1, seed).all();
    const auto x = all.x.to_vector<float>();
    double a = 0, b = 0, c = 0;
    int mistakes = 1;
    for (int pass = 0; pass < 1000 && mistakes > 0; ++pass) {
      mistakes = 0;
      for (size_t i = 0; i < 400; ++i) {
        const double truth = i % 2 ? 1 : -1;
        if (truth * (a * x[2 * i] + b * x[2 * i + 1] + c) > 0) continue;
        a += truth * x[2 * i], b += truth * x[2 * i + 1], c += truth;
        ++mistakes;
      }
    }
    EXPECT_EQ(mistakes, 0) << seed;
    for (const float v : x) EXPECT_LE(std::abs(v), 1);
  }
  EXPECT_THROW(lines(10, 0.6), ValueError);
}

TEST(AddingProblem, MarksOneNumberOfEachHalfAndSumsThem) {
  constexpr int64_t kCount = 2000, kLength = 9;
  const Batch all = adding_problem(kCount, kLength, 5).all();
  EXPECT_EQ(describe(all.x), "f32[2000, 9, 2]");
  EXPECT_EQ(describe(all.y), "f32[2000, 1]");
  const float* x = all.x.data<float>();
  double mean = 0, wrong = 0;
  std::vector<int> marked(kLength);
  for (int64_t i = 0; i < kCount; ++i) {
    float sum = 0;
    int halves[2] = {0, 0};
    for (int64_t t = 0; t < kLength; ++t, x += 2) {
      EXPECT_TRUE(x[0] >= 0 && x[0] < 1);
      EXPECT_TRUE(x[1] == 0 || x[1] == 1);
      if (x[1] == 0) continue;
      sum += x[0];
      ++halves[t >= 4];
      ++marked[static_cast<size_t>(t)];
    }
    EXPECT_EQ(halves[0], 1);
    EXPECT_EQ(halves[1], 1);
    const float y = all.y.data<float>()[i];
    EXPECT_EQ(y, sum);
    mean += y / kCount;
    wrong += (y - 1) * (y - 1) / kCount;
  }
  EXPECT_NEAR(mean, 1, 0.03);
  EXPECT_NEAR(wrong, 1.0 / 6, 0.01);
  for (const int n : marked) EXPECT_GT(n, 300);
  EXPECT_EQ(adding_problem(3, 9, 5).all().x.to_vector<float>(),
            adding_problem(3, 9, 5).all().x.to_vector<float>());
  EXPECT_NE(adding_problem(3, 9, 5).all().x.to_vector<float>(),
            adding_problem(3, 9, 6).all().x.to_vector<float>());
  EXPECT_THROW(adding_problem(-1, 9), ValueError);
  EXPECT_THROW(adding_problem(1, 1), ValueError);
}

}  // namespace
}  // namespace strata
