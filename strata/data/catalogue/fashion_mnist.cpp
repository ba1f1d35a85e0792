#include "strata/data/catalogue/data_set.h"

namespace strata::catalogue {

DataSetInfo fashion_mnist() {
  const std::string folder =
      "https://raw.githubusercontent.com/zalandoresearch/fashion-mnist/master/data/fashion/";
  return {
      .name = "fashion-mnist",
      .title = "Fashion-MNIST",
      .what = "clothes in ten classes, in MNIST's format: 60,000 to train, 10,000 to test",
      .files = {{.name = "train-images-idx3-ubyte",
                 .what = "60,000 images",
                 .bytes = 47'040'016,
                 .md5 = "8d4fb7e6c68d591d4c3dfef9ec88bf0d",
                 .shape = {60'000, 28, 28},
                 .url = folder + "train-images-idx3-ubyte.gz"},
                {.name = "train-labels-idx1-ubyte",
                 .what = "60,000 labels",
                 .bytes = 60'008,
                 .md5 = "25c81989df183df01b3e8a0aad5dffbe",
                 .shape = {60'000},
                 .url = folder + "train-labels-idx1-ubyte.gz"},
                {.name = "t10k-images-idx3-ubyte",
                 .what = "10,000 images",
                 .bytes = 7'840'016,
                 .md5 = "bef4ecab320f06d8554ea6380940ec79",
                 .shape = {10'000, 28, 28},
                 .url = folder + "t10k-images-idx3-ubyte.gz"},
                {.name = "t10k-labels-idx1-ubyte",
                 .what = "10,000 labels",
                 .bytes = 10'008,
                 .md5 = "bb300cfdad3c16e7a12a480ee83cd310",
                 .shape = {10'000},
                 .url = folder + "t10k-labels-idx1-ubyte.gz"}},
      .source = "https://github.com/zalandoresearch/fashion-mnist",
      .licence = "MIT (Zalando)",
      .instead = "digits",
  };
}

}  // namespace strata::catalogue
