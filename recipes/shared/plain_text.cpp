#include "recipes/shared/plain_text.h"

#include <filesystem>
#include <numeric>
#include <system_error>
#include <vector>

#include "strata/base/error.h"
#include "strata/data/text_windows.h"

namespace strata::recipes {
namespace {

constexpr int64_t kGeneratedCharacters = 100'000;
constexpr const char* kFileInFolder = "tiny_shakespeare.txt";  // as the catalogue calls it

}  // namespace

std::string text_of(const Source& source) {
  if (source.data.empty()) return generate_text(kGeneratedCharacters);
  std::error_code ignored;
  if (!std::filesystem::is_directory(source.data, ignored)) return load_text(source.data);
  const std::filesystem::path file = std::filesystem::path(source.data) / kFileInFolder;
  if (std::filesystem::exists(file, ignored)) return load_text(file.string());
  throw IoError(source.data, std::string("the folder holds no ") + kFileInFolder,
                "any other text is named by its file");
}

std::string characters_of(const Source& source, const std::string& otherwise) {
  if (source.data.empty()) return otherwise;
  const CharVocabulary vocabulary = CharVocabulary::of(text_of(source));
  std::vector<int64_t> all(static_cast<size_t>(vocabulary.size()));
  std::iota(all.begin(), all.end(), 0);
  return vocabulary.decode(all);
}

CharVocabulary vocabulary_for(const std::string& characters) {
  if (characters.empty()) throw ValueError("characters", "is empty: a network needs some to write");
  return CharVocabulary::of(characters);
}

}  // namespace strata::recipes
