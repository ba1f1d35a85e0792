#include "strata/tensor/grad_node.h"

namespace strata {
namespace {

thread_local GradNode* t_dying = nullptr;  // a list through next_dying_
thread_local bool t_freeing = false;

}  // namespace

void GradNode::dispose() {
  next_dying_ = t_dying;
  t_dying = this;
  if (t_freeing) return;
  t_freeing = true;
  while (t_dying) {
    GradNode* node = t_dying;
    t_dying = node->next_dying_;
    delete node;
  }
  t_freeing = false;
}

}  // namespace strata
