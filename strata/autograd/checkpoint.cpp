#include "strata/autograd/checkpoint.h"

#include <algorithm>
#include <unordered_set>
#include <utility>

#include "strata/autograd/backward.h"
#include "strata/base/error.h"
#include "strata/base/generator_scope.h"
#include "strata/tape/compute_dtype.h"
#include "strata/tape/grad_mode.h"
#include "strata/tape/record.h"
#include "strata/tape/saved.h"

namespace strata {
namespace {

/// A leaf that is forgotten would have no gradient and nobody would notice.
void check_leaves(const Tensor& y, const std::vector<Tensor>& known) {
  std::unordered_set<const GradNode*> seen;
  for (const Tensor& t : known) {
    if (t.requires_grad()) seen.insert(t.node().get());
  }
  std::vector<const GradNode*> open = {y.node().get()};
  while (!open.empty()) {
    const GradNode* node = open.back();
    open.pop_back();
    if (!node || !seen.insert(node).second) continue;
    if (node->is_leaf()) {
      throw GradError("checkpoint", "the segment uses a leaf that is not among its parameters",
                      "list all parameters of the modules that it calls");
    }
    for (const Node::Edge& edge : static_cast<const Node*>(node)->edges()) {
      open.push_back(edge.node.get());
    }
  }
}

/// x behind a node that nothing outside of the segment is made of.
Tensor handle_of(const Tensor& x) {
  return record("checkpoint", {x}, x.detach(),
                [](const Tensor& dy, Needs) -> Grads { return {dy}; });
}

/// What the way back needs to compute a segment again.
struct Again {
  Segment fn;
  Generator random;
  DType dtype;
  std::vector<Saved> inputs, parameters;

  Grads operator()(const Tensor& dy, Needs needs) const {
    const bool create_graph = grad_enabled();
    const GeneratorScope same_numbers(random);
    const ComputeDTypeScope same_precision(dtype);
    // The walk ends at the inputs, since these may depend on each other and on the parameters: at
    // leaves, or at handles that lead on for gradients of gradients.
    std::vector<Tensor> xs, ends;
    for (const Saved& saved : inputs) {
      const Tensor x = saved.get();
      if (!x.requires_grad()) {
        xs.push_back(x);
        continue;
      }
      xs.push_back(create_graph ? handle_of(x) : x.detach().set_requires_grad());
      ends.push_back(xs.back());
    }
    const std::vector<Tensor> arguments = xs;
    for (const Saved& saved : parameters) xs.push_back(saved.get());
    Tensor y;
    {
      const GradMode recording(true);
      y = fn(arguments);
    }
    if (y.shape() != dy.shape()) {
      throw GradError("checkpoint", "the segment gave another shape when it was computed again");
    }
    check_leaves(y, xs);
    return gradients(y, dy, xs, ends, needs, create_graph);
  }

  static Grads gradients(const Tensor& y, const Tensor& dy, const std::vector<Tensor>& xs,
                         const std::vector<Tensor>& ends, Needs needs, bool create_graph) {
    Grads out(xs.size());
    std::vector<Tensor> wanted;
    std::vector<size_t> places;
    for (size_t i = 0; i < xs.size(); ++i) {
      if (!needs[static_cast<int>(i)] || !xs[i].requires_grad()) continue;
      wanted.push_back(xs[i]);
      places.push_back(i);
    }
    if (!y.requires_grad()) return out;
    const std::vector<Tensor> ys = {y}, dys = {dy};
    const auto found = internal::grad_up_to(ends, ys, wanted, dys, {.create_graph = create_graph});
    for (size_t i = 0; i < places.size(); ++i) out[places[i]] = found[i];
    return out;
  }
};

std::vector<Saved> save_all(const std::vector<Tensor>& tensors) {
  return {tensors.begin(), tensors.end()};
}

}  // namespace

Tensor checkpoint(const Segment& fn, const std::vector<Tensor>& inputs,
                  const std::vector<Tensor>& parameters) {
  // Its own gradient would reach what it was made of twice, if that is listed too.
  for (const Tensor& p : parameters) {
    if (!p.requires_grad() || p.node()->is_leaf()) continue;
    throw GradError("checkpoint", "the parameter " + describe(p) + " is the result of an op",
                    "pass it among the inputs");
  }
  std::vector<Tensor> all = inputs;
  all.insert(all.end(), parameters.begin(), parameters.end());
  if (!internal::wants_record(std::span<const Tensor>(all))) return fn(inputs);
  Again again{fn, default_generator(), compute_dtype(), save_all(inputs), save_all(parameters)};
  Tensor y;
  {
    const NoGrad no_grad;
    y = fn(inputs);
  }
  // The result may be an input itself, which has a node of its own.
  return record("checkpoint", std::span<const Tensor>(all), y.detach(), std::move(again));
}

}  // namespace strata
