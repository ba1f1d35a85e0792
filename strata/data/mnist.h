#pragma once

#include <string>

#include "strata/data/dataset.h"

namespace strata {

/// MNIST, or anything with its four files (Fashion-MNIST, KMNIST): images, in batches f32[N, 28,
/// 28, 1] in 0 ... 1, white on black, and labels i64[N]. The files may be packed by gzip, be called
/// "train-images-idx3-ubyte" or "train-images.idx3-ubyte", and stand in `folder` or in "MNIST/raw"
/// below it. Throws IoError, which names what is missing, and FormatError.
TensorDataset load_mnist(const std::string& folder, Split split);

/// The path of one of those files by its first name, packed or not; empty where there is none.
std::string find_mnist_file(const std::string& folder, const std::string& name);

}  // namespace strata
