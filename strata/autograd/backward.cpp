#include "strata/autograd/backward.h"

#include <algorithm>
#include <optional>
#include <queue>
#include <unordered_map>
#include <unordered_set>
#include <utility>

#include <fmt/format.h>

#include "strata/base/activity.h"
#include "strata/base/error.h"
#include "strata/kernels/arithmetic.h"
#include "strata/ops/arithmetic.h"
#include "strata/ops/copy.h"
#include "strata/ops/creation.h"
#include "strata/tape/grad_mode.h"
#include "strata/tape/node.h"
#include "strata/tensor/leaf_node.h"
#include "strata/tensor/on_device.h"

namespace strata {
namespace {

Node& as_node(GradNode* n) { return static_cast<Node&>(*n); }

std::span<const Tensor> span_of(std::initializer_list<Tensor> list) {
  return {list.begin(), list.size()};
}

Tensor starting_gradient(const char* op, const Tensor& y, const Tensor& dy) {
  if (!y.requires_grad()) {
    throw GradError(op, describe(y) + " has no gradient history",
                    "set_requires_grad() on the inputs, and no NoGrad around the forward pass");
  }
  if (!dy.defined()) {
    if (y.numel() != 1) {
      throw GradError(op, "a gradient is needed for " + describe(y), "sum() it first, or pass dy");
    }
    return ones_like(y);
  }
  if (dy.shape() != y.shape()) {
    throw ShapeError(op,
                     fmt::format("the gradient is {}, the tensor {}", describe(dy), describe(y)));
  }
  if (dy.device() != y.device()) {
    throw DeviceError(op, fmt::format("the gradient is on {}, the tensor on {}",
                                      to_string(dy.device()), to_string(y.device())));
  }
  return cast(dy, y.dtype());
}

[[noreturn]] void refuse_replaced_leaf(const char* op) {
  throw GradError(op, "a tensor of the graph has got other data since, as by Module::to()",
                  "run the forward pass again");
}

/// The nodes from which a wanted tensor can be reached, and whether each of their edges leads
/// there.
class Paths {
 public:
  using Wanted = std::unordered_map<GradNode*, std::vector<std::pair<int, Tensor>>>;

  Paths(std::span<const Tensor> ys, const Wanted& wanted, std::span<const Tensor> ends)
      : wanted_(wanted) {
    std::unordered_set<const GradNode*> closed;
    for (const Tensor& end : ends) closed.insert(end.node().get());
    std::vector<Node*> nodes;
    const auto visit = [&](GradNode* n) {
      if (!n || closed.contains(n)) return;
      if (n->is_leaf()) {
        meets_replaced_leaf_ |= static_cast<LeafNode&>(*n).replaced;
        return;
      }
      if (useful_.try_emplace(n, false).second) nodes.push_back(&as_node(n));
    };
    for (const Tensor& y : ys) {
      if (y.requires_grad()) visit(y.node().get());
    }
    for (size_t i = 0; i < nodes.size(); ++i) {
      for (const Node::Edge& edge : nodes[i]->edges()) visit(edge.node.get());
    }
    // What a node depends on is older: from the oldest on, each edge's answer is known.
    std::sort(nodes.begin(), nodes.end(),
              [](const Node* a, const Node* b) { return a->sequence() < b->sequence(); });
    for (Node* node : nodes) {
      useful_[node] = std::any_of(node->edges().begin(), node->edges().end(),
                                  [&](const Node::Edge& edge) { return leads(edge.node.get()); });
    }
  }

  /// Whether a gradient of `n` helps: it is wanted itself, or leads on to what is.
  bool leads(GradNode* n) const { return n && (wanted_.contains(n) || passes(n)); }
  bool passes(GradNode* n) const {
    const auto it = useful_.find(n);
    return it != useful_.end() && it->second;
  }
  /// Whether a leaf of the graph got other data, so that the tensor it was is no longer in it.
  bool meets_replaced_leaf() const { return meets_replaced_leaf_; }

 private:
  const Wanted& wanted_;
  std::unordered_map<GradNode*, bool> useful_;
  bool meets_replaced_leaf_ = false;
};

/// The walk: nodes wait, youngest first, with the gradients of their outputs gathered so far.
class Walk {
 public:
  /// Errors of what it starts at are tagged `op`.
  Walk(const char* op, BackwardOptions options) : op_(op), options_(options) {}

