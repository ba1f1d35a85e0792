#include "strata/io/npy.h"

#include <vector>

#include <gtest/gtest.h>

#include "strata/base/error.h"
#include "strata/ops/copy.h"
#include "strata/ops/creation.h"
#include "strata/ops/views.h"
#include "tests/support/hostile.h"
#include "tests/support/temp_folder.h"

namespace strata {
namespace {

using testing::slurp;
using testing::TempFolder;

std::string golden(const std::string& name) {
  return std::string(STRATA_SOURCE_DIR) + "/tests/golden/io/" + name + ".npy";
}

void load(const std::string& path) { read_npy(path); }

/// A version 1 file with this header and data.
std::string npy(const std::string& header, const std::string& data) {
  return std::string("\x93NUMPY\x01\0", 8) + static_cast<char>(header.size() & 0xff) +
         static_cast<char>(header.size() >> 8) + header + data;
}

TEST(Npy, ReadsWhatNumpyWrote) {
  for (const char* name : {"le_f4", "le_f8", "le_f2", "le_i8", "le_i4", "i1", "be_f4", "be_i8",
                           "be_f2", "fortran", "v2", "v3"}) {
    const Tensor t = read_npy(golden(name));
    EXPECT_EQ(t.shape(), (Shape{2, 3})) << name;
    EXPECT_TRUE(t.is_contiguous()) << name;
    EXPECT_EQ(t.to_vector<double>(), std::vector<double>({-2, -1, 0, 1, 2, 3})) << name;
  }
  EXPECT_EQ(read_npy(golden("le_f8")).dtype(), DType::f64);
  EXPECT_EQ(read_npy(golden("be_f2")).dtype(), DType::f16);
  EXPECT_EQ(read_npy(golden("be_i8")).dtype(), DType::i64);
  EXPECT_EQ(describe(read_npy(golden("u1"))), "u8[2, 3]");
  EXPECT_EQ(read_npy(golden("b1")).to_vector<double>(), std::vector<double>({1, 1, 0, 1, 1, 1}));
  EXPECT_EQ(describe(read_npy(golden("scalar"))), "f64[]");
  EXPECT_EQ(describe(read_npy(golden("vector"))), "i32[3]");
  EXPECT_EQ(describe(read_npy(golden("empty"))), "f32[0, 4]");
}

TEST(Npy, WritesTheBytesThatNumpyWrites) {
  const TempFolder folder;
  for (const char* name : {"le_f4", "le_f8", "le_f2", "le_i8", "le_i4", "i1", "u1", "b1", "scalar",
                           "vector", "empty"}) {
    write_npy(folder / "a.npy", read_npy(golden(name)));
    EXPECT_TRUE(slurp(folder / "a.npy") == slurp(golden(name))) << name;
  }
  const Tensor x = transpose(reshape(arange(0, 6, 1, DType::f32), {2, 3}), 0, 1);
  write_npy(folder / "a.npy", cast(x, DType::bf16));
  const Tensor y = read_npy(folder / "a.npy");
  EXPECT_EQ(describe(y), "bf16[3, 2]");
  EXPECT_EQ(y.to_vector<float>(), x.to_vector<float>());
}

TEST(Npy, RefusesTruncationAndSurvivesChanges) {
  const TempFolder folder;
  for (const char* name : {"le_f4", "v2", "fortran", "b1"}) {
    const std::string bytes = slurp(golden(name));
    testing::expect_truncations_refused(folder / "a", bytes, load);
    testing::survive_byte_changes(folder / "a", bytes, load);
  }
}

TEST(Npy, NamesTheFault) {
  const TempFolder folder;
  const auto expect = [&](const std::string& bytes, const std::string& fault) {
    const std::string error = testing::read_hostile(folder / "a", bytes, load);
    EXPECT_NE(error.find(fault), std::string::npos) << "wanted: " << fault << "\ngot: " << error;
  };
  const auto header = [&](const std::string& text, const std::string& fault) {
    expect(npy(text, "12345678"), fault);
  };
  const auto shape = [&](const std::string& text, const std::string& fault) {
    header("{'descr': '<f4', 'fortran_order': False, 'shape': " + text + "}", fault);
  };
  expect("PK\3\4........", "no npy file");
  expect(std::string("\x93NUMPY\4\0\0\0\0\0", 12), "version 4");
  expect(std::string("\x93NUMPY\2\0\xff\xff\xff\xff", 12), "truncated: the header should end");
  header("", "'{' is missing");
  header("{'descr': '<f4'}", "is missing");
  header("{'descr': '<f4', 'descr': '<f4'}", "'descr' stands there twice");
  header("{'descr' '<f4'}", "':' is missing");
  header("{'descr': '<f4}", "a quote is not closed");
  header("{'descr': [('a', '<f4')]}", "records");
  header("{'type': '<f4'}", "unknown key 'type'");
  header("{'fortran_order': 1}", "must be True or False");
  header("{'descr': '<c8', 'fortran_order': False, 'shape': (1,)}", "'<c8' is not supported");
  header("{'descr': '|O', 'fortran_order': False, 'shape': (1,)}", "'|O' is not supported");
  header("{'descr': '', 'fortran_order': False, 'shape': (1,)}", "'' is not supported");
  shape("(2)} x", "more follows");
  shape("(3,)", "truncated: f32[3] needs 12 bytes, 8 follow");
  shape("(1,)", "too long: f32[1] needs 4 bytes, 8 follow");
  shape("(-2,)", "something else than sizes");
  shape("(99999999999999999999,)", "something else than sizes");
  shape("(2 3)", "is missing in the shape");
  shape("(1,1,1,1,1,1,1,1,2)", "more than 8 dimensions");
  shape("(4294967296, 4294967296, 4)", "overflows");
  shape("(0, 4294967296, 4294967296, 4)", "overflows");
  shape("(" + std::string(50'000, '('), "something else than sizes");
}

}  // namespace
}  // namespace strata
