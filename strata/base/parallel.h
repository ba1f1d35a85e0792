#pragma once

#include <cstdint>

#include "strata/base/function_ref.h"

namespace strata {

/// Threads that a parallel loop may use: all cores unless set. Results never depend on it.
int thread_count();

/// Sets the number of threads for the whole process. Throws ValueError unless 1 <= n <= 1024.
void set_thread_count(int n);

/// Calls body(begin, end) on ranges that together cover [0, n) once. Inner boundaries are multiples
/// of `grain`; ranges may be merged, so use it where the result does not depend on the partition.
/// Runs in the caller's thread when n <= grain or inside another parallel loop. An exception thrown
/// by body is rethrown here after the loop has ended.
void parallel_for(int64_t n, int64_t grain, FunctionRef<void(int64_t, int64_t)> body);

/// Which thread calls what. With `blocks` each has a block of neighbours, the same from loop to
/// loop, and helps the others when it is done: it finds in its caches what it left there. With
/// `in_turn` each takes the next call of all, so that threads read beside each other: for loops
/// over more than the caches hold, which the memory serves some percent faster so.
enum class Sharing { blocks, in_turn };

/// Calls body(i) once for each i in [0, n), each call a unit of work of its own. The unit of
/// deterministic reductions: the partition is the caller's, so it follows the shape alone.
void parallel_chunks(int64_t n, FunctionRef<void(int64_t)> body, Sharing sharing = Sharing::blocks);

}  // namespace strata
