#include "strata/autograd/backward.h"

#include <queue>
#include <unordered_map>

#include <fmt/format.h>

#include "strata/base/error.h"
#include "strata/ops/arithmetic.h"
#include "strata/ops/copy.h"
#include "strata/ops/creation.h"
#include "strata/tape/grad_mode.h"
#include "strata/tape/node.h"
#include "strata/tensor/leaf_node.h"

namespace strata {
namespace {

Node& as_node(GradNode* n) { return static_cast<Node&>(*n); }

/// The walk: nodes wait, youngest first, with the gradients of their outputs gathered so far.
class Walk {
 public:
  explicit Walk(BackwardOptions options) : options_(options) {}

  /// Gradients that reach these tensors are handed out instead of being added to leaves.
  void want(std::span<const Tensor> xs) {
    only_wanted_ = true;
    for (const Tensor& x : xs) {
      wanted_[x.node().get()].push_back({x.output_index(), Tensor()});
    }
  }

  void add(const Ref<GradNode>& to, int output, const Tensor& dy) {
    if (auto it = wanted_.find(to.get()); it != wanted_.end()) {
      for (auto& [index, sum] : it->second) {
        if (index == output) sum = sum.defined() ? sum + dy : dy;
      }
    }
    if (to->is_leaf()) {
      if (!only_wanted_) add_to_leaf(static_cast<LeafNode&>(*to), dy);
      return;
    }
    auto [it, fresh] = pending_.try_emplace(to.get());
    if (fresh) {
      it->second.node = to;
      it->second.dys.resize(static_cast<size_t>(as_node(to.get()).outputs()));
      queue_.push(&as_node(to.get()));
    }
    Tensor& sum = it->second.dys[static_cast<size_t>(output)];
    sum = sum.defined() ? sum + dy : dy;
  }

  void run() {
    const GradMode mode(options_.create_graph);
    while (!queue_.empty()) {
      Node& node = *queue_.top();
      queue_.pop();
      const Pending pending = std::move(pending_.extract(&node).mapped());
      step(node, pending.dys);
    }
  }

  Tensor wanted(const Tensor& x) const {
    for (const auto& [index, sum] : wanted_.at(x.node().get())) {
      if (index == x.output_index() && sum.defined()) return sum;
    }
    return {};
  }

 private:
  struct Pending {
    Ref<GradNode> node;
    std::vector<Tensor> dys;
  };
  struct Younger {
    bool operator()(const Node* a, const Node* b) const { return a->sequence() < b->sequence(); }
  };

  void step(Node& node, const std::vector<Tensor>& dys) {
    const Grads dxs = node.backward(dys);
    if (!options_.retain_graph && !options_.create_graph) node.forget();
    for (size_t i = 0; i < node.edges().size(); ++i) {
      const Node::Edge& edge = node.edges()[i];
      if (!edge.node) continue;
      if (i >= dxs.size() || !dxs[i].defined()) continue;
      add(edge.node, edge.output, dxs[i]);
    }
  }

  void add_to_leaf(LeafNode& leaf, const Tensor& dy) const {
    if (leaf.grad.defined()) {
      leaf.grad = leaf.grad + dy;
    } else if (options_.create_graph) {
      leaf.grad = dy;
    } else {
      // What somebody else may still write or read in place must not become the leaf's gradient.
      leaf.grad = dy.is_contiguous() && dy.owns_memory() ? dy : copy(dy);
    }
  }

  BackwardOptions options_;
  bool only_wanted_ = false;
  std::unordered_map<GradNode*, std::vector<std::pair<int, Tensor>>> wanted_;
  std::unordered_map<GradNode*, Pending> pending_;
  std::priority_queue<Node*, std::vector<Node*>, Younger> queue_;
};

Tensor starting_gradient(const Tensor& y, const Tensor& dy) {
  if (!y.requires_grad()) {
    throw GradError("backward", describe(y) + " has no gradient history",
                    "set_requires_grad() on the inputs, and no NoGrad around the forward pass");
  }
  if (!dy.defined()) {
    if (y.numel() != 1) {
      throw GradError("backward", "a gradient is needed for " + describe(y),
                      "sum() it first, or pass dy");
    }
    return ones_like(y);
  }
  if (dy.shape() != y.shape()) {
    throw ShapeError("backward",
                     fmt::format("the gradient is {}, the tensor {}", describe(dy), describe(y)));
  }
  return dy;
}

}  // namespace

void backward(const Tensor& y, const Tensor& dy, BackwardOptions options) {
  Walk walk(options);
  walk.add(y.node(), y.output_index(), starting_gradient(y, dy));
  walk.run();
}

std::vector<Tensor> grad(std::span<const Tensor> ys, std::span<const Tensor> xs,
                         std::span<const Tensor> dys, BackwardOptions options) {
  for (const Tensor& x : xs) {
    if (!x.requires_grad()) throw GradError("grad", describe(x) + " does not require a gradient");
  }
  Walk walk(options);
  walk.want(xs);
  for (size_t i = 0; i < ys.size(); ++i) {
    const Tensor dy = i < dys.size() ? dys[i] : Tensor();
    const Tensor start = starting_gradient(ys[i], dy);
    walk.add(ys[i].node(), ys[i].output_index(), start);
  }
  walk.run();
  std::vector<Tensor> out;
  for (const Tensor& x : xs) {
    const Tensor g = walk.wanted(x);
    out.push_back(g.defined() ? g : zeros_like(x));
  }
  return out;
}

}  // namespace strata
