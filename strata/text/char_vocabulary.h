#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace strata {

/// Numbers for the characters (Unicode code points) of a text: 0 ... size() - 1 in the order of the
/// code points. Bytes that are not UTF-8 count as U+FFFD, see first_character.
class CharVocabulary {
 public:
  /// The distinct characters of `text`.
  static CharVocabulary of(std::string_view text);
  /// The given characters, which a model keeps beside its weights. Throws ValueError unless they
  /// ascend.
  explicit CharVocabulary(std::vector<int64_t> code_points);

  int64_t size() const { return static_cast<int64_t>(code_points_.size()); }
  const std::vector<int64_t>& code_points() const { return code_points_; }

  /// The number of each character. Throws ValueError for a character that is not in it.
  std::vector<int64_t> encode(std::string_view text) const;
  /// The text of numbers. Throws IndexError outside of 0 ... size() - 1.
  std::string decode(std::span<const int64_t> ids) const;

 private:
  std::vector<int64_t> code_points_;
};

}  // namespace strata
