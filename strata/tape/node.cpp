#include "strata/tape/node.h"

#include <atomic>

#include "strata/base/activity.h"

namespace strata {
namespace {

std::atomic<uint64_t> g_sequence{0};

}  // namespace

Node::Node(const char* name)
    : name_(name), sequence_(g_sequence.fetch_add(1, std::memory_order_relaxed)) {
  if (ActivityListener* listener = activity_listener()) [[unlikely]]
    listener->recorded(sequence_);
}

void Node::add_edge(const Tensor& input) {
  if (input.requires_grad()) {
    needs_.add(static_cast<int>(edges_.size()));
    edges_.push_back({input.node(), input.output_index(), input.dtype(), input.shape()});
  } else {
    edges_.emplace_back();
  }
}

}  // namespace strata
