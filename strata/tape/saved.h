#pragma once

#include "strata/tape/node.h"

namespace strata {

/// An input kept for the way back. Throws GradError from get() when its memory has been written
/// since.
class Saved {
 public:
  Saved() = default;
  explicit Saved(const Tensor& t);
  /// The value with its gradient history; undefined if an undefined tensor was saved.
  Tensor get() const;

 private:
  Tensor value_;
  uint32_t version_ = 0;
};

/// An output kept for its own op's way back: held without its node, which would be a cycle, and
/// tied to it again by get() while gradients of gradients are recorded.
class SavedOutput {
 public:
  SavedOutput() = default;
  SavedOutput(const Tensor& t, int output);
  Tensor get() const;

 private:
  Saved value_;
  int output_ = 0;
};

inline Saved save(const Tensor& t) { return Saved(t); }
inline SavedOutput save_output(const Tensor& t, int output = 0) { return {t, output}; }

namespace internal {

/// The node whose way back this thread is walking, for SavedOutput.
class RunningNode {
 public:
  explicit RunningNode(Node& node);
  ~RunningNode();
  RunningNode(const RunningNode&) = delete;
  RunningNode& operator=(const RunningNode&) = delete;
  static Node* current();

 private:
  Node* before_;
};

}  // namespace internal
}  // namespace strata
