#include "strata/text/byte_bpe.h"
#include "strata/text/inspect_tokenizer.h"
#include "strata/text/wordpiece.h"
#include "tests/fuzz/target.h"
#include "tests/fuzz/use_tokenizer.h"

namespace strata::fuzz {

Target tokenizer_target() {
  return {
      .name = "tokenizer",
      .files = {"tokenizer.json"},
      .seeds = {"text/tokenizer.json", "text/wordpiece_cased.json", "text/wordpiece_uncased.json"},
      .read = [](const std::string& path) {
        if (inspect_tokenizer(path).kind == "WordPiece") {
          use_tokenizer(WordPiece::load(path));
        } else {
          use_tokenizer(ByteBpe::load(path));
        }
      }};
}

}  // namespace strata::fuzz
