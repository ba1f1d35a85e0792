#include "strata/data/catalogue/data_set.h"

namespace strata::catalogue {

DataSetInfo fashion_mnist() {
  return {
      .name = "fashion-mnist",
      .title = "Fashion-MNIST",
      .what = "clothes in ten classes, in MNIST's format: 60,000 to train, 10,000 to test",
      .files = {{"train-images-idx3-ubyte", "60,000 images", 47'040'016},
                {"train-labels-idx1-ubyte", "60,000 labels", 60'008},
                {"t10k-images-idx3-ubyte", "10,000 images", 7'840'016},
                {"t10k-labels-idx1-ubyte", "10,000 labels", 10'008}},
      .source = "https://github.com/zalandoresearch/fashion-mnist",
      .licence = "MIT (Zalando)",
      .instead = "digits",
  };
}

}  // namespace strata::catalogue
