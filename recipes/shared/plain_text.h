#pragma once

#include <string>

#include "recipes/recipe.h"

namespace strata::recipes {

/// The characters of the collection of Shakespeare's plays that such models are mostly shown on,
/// with which the vocabulary of a character model starts.
inline constexpr const char* kPlaysCharacters =
    "\n !$&',-.3:;?ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";

/// The text of the file `source.data`, or without it a generated one. Throws IoError, FormatError.
std::string text_of(const Source& source);

/// The characters that occur in the file `source.data`; without one `otherwise`. Throws as text_of.
std::string characters_of(const Source& source, const std::string& otherwise);

}  // namespace strata::recipes
