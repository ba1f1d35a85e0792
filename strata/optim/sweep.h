#pragma once

#include <span>

#include "strata/kernels/cpu/sweep.h"
#include "strata/kernels/optim.h"
#include "strata/tensor/on_device.h"

namespace strata {

/// The gradient that most rules begin with: turned under `maximize`, with coupled weight decay
/// taken in.
template <class T>
struct DecayedGradient {
  T decay;
  bool maximize;

  T operator()(T g, T p) const {
    if (maximize) g = -g;
    return decay != 0 ? g + decay * p : g;
  }
};

/// The elements [begin, end) of one part, through a rule with `slots` state values an element.
template <int slots, class T, class Rule>
void update_elements(const Rule& rule, const kernels::OptimPart& part, int64_t begin, int64_t end) {
  static_assert(slots >= 1 && slots <= 3);
  auto* p = static_cast<T*>(part.param);
  const auto* g = static_cast<const T*>(part.grad);
  auto* a = static_cast<T*>(part.state[0]);
  auto* b = static_cast<T*>(part.state[1]);
  auto* c = static_cast<T*>(part.state[2]);
  for (int64_t i = begin; i < end; ++i) {
    if constexpr (slots == 1) rule(p[i], g[i], a[i]);
    if constexpr (slots == 2) rule(p[i], g[i], a[i], b[i]);
    if constexpr (slots == 3) rule(p[i], g[i], a[i], b[i], c[i]);
  }
}

/// The loop of the optimisers that have no kernel of their own: one parallel sweep over all
/// elements of all parts. `make(part, T{})` gives the rule of a part, in the elements' type T (f32
/// or f64), from any thread; `rule(p, g, state...)` updates one element and its state. Takes no
/// memory.
template <int slots, class Make>
void sweep_elements(const char* name, const Tensor& like, std::span<const kernels::OptimPart> parts,
                    const Make& make) {
  on_cpu(name, like, [&](Cpu) {
    const auto sweep = [&]<class T>(T zero) {
      kernels::for_sweep_chunks(parts, [&](const kernels::SweepChunk& c) {
        const kernels::OptimPart& part = parts[c.part];
        update_elements<slots, T>(make(part, zero), part, c.begin, c.end);
      });
    };
    if (like.dtype() == DType::f64) {
      sweep(0.0);
    } else {
      sweep(0.0f);
    }
  });
}

}  // namespace strata
