#include "strata/kernels/von_mises.h"

#include <cmath>
#include <numbers>

#include "strata/kernels/cpu/draws.h"
#include "strata/kernels/cpu/open_unit.h"

namespace strata::kernels {
namespace {

constexpr double kPi = std::numbers::pi;

/// The parameter r > 1 of the wrapped Cauchy distribution that is drawn from, less 1: (1 - rho)^2 /
/// (2 rho), in a form that keeps its digits for a small k; its limit for a large one. Draws are
/// exact for any r.
double envelope(double k) {
  if (k > 1e10) return 0.5 / k;
  const double root = std::sqrt(1 + 4 * k * k), tau = 1 + root;
  const double rho = std::sqrt(tau) * 2 * k / ((std::sqrt(tau) + std::numbers::sqrt2) * (root + 1));
  return (1 - rho) * (1 - rho) / (2 * rho);
}

double draw(double loc, double k, const cpu::Source& source) {
  if (!(k > 0) || std::isnan(loc)) return NAN;
  k = std::fmax(k, 1e-300);  // whose reciprocal is a number: uniform to all digits
  const double r1 = std::isinf(k) ? 0 : envelope(k);
  double angle = 0;
  for (uint64_t attempt = 0; r1 > 0 && attempt < cpu::kAttempts; ++attempt) {
    const auto r = source.words(attempt);
    const double half = kPi / 2 * cpu::open_unit(r[0], r[1]), u = cpu::open_unit(r[2], r[3]);
    const double s = std::sin(half), t = std::cos(half);
    // 1 - cos(angle), where cos(angle) = (1 + r z) / (r + z) for z = cos(2 half).
    const double dip = 2 * r1 * s * s / (r1 + 2 * t * t), c = k * (r1 + dip);
    if (c * (2 - c) > u || std::log(c / u) + 1 - c >= 0) {
      angle = 2 * std::asin(std::sqrt(std::fmin(dip / 2, 1)));
      if (r[3] % 2 == 0) angle = -angle;
      break;
    }
  }
  const double turned = std::fmod(angle + loc, 2 * kPi);
  return turned < -kPi ? turned + 2 * kPi : turned >= kPi ? turned - 2 * kPi : turned;
}

}  // namespace

void von_mises_draws(Cpu, uint64_t seed, uint64_t stream, const Tensor& loc,
                     const Tensor& concentration, Tensor& y) {
  cpu::each_draw(seed, stream, loc, concentration, y, draw);
}

}  // namespace strata::kernels