  /// Gradients that reach `xs` are handed out instead of being added to leaves; whatever does not
  /// lead from `ys` to them, or lies behind `ends`, is left alone.
  void want(std::span<const Tensor> ys, std::span<const Tensor> xs, std::span<const Tensor> ends) {
    for (const Tensor& x : xs) {
      wanted_[x.node().get()].push_back({x.output_index(), Tensor()});
    }
    paths_.emplace(ys, wanted_, ends);
  }

  /// Starts at each of `ys`, with its own of `dys` if there are any: the caller's tensors, not to
  /// be written to.
  void start(std::span<const Tensor> ys, std::span<const Tensor> dys) {
    if (!dys.empty() && dys.size() != ys.size()) {
      throw ValueError(op_, fmt::format("{} gradients for {} tensors", dys.size(), ys.size()));
    }
    const GradMode mode(options_.create_graph);
    // All are checked before the first, which may be a leaf's, is added to anything.
    for (size_t i = 0; i < ys.size(); ++i) {
      starts_.push_back(starting_gradient(op_, ys[i], dys.empty() ? Tensor() : dys[i]));
    }
    for (size_t i = 0; i < ys.size(); ++i) add(ys[i].node(), ys[i].output_index(), starts_[i]);
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

  /// The gradient of x that was gathered; zeros where x had no part in it. Throws GradError where
  /// that may be because it has got other data since.
  Tensor wanted(const Tensor& x) const {
    for (const auto& [index, sum] : wanted_.at(x.node().get())) {
      if (index == x.output_index() && sum.defined()) return sum;
    }
    const bool replacement = x.node()->is_leaf() && static_cast<LeafNode&>(*x.node()).replacement;
    if (replacement && paths_->meets_replaced_leaf()) refuse_replaced_leaf(op_);
    return zeros_like(x);
  }

 private:
  struct Pending {
    Ref<GradNode> node;
    std::vector<Tensor> dys;
  };
  struct Younger {
    bool operator()(const Node* a, const Node* b) const { return a->sequence() < b->sequence(); }
  };

  void add(const Ref<GradNode>& to, int output, const Tensor& dy) {
    if (auto it = wanted_.find(to.get()); it != wanted_.end()) {
      for (auto& [index, sum] : it->second) {
        if (index == output) sum = sum.defined() ? sum + dy : dy;
      }
    }
    if (paths_ && !paths_->passes(to.get())) return;
    if (to->is_leaf()) {
      add_to_leaf(static_cast<LeafNode&>(*to), dy);
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

  Needs needs_of(const Node& node) const {
    if (!paths_) return node.needs();
    Needs needs;
    for (size_t i = 0; i < node.edges().size(); ++i) {
      if (paths_->leads(node.edges()[i].node.get())) needs.add(static_cast<int>(i));
    }
    return needs;
  }

  void step(Node& node, const std::vector<Tensor>& dys) {
    Grads dxs = way_back(node, dys);
    if (!options_.retain_graph && !options_.create_graph) node.forget();
    for (size_t i = 0; i < node.edges().size(); ++i) {
      const Node::Edge& edge = node.edges()[i];
      if (!edge.node) continue;
      if (!dxs[i].defined()) continue;
      // The only handle, where the op kept none: a leaf may then have the memory itself.
      const Tensor dx = fit(node, static_cast<int>(i), edge, std::exchange(dxs[i], {}));
      add(edge.node, edge.output, dx);
    }
  }

  Grads way_back(Node& node, const std::vector<Tensor>& dys) const {
    const ActivityScope scope(Activity::backward, node.name(), node.sequence());
    Grads dxs = node.backward(dys, needs_of(node));
    if (dxs.size() != node.edges().size()) {
      throw GradError(node.name(),
                      fmt::format("its way back gives {} gradients of {} inputs", dxs.size(),
                                  node.edges().size()),
                      "one for each input in order, an undefined Tensor for one that has none");
    }
    return dxs;
  }

  /// A gradient has its input's dtype, whatever dtypes the op mixed, and its input's shape.
  static Tensor fit(const Node& node, int input, const Node::Edge& edge, Tensor dx) {
    if (dx.shape() != edge.shape) {
      throw ShapeError(node.name(), fmt::format("its gradient of input {} is {}, the input is {}",
                                                input, describe(dx), to_string(edge.shape)));
    }
    return dx.dtype() == edge.dtype ? dx : cast(dx, edge.dtype);
  }

  void add_to_leaf(LeafNode& leaf, const Tensor& dy) const {
    if (leaf.replaced) refuse_replaced_leaf(op_);
    // Memory that somebody else may still read or write must not become the leaf's gradient.
    if (!leaf.grad.defined()) {
      leaf.grad = dy.is_contiguous() && dy.owns_memory() ? dy : copy(dy);
    } else if (options_.create_graph || leaf.grad.requires_grad() || !leaf.grad.is_contiguous() ||
               is_start(leaf.grad)) {
      leaf.grad = leaf.grad + dy;
    } else {
      // In place: the gradient may be a part of a larger buffer, and is to stay one.
      on_cpu("backward", dy, [&](Cpu cpu) { kernels::add(cpu, leaf.grad, dy, leaf.grad); });
      leaf.grad.bump_version();
    }
  }

  bool is_start(const Tensor& t) const {
    return std::any_of(starts_.begin(), starts_.end(),
                       [&](const Tensor& dy) { return dy.shares_storage(t); });
  }

  const char* op_;
  BackwardOptions options_;
  std::vector<Tensor> starts_;
  Paths::Wanted wanted_;
  std::optional<Paths> paths_;  // where only some tensors' gradients are asked for
  std::unordered_map<GradNode*, Pending> pending_;
  std::priority_queue<Node*, std::vector<Node*>, Younger> queue_;
};

}  // namespace

void backward(const Tensor& y, const Tensor& dy, BackwardOptions options) {
  Walk walk("backward", options);
  walk.start(std::span(&y, 1), std::span(&dy, 1));
  walk.run();
}

void backward(std::span<const Tensor> ys, std::span<const Tensor> dys, BackwardOptions options) {
  Walk walk("backward", options);
  walk.start(ys, dys);
  walk.run();
}

void backward(std::initializer_list<Tensor> ys, std::initializer_list<Tensor> dys,
              BackwardOptions options) {
  backward(span_of(ys), span_of(dys), options);
}

std::vector<Tensor> grad(std::span<const Tensor> ys, std::span<const Tensor> xs,
                         std::span<const Tensor> dys, BackwardOptions options) {
  return internal::grad_up_to({}, ys, xs, dys, options);
}

std::vector<Tensor> grad(std::initializer_list<Tensor> ys, std::initializer_list<Tensor> xs,
                         std::initializer_list<Tensor> dys, BackwardOptions options) {
  return grad(span_of(ys), span_of(xs), span_of(dys), options);
}

Tensor grad(const Tensor& y, const Tensor& x, const Tensor& dy, BackwardOptions options) {
  return grad(y, std::span(&x, 1), dy, options)[0];
}

std::vector<Tensor> grad(const Tensor& y, std::span<const Tensor> xs, const Tensor& dy,
                         BackwardOptions options) {
  return grad(std::span(&y, 1), xs, std::span(&dy, 1), options);
}

std::vector<Tensor> grad(const Tensor& y, std::initializer_list<Tensor> xs, const Tensor& dy,
                         BackwardOptions options) {
  return grad(y, span_of(xs), dy, options);
}

std::vector<Tensor> internal::grad_up_to(std::span<const Tensor> ends, std::span<const Tensor> ys,
                                         std::span<const Tensor> xs, std::span<const Tensor> dys,
                                         BackwardOptions options) {
  for (const Tensor& x : xs) {
    if (!x.requires_grad()) throw GradError("grad", describe(x) + " does not require a gradient");
  }
  Walk walk("grad", options);
  walk.want(ys, xs, ends);
  walk.start(ys, dys);
  walk.run();
  std::vector<Tensor> out;
  for (const Tensor& x : xs) out.push_back(walk.wanted(x));
  return out;
}

}  // namespace strata
