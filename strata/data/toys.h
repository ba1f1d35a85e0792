#pragma once

#include <cstdint>

#include "strata/data/dataset.h"

namespace strata {

/// Two half circles that reach into each other: points f32[count, 2] and classes i64[count], which
/// alternate. `noise` is the standard deviation of what is added to each coordinate. Throws
/// ValueError for a negative count or noise.
TensorDataset two_moons(int64_t count, double noise = 0.1, uint64_t seed = 0);

/// `arms` spirals that start at the origin and turn `turns` times: points f32[count, 2] within the
/// unit circle (but for the noise) and classes i64[count], which follow each other in turn. Throws
/// ValueError for a negative count or noise and fewer than two arms.
TensorDataset spirals(int64_t count, int arms = 3, double noise = 0.03, double turns = 0.75,
                      uint64_t seed = 0);

/// Circles around the origin, of radius 1/rings, 2/rings ... 1: points f32[count, 2] and classes
/// i64[count], from the innermost, which follow each other in turn. Throws ValueError for a
/// negative count or noise and fewer than two rings.
TensorDataset rings(int64_t count, int rings = 2, double noise = 0.05, uint64_t seed = 0);

/// Two classes on both sides of a line through the square from -1 to 1, at least `margin` away
/// from it, so that a perceptron can tell them apart: points f32[count, 2] and classes i64[count],
/// which alternate. The line, too, follows the seed. Throws ValueError for a negative count and a
/// margin outside of [0, 0.5].
TensorDataset lines(int64_t count, double margin = 0.1, uint64_t seed = 0);

/// The adding problem (Hochreiter and Schmidhuber 1997): sequences f32[count, length, 2] of pairs,
/// a number from 0 to 1 and a mark, which is 1 at one place of each half and 0 elsewhere; the
/// target, f32[count, 1], is the sum of the two marked numbers. Who says 1 always is wrong by 1/6
/// in the mean square. Throws ValueError for a negative count and fewer than two steps.
TensorDataset adding_problem(int64_t count, int64_t length, uint64_t seed = 0);

}  // namespace strata
