// Shares memory with another library by DLPack, both ways and without a copy. The other library is
// played by `Foreign`: whatever speaks DLPack (NumPy, PyTorch, CuPy, ...) does the same.
#include <cstdio>
#include <vector>

#include <dlpack/dlpack.h>

#include "strata/strata.h"
#include "strata/tensor/dlpack.h"

using namespace strata;

namespace {

/// A matrix of three columns that somebody else owns.
struct Foreign {
  std::vector<float> values = {1, 2, 3, 4, 5, 6};
  int64_t shape[2] = {3, 2}, strides[2] = {1, 3};  // column by column
  bool returned = false;
  DLManagedTensor managed{};

  DLManagedTensor* lend() {
    managed.dl_tensor = {values.data(), {kDLCPU, 0}, 2, {kDLFloat, 32, 1}, shape, strides, 0};
    managed.manager_ctx = this;
    managed.deleter = [](DLManagedTensor* self) {
      static_cast<Foreign*>(self->manager_ctx)->returned = true;
    };
    return &managed;
  }
};

}  // namespace

int main() {
  Foreign foreign;
  double total = 0;
  {
    const Tensor seen = from_dlpack(foreign.lend());
    const auto row = select(seen, 0, 1).to_vector<float>();
    std::printf("%s, second row %g %g\n", describe(seen).c_str(), row[0], row[1]);
    total = sum(seen).item<double>();
  }
  std::printf("sum %g; the memory was %s\n", total, foreign.returned ? "given back" : "kept");

  DLManagedTensor* lent = to_dlpack(transpose(tensor({{1.f, 2.f}, {3.f, 4.f}}), 0, 1));
  const auto* data = static_cast<const float*>(lent->dl_tensor.data);
  const float corner = data[lent->dl_tensor.strides[1]];  // row 0, column 1 of the transpose
  std::printf("lent: %d axes, element [0, 1] is %g\n", lent->dl_tensor.ndim, corner);
  lent->deleter(lent);
  return total == 21 && foreign.returned && corner == 3 ? 0 : 1;
}
