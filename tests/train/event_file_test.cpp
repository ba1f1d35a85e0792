#include "strata/train/event_file.h"

#include <limits>
#include <vector>

#include <fmt/format.h>
#include <gtest/gtest.h>

#include "strata/base/error.h"
#include "tests/support/temp_folder.h"

namespace strata::train {
namespace {

using testing::slurp;
using testing::TempFolder;

std::string hex(std::string_view bytes) {
  std::string out;
  for (const char c : bytes) out += fmt::format("{:02x}", static_cast<uint8_t>(c));
  return out;
}

TEST(EventFile, ChecksumIsTheOneOfRfc3720) {
  EXPECT_EQ(crc32c(""), 0u);
  EXPECT_EQ(crc32c("123456789"), 0xe3069283u);
  EXPECT_EQ(crc32c(std::string(32, '\0')), 0x8a9136aau);
  EXPECT_EQ(crc32c(std::string(32, '\xff')), 0x62a8ab43u);
}

// The bytes of TensorBoard's own writer, from tools/golden/event_file.py.
TEST(EventFile, RecordsAreThoseOfTensorBoardsWriter) {
  EXPECT_EQ(hex(tf_record(version_event(1700000000.25))),
            "1800000000000000a37f4b220900001040fc54d9411a0d627261696e2e4576656e743a32338d2fe9");
  EXPECT_EQ(hex(tf_record(session_event(1700000000.5, 301))),
            "100000000000000095fbfe180900002040fc54d94110ad023a020801596f3f79");
  const std::vector<ScalarValue> two = {{"loss", 0.125}, {"relative FID", -3.0e-7}};
  EXPECT_EQ(hex(tf_record(scalars_event(1700000001.75, 300, two))),
            "300000000000000095f5d05f0900007040fc54d94110ac022a220a0b0a046c6f7373150000003e0a"
            "130a0c72656c61746976652046494415b00fa1b4afb15d0e");
  const std::vector<ScalarValue> one = {
      {std::string(200, 't'), std::numeric_limits<double>::infinity()}};
  const std::string record = tf_record(scalars_event(1700000001.75, 0, one));
  EXPECT_EQ(record.size(), 239u);
  EXPECT_EQ(hex(record.substr(0, 36)),
            "df000000000000005327f0710900007040fc54d9412ad3010ad0010ac801747474747474");
  EXPECT_EQ(hex(record.substr(record.size() - 9)), "150000807f2e2c0f44");
}

TEST(EventFile, EachSessionHasAFileOfItsOwn) {
  const TempFolder folder;
  EventFile first(folder.path(), 1), second(folder.path(), 40);
  EXPECT_NE(first.path(), second.path());
  EXPECT_LT(first.path(), second.path());  // viewers read them in the order of their names
  const std::string before = slurp(second.path());
  const std::vector<ScalarValue> loss = {{"loss", 0.5}};
  second.add(41, loss);
  EXPECT_EQ(slurp(first.path()).size(), before.size());
  const std::string after = slurp(second.path());
  ASSERT_TRUE(after.starts_with(before));
  const auto event = after.substr(before.size() + 12, after.size() - before.size() - 16);
  EXPECT_TRUE(event.ends_with(scalars_event(0, 41, loss).substr(9)));  // behind the time
}

TEST(EventFile, AFolderThatIsMissingIsAnError) {
  EXPECT_THROW(EventFile("/nowhere/at/all", 1), IoError);
}

}  // namespace
}  // namespace strata::train
