#include "strata/tensor/grad_node.h"

#include <vector>

namespace strata {
namespace {

thread_local std::vector<GradNode*>* t_dying = nullptr;

}  // namespace

void GradNode::dispose() {
  if (t_dying) {
    t_dying->push_back(this);
    return;
  }
  std::vector<GradNode*> dying{this};
  t_dying = &dying;
  while (!dying.empty()) {
    GradNode* node = dying.back();
    dying.pop_back();
    delete node;
  }
  t_dying = nullptr;
}

}  // namespace strata
