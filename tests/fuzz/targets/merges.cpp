#include "strata/text/byte_bpe.h"
#include "strata/text/inspect_tokenizer.h"
#include "tests/fuzz/target.h"
#include "tests/fuzz/use_tokenizer.h"

namespace strata::fuzz {

Target merges_target() {
  return {.name = "merges",
          .files = {"vocab.json", "merges.txt"},
          .seeds = {"text"},
          .read = [](const std::string& path) {
            inspect_tokenizer(path);
            use_tokenizer(ByteBpe::load(path));
          }};
}

}  // namespace strata::fuzz
