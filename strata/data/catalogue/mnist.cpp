#include "strata/data/catalogue/data_set.h"

namespace strata::catalogue {

DataSetInfo mnist() {
  const std::string folder = "https://storage.googleapis.com/cvdf-datasets/mnist/";
  return {
      .name = "mnist",
      .title = "MNIST",
      .what = "handwritten digits, 28 x 28 grey: 60,000 to train, 10,000 to test",
      .files = {{.name = "train-images-idx3-ubyte",
                 .what = "60,000 images",
                 .bytes = 47'040'016,
                 .crc32 = 0xe9f4d8b3,
                 .md5 = "f68b3c2dcbeaaa9fbdd348bbdeb94873",
                 .shape = {60'000, 28, 28},
                 .url = folder + "train-images-idx3-ubyte.gz"},
                {.name = "train-labels-idx1-ubyte",
                 .what = "60,000 labels",
                 .bytes = 60'008,
                 .crc32 = 0xe0cb4ad2,
                 .md5 = "d53e105ee54ea40749a09fcbcd1e9432",
                 .shape = {60'000},
                 .url = folder + "train-labels-idx1-ubyte.gz"},
                {.name = "t10k-images-idx3-ubyte",
                 .what = "10,000 images",
                 .bytes = 7'840'016,
                 .crc32 = 0x91373bdf,
                 .md5 = "9fb629c4189551a2d022fa330f9573f3",
                 .shape = {10'000, 28, 28},
                 .url = folder + "t10k-images-idx3-ubyte.gz"},
                {.name = "t10k-labels-idx1-ubyte",
                 .what = "10,000 labels",
                 .bytes = 10'008,
                 .crc32 = 0x4ab9eff9,
                 .md5 = "ec29112dd5afa0611ce80d1b7f02629c",
                 .shape = {10'000},
                 .url = folder + "t10k-labels-idx1-ubyte.gz"}},
      .source = "https://yann.lecun.com/exdb/mnist, https://github.com/cvdfoundation/mnist",
      .licence = "CC BY-SA 3.0 (LeCun, Cortes, Burges)",
      .instead = "digits",
  };
}

}  // namespace strata::catalogue
