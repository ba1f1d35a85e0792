#include "strata/data/catalogue/data_set.h"

namespace strata::catalogue {

DataSetInfo tiny_shakespeare() {
  return {
      .name = "tiny-shakespeare",
      .title = "Tiny Shakespeare",
      .what = "40,000 lines of the plays in one text: what character models are shown on",
      .files = {{.name = "tiny_shakespeare.txt",
                 .what = "1,115,394 characters",
                 .bytes = 1'115'394,
                 .crc32 = 0xdf613551,
                 .url = "https://raw.githubusercontent.com/karpathy/char-rnn/master/data/"
                        "tinyshakespeare/input.txt"}},
      .source = "https://github.com/karpathy/char-rnn",
      .licence = "public domain",
      .instead = "sentences",
  };
}

}  // namespace strata::catalogue
