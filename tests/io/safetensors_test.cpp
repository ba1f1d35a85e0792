#include "strata/io/safetensors.h"

#include <cstring>
#include <filesystem>

#include <gtest/gtest.h>

#include "strata/base/error.h"
#include "strata/device/cpu_allocator.h"
#include "strata/ops/creation.h"
#include "strata/ops/views.h"
#include "tests/support/hostile.h"
#include "tests/support/temp_folder.h"

namespace strata {
namespace {

using testing::read_hostile;
using testing::slurp;
using testing::spill;
using testing::TempFolder;

const std::string kGolden = std::string(STRATA_SOURCE_DIR) + "/tests/golden/io/python.safetensors";
const std::string kOddName = "quote \" slash \\ tab \t \xc3\xa9";

/// A file with this header and `data` bytes after it.
std::string file_of(const std::string& header, size_t data) {
  std::string bytes(8, '\0');
  const uint64_t n = header.size();
  std::memcpy(bytes.data(), &n, 8);
  return bytes + header + std::string(data, '\1');
}

std::string entry(const std::string& name, const std::string& dtype, const std::string& shape,
                  const std::string& offsets) {
  return "\"" + name + "\":{\"dtype\":\"" + dtype + "\",\"shape\":[" + shape +
         "],\"data_offsets\":[" + offsets + "]}";
}

void load(const std::string& path) { load_safetensors(path); }

TEST(SafeTensors, ReadsWhatPythonWrote) {
  const SafeTensors file(kGolden);
  EXPECT_EQ(file.metadata(), (Metadata{{"note", "line\nbreak \"\xc3\xa9\""}}));
  const TensorMap t = load_safetensors(kGolden);
  ASSERT_EQ(t.size(), 12u);
  EXPECT_EQ(describe(t.at("f32")), "f32[2, 3]");
  EXPECT_EQ(t.at("f32").to_vector<float>(), std::vector<float>({-3, -2, -1, 0, 1, 2}));
  EXPECT_EQ(describe(t.at("bf16")), "bf16[5]");
  EXPECT_EQ(t.at("bf16").to_vector<float>(), std::vector<float>({-2, -1, 0, 1, 2}));
  EXPECT_EQ(describe(t.at("f16")), "f16[3, 1]");
  EXPECT_EQ(t.at("f16").to_vector<float>(), std::vector<float>({-1, 0, 1}));
  EXPECT_EQ(describe(t.at("f64")), "f64[2, 2, 2]");
  EXPECT_EQ(t.at("f64").to_vector<double>()[7], 3);
  EXPECT_EQ(t.at("i64").to_vector<int64_t>(), std::vector<int64_t>({-1, 0, 1}));
  EXPECT_EQ(t.at("i32").to_vector<int32_t>(), std::vector<int32_t>({-1, 0, 1}));
  EXPECT_EQ(t.at("u8").to_vector<uint8_t>(), std::vector<uint8_t>({0, 1, 2, 3, 4}));
  EXPECT_EQ(t.at("i8").to_vector<int32_t>()[0], -3);
  EXPECT_EQ(t.at("bool").to_vector<int32_t>(), std::vector<int32_t>({1, 0, 1}));
  EXPECT_EQ(describe(t.at("scalar")), "f32[]");
  EXPECT_EQ(t.at("scalar").item<float>(), 2.5f);
  EXPECT_EQ(describe(t.at("empty")), "f32[0, 4]");
  EXPECT_EQ(t.count(kOddName), 1u);
}

TEST(SafeTensors, WritesTheBytesThatPythonWrites) {
  const TempFolder folder;
  save_safetensors(folder / "ours.safetensors", load_safetensors(kGolden),
                   SafeTensors(kGolden).metadata());
  EXPECT_TRUE(slurp(folder / "ours.safetensors") == slurp(kGolden));
}

TEST(SafeTensors, KeepsViewsAndLoadsOneTensor) {
  const TempFolder folder;
  const std::string path = folder / "a.safetensors";
  const Tensor x = arange(0, 6, 1, DType::f32);
  save_safetensors(path, {{"t", transpose(reshape(x, {2, 3}), 0, 1)}, {"none", zeros({0})}});
  const SafeTensors file(path);
  EXPECT_EQ(file.load("t").to_vector<float>(), std::vector<float>({0, 3, 1, 4, 2, 5}));
  EXPECT_EQ(file.find("u"), nullptr);
  EXPECT_THROW(file.load("u"), ValueError);
  EXPECT_THROW(save_safetensors(path, {{"__metadata__", x}}), ValueError);
  EXPECT_THROW(save_safetensors(path, {{"x", Tensor()}}), ValueError);
  EXPECT_THROW(save_safetensors(path, {{"\xff", x}}), ValueError);
  EXPECT_EQ(load_safetensors(path).size(), 2u) << "a failed save must not touch the file";
  save_safetensors(path, {});
  EXPECT_EQ(slurp(path), std::string("\x08\0\0\0\0\0\0\0{}      ", 16));
  EXPECT_TRUE(load_safetensors(path).empty());
}

TEST(SafeTensors, RefusesTruncationAndSurvivesChanges) {
  const TempFolder folder;
  const std::string bytes = slurp(kGolden);
  testing::expect_truncations_refused(folder / "a", bytes, load);
  testing::survive_byte_changes(folder / "a", bytes, load);
}

TEST(SafeTensors, NamesTheFault) {
  const TempFolder folder;
  const auto expect = [&](const std::string& bytes, const std::string& fault) {
    const std::string error = read_hostile(folder / "a", bytes, load);
    EXPECT_NE(error.find(fault), std::string::npos) << "wanted: " << fault << "\ngot: " << error;
  };
  const auto header = [&](const std::string& json, const std::string& fault, size_t data = 8) {
    expect(file_of(json, data), fault);
  };
  expect("", "truncated: 8 bytes are needed from byte 0 on, the file has 0");
  expect(std::string(8, '\xff'), "should have 18446744073709551615 bytes, the file has 8");
  expect(file_of("{}", 0).replace(0, 1, "\x03"), "or truncated: its header should have 3 bytes");
  header("", "begin with '{'");
  header("[]", "begin with '{'");
  header("{\"a\":1}", "a number does not belong into tensor 'a'", 0);
  header("{} x", "bad JSON at byte", 0);
  header("{" + entry("a", "F32", "2", "0,8") + "," + entry("a", "F32", "2", "0,8") + "}",
         "'a' stands there twice");
  header("{\"a\":{\"dtype\":\"F32\",\"dtype\":\"F32\"}}", "has 'dtype' twice");
  header("{\"a\":{\"dtype\":\"F32\",\"shape\":[2]}}", "lacks dtype, shape or data_offsets");
  header("{\"a\":{\"dtype\":\"F32\",\"size\":[2]}}", "unknown key 'size'");
  header("{" + entry("a", "F31", "2", "0,8") + "}", "unknown dtype 'F31'");
  header("{" + entry("a", "F32", "2", "0") + "}", "needs two offsets");
  header("{" + entry("a", "F32", "2", "0,8,9") + "}", "more than two offsets");
  header("{" + entry("a", "F32", "-2", "0,8") + "}", "the number -2");
  header("{" + entry("a", "F32", "2.0", "0,8") + "}", "the number 2.0");
  header("{" + entry("a", "F32", "[2]", "0,8") + "}", "an array does not belong into tensor 'a'");
  header("{" + entry("a", "F32", "3", "0,8") + "}", "needs 12 bytes, its offsets are 0 to 8");
  header("{" + entry("a", "F32", "2", "8,0") + "}", "needs 8 bytes, its offsets are 8 to 0");
  header("{" + entry("a", "F32", "3", "0,12") + "}", "the tensors need 12 bytes, 8 follow");
  header("{" + entry("a", "F32", "1", "0,4") + "}", "4 bytes follow the last tensor");
  header("{" + entry("a", "F32", "1", "4,8") + "}", "leaving a gap after byte 0");
  header("{" + entry("a", "U8", "6", "0,6") + "," + entry("b", "U8", "6", "2,8") + "}",
         "inside the one that ends at byte 6");
  header("{" + entry("a", "F32", "4611686018427387904,4", "0,8") + "}", "overflows");
  header("{" + entry("a", "F32", "4294967296,4294967296,4294967296", "0,8") + "}", "overflows");
  header("{" + entry("a", "F32", "0,4294967296,4294967296", "0,0") + "}", "overflows", 0);
  header("{" + entry("a", "F4", "3", "0,1") + "}", "does not end at a whole byte", 1);
  header("{" + entry("a", "U8", "99999999999999999999999", "0,8") + "}", "the number 99999");
  header("{" + entry("a", "U8", "9223372036854775807", "0,8") + "}", "is too large");
  header("{" + entry("a", "U8", "1,1,1,1,1,1,1,1,8", "0,8") + "}", "more than 8 dimensions");
  header("{" + entry("a", "I16", "4", "0,8") + "}", "is I16, a dtype that Strata lacks");
  header("{\"__metadata__\":{\"a\":{}}}", "holds texts only", 0);
  header("{\"__metadata__\":{\"a\":1}}", "holds texts only", 0);
  header("{\"__metadata__\":{\"a\":\"1\",\"a\":\"2\"}}", "'a' stands there twice", 0);
  header("{\"\xff\":1}", "bad JSON", 0);
}

TEST(SafeTensors, SurvivesDeepJson) {
  const TempFolder folder;
  std::string deep = "{\"a\":";
  for (int i = 0; i < 1'000'000; ++i) deep += i % 2 ? "{\"a\":" : "[";
  EXPECT_NE(read_hostile(folder / "a", file_of(deep, 0), load), "");
  spill(folder / "a.safetensors", file_of("{}      ", 0));
  const std::string index = folder / "m.safetensors.index.json";
  EXPECT_NE(read_hostile(index, deep, load).find("nested too deeply"), std::string::npos);
}

TEST(SafeTensors, RefusesMoreThanTheMemoryLimit) {
  const TempFolder folder;
  save_safetensors(folder / "a", {{"x", zeros({1 << 20})}});
  set_cpu_memory_limit(cpu_memory_stats().in_use + (1 << 20));
  EXPECT_THROW(load(folder / "a"), OutOfMemory);
  set_cpu_memory_limit(0);
  EXPECT_NO_THROW(load(folder / "a"));
}

class Sharded : public ::testing::Test {
 protected:
  void SetUp() override {
    save_safetensors(folder_ / "m-1.safetensors", {{"a", ones({2})}, {"extra", ones({1})}});
    save_safetensors(folder_ / "m-2.safetensors", {{"b", zeros({3})}}, {{"format", "pt"}});
  }
  std::string error_of_index(const std::string& text) {
    return read_hostile(folder_ / "model.safetensors.index.json", text, load, 64);
  }

