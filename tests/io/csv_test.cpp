#include "strata/io/csv.h"

#include <cmath>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "strata/base/error.h"
#include "strata/io/file.h"
#include "tests/support/hostile.h"
#include "tests/support/message.h"
#include "tests/support/temp_folder.h"

namespace strata {
namespace {

using testing::message;
using testing::TempFolder;

CsvTable read(const std::string& text, const CsvOptions& options = {}) {
  const TempFolder folder;
  write_file(folder / "a.csv", text);
  return read_csv(folder / "a.csv", options);
}

/// The text of the error without the file's name.
std::string fault(const std::string& text, const CsvOptions& options = {}) {
  const std::string all = message<FormatError>([&] { read(text, options); });
  return all.substr(all.find(".csv] ") + 6);
}

using Texts = std::vector<std::string>;

TEST(Csv, ReadsQuotesAndLineEndsInThem) {
  for (const std::string end : {"\n", "\r\n", "\r"}) {
    const CsvTable t = read("name,text" + end + "a,\"x, \"\"y\"\"\"" + end + end + "\"b\",\"two" +
                            end + "lines\"" + end + "c," + end);
    EXPECT_EQ(t.names(), Texts({"name", "text"}));
    EXPECT_EQ(t.rows(), 3);
    EXPECT_EQ(t.texts("name"), Texts({"a", "b", "c"}));
    EXPECT_EQ(t.texts("text"), Texts({"x, \"y\"", "two" + end + "lines", ""}));
  }
  // No line end at the end; a byte order mark; another delimiter; no header.
  EXPECT_EQ(read("\xEF\xBB\xBF"
                 "a;b\n1;2",
                 {.delimiter = ';'})
                .texts("b"),
            Texts({"2"}));
  const CsvTable bare = read("1,2\n3,\n", {.header = false});
  EXPECT_EQ(bare.names(), Texts({"0", "1"}));
  EXPECT_EQ(bare.texts("1"), Texts({"2", ""}));
  EXPECT_EQ(read("a\nx\ry\n").texts("a"), Texts({"x", "y"}));
  EXPECT_EQ(read("a,b\n").rows(), 0);
}

TEST(Csv, KnowsWhatColumnsHold) {
  const CsvTable t = read(
      "whole,real,gap,text,large\n"
      "1, 2.5,7,x,99999999999999999999\n"
      "-3,1e-3,,7,1e999\n"
      "+4,inf,NA,NA,-1e-999\n");
  EXPECT_EQ(t.kind("whole"), CsvKind::integer);
  EXPECT_EQ(t.kind("real"), CsvKind::real);
  EXPECT_EQ(t.kind("gap"), CsvKind::real);
  EXPECT_EQ(t.kind("text"), CsvKind::text);
  EXPECT_EQ(t.kind("large"), CsvKind::real);
  EXPECT_EQ(t.integers("whole").to_vector<int64_t>(), std::vector<int64_t>({1, -3, 4}));
  const auto real = t.reals("real").to_vector<double>();
  EXPECT_EQ(real[0], 2.5);
  EXPECT_EQ(real[1], 1e-3);
  EXPECT_EQ(real[2], INFINITY);
  const auto gap = t.reals("gap").to_vector<double>();
  EXPECT_EQ(gap[0], 7);
  EXPECT_TRUE(std::isnan(gap[1]) && std::isnan(gap[2]));
  EXPECT_EQ(t.reals("large").to_vector<double>(), std::vector<double>({1e20, INFINITY, -0.0}));
  EXPECT_EQ(describe(t.matrix({"real", "whole"})), "f32[3, 2]");
  EXPECT_EQ(t.matrix({"whole", "real"}).to_vector<float>()[3], 1e-3f);
  const CsvCodes codes = t.codes("text");
  EXPECT_EQ(codes.names, Texts({"7", "x"}));
  EXPECT_EQ(codes.codes.to_vector<int64_t>(), std::vector<int64_t>({1, 0, -1}));
}

TEST(Csv, NumbersBeyondADoubleAreInfinityOr0) {
  const std::string zeros(400, '0');
  const CsvTable t = read("x\n0." + zeros + "1\n-" + zeros + "." + zeros + "1\n1" + zeros + "\n-1" +
                          zeros + ".5\n0." + zeros + "1e900\n1" + zeros +
                          "e-900\n1e99999999999\n1E-99999999999\n+1e+999\n");
  const auto x = t.reals("x").to_vector<double>();
  EXPECT_EQ(x,
            std::vector<double>({0, 0, INFINITY, -INFINITY, INFINITY, 0, INFINITY, 0, INFINITY}));
  EXPECT_TRUE(std::signbit(x[1]));
}

TEST(Csv, ErrorsSayWhere) {
  EXPECT_EQ(fault("a,b\n1,2\n\n3\n"),
            "line 4, column 2: the row has 1 values, the table 2 columns");
  EXPECT_EQ(fault("a,b\n1,2,3\n"), "line 2, column 3: the row has 3 values, the table 2 columns");
  EXPECT_EQ(fault("a,b\n1,\"x\ny\n"), "line 2, column 2: a quote is not closed");
  EXPECT_EQ(fault("a,b\r1,\"x\ry\r\nz\"\r\r3\r"),
            "line 6, column 2: the row has 1 values, the table 2 columns");
  EXPECT_EQ(fault("a,b\n\"1\n2\" ,3\n"), "line 3, column 1: something follows the closing quote");
  EXPECT_EQ(fault("a,b\n1,x\"y\n"),
            "line 2, column 2: a quote stands inside of a value without quotes");
  EXPECT_EQ(fault("a,b, a\n"), "line 1, column 3: the name 'a' comes twice");
  EXPECT_EQ(fault(std::string("a\n1\0\n", 5)),
            "line 2, column 1: a byte of 0: is this a text file?");
  EXPECT_EQ(fault("\n\n"), "no CSV file: it is empty");
  const CsvTable t = read("a,b\n1,\"x\ny\"\n2,1.5\n");
  const auto of = [](const std::string& all) { return all.substr(all.find(".csv] ") + 6); };
  EXPECT_EQ(of(message<FormatError>([&] { t.reals("b"); })),
            "line 2, column 2: 'x\ny' is no number");
  EXPECT_EQ(of(message<FormatError>([&] { read("a\n1\n\n1.5\n").integers("a"); })),
            "line 4, column 1: '1.5' is no whole number");
  EXPECT_NE(message<IndexError>([&] { t.texts("c"); }).find("there are a, b"), std::string::npos);
  EXPECT_THROW(read_csv("/nowhere.csv"), IoError);
  EXPECT_THROW(read("a\n1234567890\n", {.most_bytes = 5}), FormatError);
}

TEST(Csv, SurvivesAnyBytes) {
  const TempFolder folder;
  testing::survive_byte_changes(folder / "a.csv", "a,b\r\n\"1\"\"\n\",2\n3,4.5e6\n",
                                [](const std::string& path) {
                                  const CsvTable t = read_csv(path);
                                  for (const std::string& name : t.names()) t.codes(name);
                                });
}

}  // namespace
}  // namespace strata
