#include "recipes/shared/plain_text.h"

#include "strata/data/text_windows.h"

namespace strata::recipes {
namespace {

constexpr int64_t kGeneratedCharacters = 100'000;

}  // namespace

std::string text_of(const Source& source) {
  return source.data.empty() ? generate_text(kGeneratedCharacters) : load_text(source.data);
}

}  // namespace strata::recipes
