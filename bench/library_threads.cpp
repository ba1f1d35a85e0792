#include "bench/library_threads.h"

#include <dlfcn.h>

namespace strata::bench {

// Asked of the OpenMP that oneDNN has brought along: the compiler's own may be another one.
void limit_library_threads(int most) {
  using Set = void (*)(int);
  const auto set = reinterpret_cast<Set>(dlsym(RTLD_DEFAULT, "omp_set_num_threads"));
  if (set) set(most);
}

}  // namespace strata::bench
