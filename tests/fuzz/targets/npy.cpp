#include "strata/io/npy.h"

#include "tests/fuzz/target.h"

namespace strata::fuzz {

Target npy_target() {
  return {.name = "npy",
          .files = {"array.npy"},
          .seeds = {"io/le_f4.npy", "io/be_f2.npy", "io/be_i8.npy", "io/b1.npy", "io/fortran.npy",
                    "io/empty.npy", "io/scalar.npy", "io/v2.npy", "io/v3.npy"},
          .read = [](const std::string& path) { read_npy(path); }};
}

}  // namespace strata::fuzz
