#include "strata/io/inspect.h"

#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "strata/base/error.h"
#include "strata/io/idx.h"
#include "strata/io/npy.h"
#include "strata/io/npz.h"
#include "strata/io/png.h"
#include "strata/io/safetensors.h"
#include "strata/io/zip.h"
#include "strata/io/zip_writer.h"
#include "strata/ops/creation.h"
#include "tests/support/message.h"
#include "tests/support/temp_folder.h"

namespace strata {
namespace {

using testing::slurp;
using testing::spill;
using testing::TempFolder;

TEST(Inspect, KnowsEveryFormatByContent) {
  const TempFolder folder;
  save_safetensors(folder / "a", {{"w", zeros({2, 3})}, {"n", zeros({1}, DType::i64)}},
                   {{"format", "pt"}});
  write_npy(folder / "b", zeros({4}, DType::f64));
  write_idx(folder / "c", zeros({5, 2}, DType::u8));
  write_idx(folder / "d.gz", zeros({5, 2}, DType::u8));
  write_png(folder / "e", zeros({6, 7, 4}, DType::u8));

  const FileReport a = inspect_file(folder / "a");
  EXPECT_EQ(a.format, "safetensors");
  EXPECT_EQ(a.bytes, static_cast<int64_t>(slurp(folder / "a").size()));
  ASSERT_EQ(a.tensors.size(), 2u);
  EXPECT_EQ(a.tensors[0].name, "n");
  EXPECT_EQ(a.tensors[1].dtype, "f32");
  EXPECT_EQ(a.tensors[1].shape, (Shape{2, 3}));
  EXPECT_EQ(a.tensors[1].bytes, 24);
  EXPECT_EQ(a.metadata.at(0).second, "pt");
  EXPECT_TRUE(a.remarks.empty());

  const FileReport b = inspect_file(folder / "b");
  EXPECT_EQ(b.format + b.tensors.at(0).dtype, "npyf64");
  const FileReport c = inspect_file(folder / "c"), d = inspect_file(folder / "d.gz");
  EXPECT_EQ(c.format + c.tensors.at(0).dtype, "IDXu8");
  EXPECT_TRUE(c.metadata.empty());
  EXPECT_EQ(d.format + d.metadata.at(0).second, "IDXgzip");
  const FileReport e = inspect_file(folder / "e");
  EXPECT_EQ(e.format, "PNG");
  EXPECT_EQ(e.tensors.at(0).shape, (Shape{6, 7, 4}));
  EXPECT_EQ(e.metadata.at(0).second, "RGB with opacity");
  EXPECT_THROW(inspect_file(folder.path()), IoError) << "a folder without safetensors";
}

TEST(Inspect, ListsTheArraysOfNumpysArchives) {
  const std::string golden = std::string(STRATA_SOURCE_DIR) + "/tests/golden/io/";
  const TempFolder folder;
  for (const std::string name : {"stored", "packed"}) {
    spill(folder / name, slurp(golden + name + ".npz"));  // known without the name's ending
    const FileReport report = inspect_file(folder / name);
    EXPECT_EQ(report.format, "npz");
    EXPECT_EQ(report.bytes, static_cast<int64_t>(slurp(folder / name).size()));
    std::string listed;
    for (const auto& t : report.tensors) {
      listed += t.name + " " + t.dtype + to_string(t.shape) + " " + std::to_string(t.bytes) + "\n";
    }
    EXPECT_EQ(listed,
              "labels i64[3] 24\nlayer.0/weight f64[3, 2] 48\nmany u8[5000] 5000\n"
              "none f32[0, 4] 0\nx f32[2, 3] 24\n");
    EXPECT_EQ(report.metadata.size(), name == "packed" ? 1u : 0u);
  }
  write_npz(folder / "empty.npz", {});
  EXPECT_EQ(inspect_file(folder / "empty.npz").format, "npz");
  EXPECT_EQ(inspect_file(std::string(STRATA_SOURCE_DIR) + "/tests/golden/io/pth/state.pth").format,
            "PyTorch");
}

/// An array file of this dtype and shape.
std::string array_file(const std::string& descr, const std::string& shape, size_t bytes) {
  const std::string header =
      "{'descr': '" + descr + "', 'fortran_order': False, 'shape': " + shape + ", }\n";
  return std::string("\x93NUMPY\x01\0", 8) + static_cast<char>(header.size()) + '\0' + header +
         std::string(bytes, 'x');
}

TEST(Inspect, ListsArraysOfNumpysOtherDtypes) {
  const TempFolder folder;
  const auto archive = [&](const std::vector<std::string>& files) {
    ZipWriter zip(folder / "a.npz");
    for (size_t i = 0; i < files.size(); ++i) zip.add(std::to_string(i) + ".npy", files[i], true);
    zip.commit();
    return folder / "a.npz";
  };
  const FileReport report =
      inspect_file(archive({array_file("<U5", "(2,)", 40), array_file("<c8", "(3,)", 24),
                            array_file("<u2", "(1, 2)", 4), array_file("|O", "(9,)", 33),
                            array_file("<M8[ns]", "(1,)", 8), array_file("<f4", "(2,)", 8)}));
  std::string listed;
  for (const auto& t : report.tensors) {
    listed += t.name + " " + t.dtype + to_string(t.shape) + " " + std::to_string(t.bytes) + "\n";
  }
  EXPECT_EQ(listed,
            "0 <U5[2] 40\n1 <c8[3] 24\n2 <u2[1, 2] 4\n3 |O[9] 33\n4 <M8[ns][1] 8\n5 f32[2] 8\n");
  EXPECT_EQ(report.remarks,
            std::vector<std::string>{"5 tensors have a dtype that Strata cannot load"});
  spill(folder / "a.npy", array_file("<c8", "(3,)", 24));
  EXPECT_EQ(inspect_file(folder / "a.npy").tensors.at(0).dtype, "<c8");
  EXPECT_EQ(inspect_file(folder / "a.npy").remarks.size(), 1u);
  for (const std::string& damaged :
       {array_file("<U5", "(2,)", 39), array_file("<c8", "(3,)", 25), array_file("<z4", "(1,)", 4),
        array_file("<u", "(1,)", 4), array_file("<u2x", "(1,)", 2), array_file("?u2", "(1,)", 2),
        array_file("<U2000000000", "(500000000000000000,)", 8), array_file("<f4", "(2,)", 7)}) {
    EXPECT_THROW(inspect_file(archive({damaged})), FormatError) << damaged;
  }
}

TEST(Inspect, TakesOtherArchivesForWhatTheyAre) {
  const TempFolder folder;
  {  // PyTorch's, with an array among its extra files
    const ZipFile state(std::string(STRATA_SOURCE_DIR) + "/tests/golden/io/pth/state.pth");
    ZipWriter zip(folder / "a");
    for (const ZipFile::Entry& e : state.entries()) {
      std::string bytes(static_cast<size_t>(e.size), '\0');
      state.read(e, bytes.data());
      zip.add(e.name, bytes);
    }
    zip.add("archive/extra/x.npy", array_file("<f4", "(2,)", 8));
    zip.commit();
  }
  EXPECT_EQ(inspect_file(folder / "a").format, "PyTorch");
  spill(folder / "a", "PKZIP was written by Phil Katz.");
  EXPECT_NE(testing::message<FormatError>([&] { inspect_file(folder / "a"); }).find("no known"),
            std::string::npos);
}

TEST(Inspect, JudgesEachByteOfAnNpz) {
  const TempFolder folder;
  write_npz(folder / "a.npz", {{"x", arange(0, 4)}});
  const std::string sound = slurp(folder / "a.npz");
  for (size_t bytes = 0; bytes < sound.size(); ++bytes) {
    spill(folder / "b.npz", sound.substr(0, bytes));
    EXPECT_THROW(inspect_file(folder / "b.npz"), FormatError) << "cut after " << bytes;
  }
  std::string other = sound;
  other[sound.find("NUMPY") + 130] ^= 1;  // a value: the checksum tells
  spill(folder / "b.npz", other);
  EXPECT_THROW(inspect_file(folder / "b.npz"), FormatError);
}

TEST(Inspect, RemarksOnForeignDtypes) {
  const TempFolder folder;
  const std::string json = R"({"a":{"dtype":"F8_E4M3","shape":[3],"data_offsets":[0,3]}} )";
  spill(folder / "a",
        std::string(1, static_cast<char>(json.size())) + std::string(7, '\0') + json + "abc");
  const FileReport report = inspect_file(folder / "a");
  EXPECT_EQ(report.tensors.at(0).dtype, "F8_E4M3");
  EXPECT_EQ(report.remarks.size(), 1u);
}

TEST(Inspect, SaysWhatIsWrong) {
  const TempFolder folder;
  const auto error = [&](const std::string& name, const std::string& bytes) {
    spill(folder / name, bytes);
    try {
      inspect_file(folder / name);
    } catch (const FormatError& e) {
      return std::string(e.what());
    }
    return std::string();
  };
  EXPECT_NE(error("a", "hello").find("a] of no known format"), std::string::npos);
  EXPECT_NE(error("a", "").find("of no known format"), std::string::npos);
  EXPECT_NE(error("a.safetensors", "abc").find("truncated"), std::string::npos);
  EXPECT_NE(error("a.npz", "abc").find("truncated, or no zip archive"), std::string::npos);
  EXPECT_NE(error("a.npy", "abc").find("truncated"), std::string::npos);
  EXPECT_NE(error("a.png", "abc").find("truncated"), std::string::npos);
  EXPECT_NE(error("a.png", std::string(30, 'x')).find("no PNG file"), std::string::npos);
  EXPECT_NE(error("a-ubyte", "a").find("truncated"), std::string::npos);
  EXPECT_THROW(inspect_file(folder / "none"), IoError);
}

}  // namespace
}  // namespace strata
