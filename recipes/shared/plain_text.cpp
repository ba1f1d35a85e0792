#include "recipes/shared/plain_text.h"

#include <numeric>
#include <vector>

#include "strata/data/text_windows.h"
#include "strata/text/char_vocabulary.h"

namespace strata::recipes {
namespace {

constexpr int64_t kGeneratedCharacters = 100'000;

}  // namespace

std::string text_of(const Source& source) {
  return source.data.empty() ? generate_text(kGeneratedCharacters) : load_text(source.data);
}

std::string characters_of(const Source& source, const std::string& otherwise) {
  if (source.data.empty()) return otherwise;
  const CharVocabulary vocabulary = CharVocabulary::of(text_of(source));
  std::vector<int64_t> all(static_cast<size_t>(vocabulary.size()));
  std::iota(all.begin(), all.end(), 0);
  return vocabulary.decode(all);
}

}  // namespace strata::recipes
