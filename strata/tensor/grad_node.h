#pragma once

#include "strata/base/ref.h"

namespace strata {

/// What a tensor that takes part in differentiation points to: the step that made it, or for a
/// leaf the place where its gradient is gathered. The tape gives it meaning.
class GradNode : public RefCounted {
 public:
  /// Whether this is a leaf, made by set_requires_grad.
  virtual bool is_leaf() const = 0;

 protected:
  /// A chain of a million steps is freed in a loop, not by a million nested destructors.
  void dispose() override;

 private:
  GradNode* next_dying_ = nullptr;
};

}  // namespace strata
