#include "strata/text/inspect_tokenizer.h"
#include "strata/text/wordpiece.h"
#include "tests/fuzz/target.h"
#include "tests/fuzz/use_tokenizer.h"

namespace strata::fuzz {

Target vocabulary_target() {
  return {.name = "vocabulary",
          .files = {"vocab.txt", "tokenizer_config.json"},
          .seeds = {"folders/bert-masks", "folders/bert-sentences"},
          .read = [](const std::string& path) {
            inspect_tokenizer(path);
            use_tokenizer(WordPiece::load(path));
          }};
}

}  // namespace strata::fuzz
