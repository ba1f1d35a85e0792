#pragma once

#include <string>

#include "recipes/recipe.h"
#include "strata/text/char_vocabulary.h"

namespace strata::recipes {

/// The characters of the collection of Shakespeare's plays that such models are mostly shown on,
/// with which the vocabulary of a character model starts.
inline constexpr const char* kPlaysCharacters =
    "\n !$&',-.3:;?ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";

/// Recipe::data of those that read such a text.
inline constexpr const char* kTextData =
    "a text file, also packed by gzip, or a folder that holds tiny_shakespeare.txt; its last tenth "
    "is kept apart to judge; without --data, sentences made by rule";

/// The text of the file `source.data` or of a folder's tiny_shakespeare.txt, or without it a
/// generated one. Throws IoError, FormatError.
std::string text_of(const Source& source);

/// The characters that occur in that text where `source.data` is given; without it `otherwise`.
/// Throws as text_of.
std::string characters_of(const Source& source, const std::string& otherwise);

/// The vocabulary of the setting `characters`. Throws ValueError where there are none.
CharVocabulary vocabulary_for(const std::string& characters);

}  // namespace strata::recipes
