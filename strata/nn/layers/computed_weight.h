#pragma once

#include <concepts>
#include <cstdint>
#include <memory>
#include <mutex>
#include <shared_mutex>
#include <utility>
#include <vector>

#include "strata/nn/module.h"
#include "strata/tape/grad_mode.h"

namespace strata::nn {

/// A layer of one input with a weight of its own.
template <class Layer>
concept Weighted = std::derived_from<Layer, Module> && requires(Layer layer) {
  { layer.weight } -> std::same_as<Tensor&>;
};

/// How the member "weight" of a layer lies in files.
Layout weight_layout(Module& layer);

/// The axis in memory of axis `axis` in files, of tensors with that many axes.
int memory_axis(Layout layout, int rank, int axis);

/// Lists what the layer lists, but for its weight.
void members_but_weight(Module& layer, Visitor& v);

/// The place of a layer's weight that is computed from other tensors: what WeightNorm and
/// SpectralNorm share.
class ComputedWeight {
 public:
  ComputedWeight() : mutex_(std::make_unique<std::shared_mutex>()) {}

  /// `call()` while `compute()` stands in `weight`. Where no gradients are recorded it is left
  /// there until one of its sources is written to, unless it `changes` by itself. Any number of
  /// threads may call; those that find the weight there do so at once, others one by one. `call()`
  /// must not come back here.
  template <class Compute, class Call>
  Tensor with(Tensor& weight, const std::vector<Tensor>& sources, bool changes, Compute compute,
              Call call) {
    const bool stays = !grad_enabled() && !changes;
    if (stays) {
      const std::shared_lock lock(*mutex_);
      if (made_of(sources)) return call();
    }
    const std::unique_lock lock(*mutex_);
    if (stays) {
      if (!made_of(sources)) {
        weight = compute();
        remember(sources);
      }
      return call();
    }
    sources_.clear();
    const Emptied after(weight);
    weight = compute();
    return call();
  }

 private:
  /// A weight that stayed would keep the whole graph alive.
  class Emptied {
   public:
    explicit Emptied(Tensor& t) : t_(t) {}
    ~Emptied() { t_ = {}; }
    Emptied(const Emptied&) = delete;
    Emptied& operator=(const Emptied&) = delete;

   private:
    Tensor& t_;
  };

  bool made_of(const std::vector<Tensor>& sources) const;
  void remember(const std::vector<Tensor>& sources);

  std::unique_ptr<std::shared_mutex> mutex_;  // of the weight and of sources_

  std::vector<std::pair<Tensor, uint32_t>> sources_;  // and their versions
};

}  // namespace strata::nn
