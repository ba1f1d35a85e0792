#pragma once

namespace strata::bench {

/// Lets oneDNN, called from this thread, use no more threads than that: as many as our kernels.
void limit_library_threads(int most);

}  // namespace strata::bench
