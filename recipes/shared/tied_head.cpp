#include "recipes/shared/tied_head.h"

#include "strata/ops/compare.h"
#include "strata/ops/reduce.h"

namespace strata::recipes {

bool has_own_head(const TensorMap& tensors, const std::string& head, const std::string& prefix,
                  const std::string& table) {
  const auto own = tensors.find(head);
  auto tied = tensors.find(prefix + table);
  if (tied == tensors.end()) tied = tensors.find(table);
  if (own == tensors.end() || tied == tensors.end()) return false;
  const Tensor &a = own->second, &b = tied->second;
  if (a.shape() != b.shape()) return true;
  if (a.device() == kMeta || b.device() == kMeta) return false;
  return any(a != b).item<bool>();
}

}  // namespace strata::recipes
