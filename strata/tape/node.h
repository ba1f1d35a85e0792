#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "strata/tensor/tensor.h"

namespace strata {

/// Gradients, one for each input of an op; undefined for those not needed.
using Grads = std::vector<Tensor>;

/// Which inputs want a gradient, by position: what is not needed need not be computed.
class Needs {
 public:
  bool operator[](int i) const { return (bits_ >> (i < 63 ? i : 63)) & 1u; }
  void add(int i) { bits_ |= uint64_t{1} << (i < 63 ? i : 63); }
  bool any() const { return bits_ != 0; }

 private:
  uint64_t bits_ = 0;  // the inputs from the 64th on share the last bit
};

/// One recorded step: the edges to what made its inputs, and the way back through it.
class Node : public GradNode {
 public:
  /// The step (or leaf) that made an input, which of its outputs that was, and what a gradient must
  /// fit.
  struct Edge {
    Ref<GradNode> node;
    int output = 0;
    DType dtype = DType::f32;
    Shape shape = {};
  };

  explicit Node(const char* name);

  bool is_leaf() const override { return false; }
  const char* name() const { return name_; }
  /// Creation order: every node is younger than those it depends on.
  uint64_t sequence() const { return sequence_; }
  const std::vector<Edge>& edges() const { return edges_; }
  Needs needs() const { return needs_; }
  int outputs() const { return outputs_; }

  /// Gradients of the inputs from those of the outputs (undefined ones count as zero). `needs` is
  /// needs() or less: a walk to some inputs only leaves the others out.
  virtual Grads backward(const std::vector<Tensor>& dys, Needs needs) = 0;
  /// Lets go of the saved values. backward() throws afterwards.
  virtual void forget() = 0;

  /// Takes memory for so many edges at once.
  void reserve_edges(size_t count) { edges_.reserve(count); }
  void add_edge(const Tensor& input);
  void set_outputs(int n) { outputs_ = n; }

 private:
  const char* name_;
  uint64_t sequence_;
  std::vector<Edge> edges_;
  Needs needs_;
  int outputs_ = 1;
};

}  // namespace strata
