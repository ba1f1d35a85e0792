#include "strata/tape/saved.h"

#include "strata/base/error.h"
#include "strata/tape/grad_mode.h"

namespace strata {
namespace {

thread_local Node* t_running = nullptr;

}  // namespace

Saved::Saved(const Tensor& t) : value_(t), version_(t.defined() ? t.version() : 0) {}

Tensor Saved::get() const {
  if (value_.defined() && value_.version() != version_) {
    const Node* node = internal::RunningNode::current();
    throw GradError(node ? node->name() : "backward",
                    describe(value_) + " was kept for the gradient and overwritten since",
                    "write into a copy, or after backward()");
  }
  return value_;
}

SavedOutput::SavedOutput(const Tensor& t, int output) : output_(output) {
  // Without recording nobody will ask for it.
  if (grad_enabled()) value_ = Saved(t.detach());
}

Tensor SavedOutput::get() const {
  Tensor value = value_.get();
  Node* node = internal::RunningNode::current();
  if (!value.defined() || !node || !grad_enabled()) return value;
  Tensor tied = value.detach();
  tied.set_node(Ref<GradNode>(node), output_);
  return tied;
}

namespace internal {

RunningNode::RunningNode(Node& node) : before_(t_running) { t_running = &node; }

RunningNode::~RunningNode() { t_running = before_; }

Node* RunningNode::current() { return t_running; }

}  // namespace internal
}  // namespace strata