  TempFolder folder_;
};

TEST_F(Sharded, LoadsAFolder) {
  EXPECT_THROW(SafeTensors{folder_.path()}, IoError) << "two files and no index";
  EXPECT_EQ(error_of_index("{\"metadata\":{\"total_size\":20,\"x\":[null,true,-1,0.5]},"
                           "\"weight_map\":{\"b\":\"m-2.safetensors\",\"a\":\"m-1.safetensors\"}}"),
            "");
  const TensorMap t = load_safetensors(folder_.path());
  ASSERT_EQ(t.size(), 2u);
  EXPECT_EQ(t.at("a").to_vector<float>(), std::vector<float>({1, 1}));
  EXPECT_EQ(describe(t.at("b")), "f32[3]");
  EXPECT_EQ(SafeTensors(folder_.path()).metadata().at("format"), "pt");
  save_safetensors(folder_ / "sub.safetensors", {});
  EXPECT_EQ(load_safetensors(folder_.path()).size(), 2u);
}

TEST_F(Sharded, ASingleFileComesBeforeAnIndexAsInTransformers) {
  spill(folder_ / "model.safetensors.index.json", R"({"weight_map": {"b": "m-2.safetensors"}})");
  save_safetensors(folder_ / "model.safetensors", {{"whole", ones({1})}});
  EXPECT_EQ(load_safetensors(folder_.path()).count("whole"), 1u);
  EXPECT_EQ(load_safetensors(folder_ / "model.safetensors.index.json").count("b"), 1u);
}

TEST_F(Sharded, RefusesABadIndex) {
  const auto expect = [&](const std::string& text, const std::string& fault) {
    const std::string error = error_of_index(text);
    EXPECT_NE(error.find(fault), std::string::npos) << "wanted: " << fault << "\ngot: " << error;
  };
  expect("", "bad JSON");
  expect("{}", "no object \"weight_map\"");
  expect("{\"weight_map\":[]}", "no object \"weight_map\"");
  expect("{\"weight_map\":{\"a\":1}}", "must name a file");
  expect("{\"weight_map\":{\"a\":{}}}", "must name a file");
  expect("{\"weight_map\":{\"a\":\"m-2.safetensors\"}}", "tensor 'a' is not in 'm-2.safetensors'");
  expect("{\"weight_map\":{\"a\":\"m-1.safetensors\",\"a\":\"m-1.safetensors\"}}", "there twice");
  expect("{\"weight_map\":{\"a\":\"../m-1.safetensors\"}}", "which is no file name");
  expect("{\"weight_map\":{\"a\":\"/etc/passwd\"}}", "which is no file name");
  const std::string error = [&] {
    spill(folder_ / "model.safetensors.index.json", "{\"weight_map\":{\"a\":\"m-3.safetensors\"}}");
    try {
      load(folder_.path());
    } catch (const IoError& e) {
      return std::string(e.what());
    }
    return std::string();
  }();
  EXPECT_NE(error.find("m-3.safetensors] cannot open"), std::string::npos) << error;
}

}  // namespace
}  // namespace strata
