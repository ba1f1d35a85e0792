#include "strata/data/catalogue/data_set.h"

namespace strata::catalogue {

DataSetInfo mnist() {
  return {
      .name = "mnist",
      .title = "MNIST",
      .what = "handwritten digits, 28 x 28 grey: 60,000 to train, 10,000 to test",
      .files = {{"train-images-idx3-ubyte", "60,000 images", 47'040'016, 0xe9f4d8b3},
                {"train-labels-idx1-ubyte", "60,000 labels", 60'008, 0xe0cb4ad2},
                {"t10k-images-idx3-ubyte", "10,000 images", 7'840'016, 0x91373bdf},
                {"t10k-labels-idx1-ubyte", "10,000 labels", 10'008, 0x4ab9eff9}},
      .source = "https://yann.lecun.com/exdb/mnist, https://github.com/cvdfoundation/mnist",
      .licence = "CC BY-SA 3.0 (LeCun, Cortes, Burges)",
      .instead = "digits",
  };
}

}  // namespace strata::catalogue
