#include <string>

#include "strata/text/tokenizer_folder.h"
#include "tests/fuzz/target.h"

namespace strata::fuzz {

Target token_files_target() {
  return {.name = "token_files",
          .files = {"tokenizer_config.json", "special_tokens_map.json", "added_tokens.json",
                    "config.json"},
          .read = [](const std::string& path) {
            const TokenizerFolder folder(path);
            std::string token = "[CLS]";
            folder.take_special("cls_token", token);
            for (const bool rebuilt : {false, true}) {
              std::vector<AddedToken> added;
              folder.add_tokens({{"[CLS]", 0}, {"word", 1}}, rebuilt, added);
            }
          }};
}

}  // namespace strata::fuzz
