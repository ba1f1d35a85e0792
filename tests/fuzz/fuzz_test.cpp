// The fuzzers' targets without a fuzzer: on their seeds, among them all that once did harm, and on
// a few hundred damaged copies, the same ones each time.
#include <algorithm>
#include <cstdint>
#include <exception>

#include <gtest/gtest.h>

#include "tests/fuzz/target.h"
#include "tests/support/temp_folder.h"

namespace strata::fuzz {
namespace {

class Damage {
 public:
  /// One to four changes: a byte, a piece cut out or doubled, another input's piece, the end.
  std::string of(std::string bytes, const std::string& other) {
    for (size_t n = 1 + below(4); n > 0; --n) {
      const size_t at = below(bytes.size() + 1),
                   length = below(1 + std::min<size_t>(64, bytes.size() - at));
      switch (below(6)) {
        case 0:
        case 1:
          if (at < bytes.size()) bytes[at] = kBytes[below(kBytes.size())];
          break;
        case 2: bytes.erase(at, length); break;
        case 3: bytes.insert(at, bytes.substr(at, length)); break;
        case 4: bytes.insert(at, other.substr(below(other.size() + 1), 32)); break;
        default: bytes.resize(at); break;
      }
    }
    return bytes;
  }

  size_t below(size_t n) {
    state_ = state_ * 6364136223846793005u + 1442695040888963407u;
    return static_cast<size_t>(state_ >> 33) % n;
  }

 private:
  const std::string kBytes = std::string("\0\x01\x7f\x80\xff\"{}[]:,.-09", 16);
  uint64_t state_ = 1;
};

TEST(Fuzz, SoundSeedsAreRead) {
  for (const Target& target : all_targets()) {
    const testing::TempFolder folder;
    const std::vector<Input> seeds = seeds_of(target);
    EXPECT_TRUE(std::any_of(seeds.begin(), seeds.end(), [](const Input& i) { return i.sound; }))
        << target.name << " has no sound seed";
    for (const Input& seed : seeds) {
      if (!seed.sound) continue;
      EXPECT_EQ(read_input(target, folder.path(), seed.bytes), "")
          << target.name << ", " << seed.name;
    }
  }
}

TEST(Fuzz, DamagedFilesGiveErrorsAndNothingElse) {
  constexpr size_t kCopies = 300;
  for (const Target& target : all_targets()) {
    const testing::TempFolder folder;
    std::vector<Input> inputs = seeds_of(target);
    const size_t seeds = inputs.size();
    Damage damage;
    for (size_t i = 0; i < kCopies; ++i) {
      inputs.push_back({"copy " + std::to_string(i), damage.of(inputs[damage.below(seeds)].bytes,
                                                               inputs[damage.below(seeds)].bytes)});
    }
    for (const Input& input : inputs) {
      try {
        read_input(target, folder.path(), input.bytes);
      } catch (const std::exception& e) {
        ADD_FAILURE() << target.name << ", " << input.name << ": " << e.what();
      }
    }
  }
}

}  // namespace
}  // namespace strata::fuzz
