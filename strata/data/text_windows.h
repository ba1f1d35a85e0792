#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "strata/data/dataset.h"
#include "strata/text/char_vocabulary.h"

namespace strata {

/// A text as numbers: the front to learn from, the rest to judge by.
struct CharText {
  CharVocabulary vocabulary;
  Tensor train;  ///< i64[about 90 % of the characters]
  Tensor test;   ///< i64[the rest]
};

/// Numbers the characters of `text` by its own vocabulary and cuts it at int(0.9 n). Throws
/// ValueError for fewer than eleven characters.
CharText split_text(std::string_view text);
/// The same by a given vocabulary. Throws ValueError for characters that it lacks.
CharText split_text(std::string_view text, CharVocabulary vocabulary);
/// The content of a text file, also packed by gzip. Throws IoError; FormatError for an empty one,
/// beyond 1 GiB and for what is not UTF-8 or holds the character 0.
std::string load_text(const std::string& path);

/// A text of about `characters` characters made by rule: sentences over a small set of words. The
/// stand-in where there is no data; the same for the same seed.
std::string generate_text(int64_t characters, uint64_t seed = 0);

struct TextWindowsConfig {
  int64_t length = 100;  ///< numbers that go in; the targets are the ones that follow each
  int64_t batch = 32;    ///< windows in a batch
  uint64_t seed = 0;     ///< of the windows' places
};

/// Windows at random places of a sequence of numbers (characters or tokens). A batch is a function
/// of seed, epoch and number alone, so that a resumed run sees what an unbroken one would.
class TextWindows {
 public:
  /// `ids` is i64[n]. Throws ShapeError, DTypeError; ValueError for settings below 1 and a text of
  /// fewer than length + 1 numbers.
  TextWindows(Tensor ids, const TextWindowsConfig& config);

  /// As many as together hold about as many numbers as the text; at least one.
  int64_t batches_per_epoch() const;
  /// x i64[batch, length], and y of the same shape: x moved on by one.
  Batch get(int64_t epoch, int64_t batch) const;

 private:
  Tensor ids_;
  TextWindowsConfig config_;
};

}  // namespace strata
