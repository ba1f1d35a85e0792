#pragma once

#include <functional>
#include <initializer_list>
#include <optional>
#include <span>
#include <utility>
#include <vector>

#include "strata/tape/grad_mode.h"
#include "strata/tape/node.h"
#include "strata/tape/saved.h"

namespace strata {

/// Inputs of an op, by reference: `{x, weight, bias}`. Undefined ones are allowed.
using Inputs = std::initializer_list<std::reference_wrapper<const Tensor>>;

/// Throws GradError tagged `name` if a gradient of a gradient is being recorded.
void refuse_second_order(const char* name);

/// Marks a way back that is made of raw kernels: it works once, and under create_graph it throws a
/// clear error where it would otherwise record a silent zero.
template <class F>
struct Once {
  F f;
};
template <class F>
Once<F> once(F f) {
  return {std::move(f)};
}

namespace internal {

[[noreturn]] void graph_was_freed(const char* name);

template <class F>
struct IsOnce : std::false_type {};
template <class F>
struct IsOnce<Once<F>> : std::true_type {};

template <class F>
class ClosureNode final : public Node {
 public:
  ClosureNode(const char* name, F f) : Node(name), f_(std::move(f)) {}

  Grads backward(const std::vector<Tensor>& dys, Needs needs) override {
    if (!f_) graph_was_freed(name());
    const RunningNode running(*this);
    if constexpr (IsOnce<F>::value) {
      refuse_second_order(name());
      return call(f_->f, dys, needs);
    } else {
      return call(*f_, dys, needs);
    }
  }
  void forget() override { f_.reset(); }

 private:
  template <class G>
  Grads call(G& g, const std::vector<Tensor>& dys, Needs needs) {
    if constexpr (std::is_invocable_v<G&, const Tensor&, Needs>) {
      return g(dys[0], needs);
    } else {
      return g(dys, needs);
    }
  }

  std::optional<F> f_;
};

bool wants_record(std::span<const std::reference_wrapper<const Tensor>> inputs);
bool wants_record(std::span<const Tensor> inputs);

/// `y`, or another handle of its memory where recording on it would change a tensor of the caller:
/// contiguous(x), for one, may be x itself.
Tensor to_record(Tensor y, std::span<const std::reference_wrapper<const Tensor>> inputs);
Tensor to_record(Tensor y, std::span<const Tensor> inputs);

}  // namespace internal

/// Records the way back of an op and returns its result `y`. `backward` is called as
/// `(const Tensor& dy, Needs) -> Grads`, one gradient for each input in order, of its shape, and
/// undefined where Needs says no. Nothing is recorded, and `backward` dies at once, while recording
/// is off or no input has a gradient. Closures hold Saved and SavedOutput, never Tensor.
template <class F>
Tensor record(const char* name, Inputs inputs, Tensor y, F backward) {
  const std::span all(inputs.begin(), inputs.size());
  if (!internal::wants_record(all)) return y;
  auto node = make_ref<internal::ClosureNode<F>>(name, std::move(backward));
  node->reserve_edges(inputs.size());
  for (const Tensor& x : inputs) node->add_edge(x);
  y = internal::to_record(std::move(y), all);
  y.set_node(node, 0);
  return y;
}

/// The same for ops with a list of inputs.
template <class F>
Tensor record(const char* name, std::span<const Tensor> inputs, Tensor y, F backward) {
  if (!internal::wants_record(inputs)) return y;
  auto node = make_ref<internal::ClosureNode<F>>(name, std::move(backward));
  node->reserve_edges(inputs.size());
  for (const Tensor& x : inputs) node->add_edge(x);
  y = internal::to_record(std::move(y), inputs);
  y.set_node(node, 0);
  return y;
}

/// The same for ops with several results: `backward` is called as
/// `(const std::vector<Tensor>& dys, Needs) -> Grads`; dys are undefined for unused results.
/// Results of integer dtype take no part.
template <class F>
std::vector<Tensor> record(const char* name, Inputs inputs, std::vector<Tensor> ys, F backward) {
  const std::span all(inputs.begin(), inputs.size());
  if (!internal::wants_record(all)) return ys;
  auto node = make_ref<internal::ClosureNode<F>>(name, std::move(backward));
  node->reserve_edges(inputs.size());
  for (const Tensor& x : inputs) node->add_edge(x);
  node->set_outputs(static_cast<int>(ys.size()));
  for (size_t i = 0; i < ys.size(); ++i) {
    if (!is_floating(ys[i].dtype())) continue;
    ys[i] = internal::to_record(std::move(ys[i]), all);
    ys[i].set_node(node, static_cast<int>(i));
  }
  return ys;
}

}  // namespace strata
