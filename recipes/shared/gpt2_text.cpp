#include "recipes/shared/gpt2_text.h"

#include <algorithm>
#include <memory>

namespace strata::recipes {

NextLogits gpt2_next(models::GPT2& model) {
  auto cache = std::make_shared<nn::TransformerCache>(model.config().n_positions);
  auto seen = std::make_shared<std::vector<int64_t>>();
  return [cache, seen, &model](std::span<const int64_t> ids) {
    const int64_t context = model.config().n_positions;
    const auto count = static_cast<int64_t>(ids.size());
    seen->insert(seen->end(), ids.begin(), ids.end());
    if (cache->length() > 0 && cache->length() + count > context) {
      cache->truncate(0);
      const auto kept =
          std::min(static_cast<size_t>(std::max<int64_t>(1, context * 3 / 4)), seen->size());
      seen->erase(seen->begin(), seen->end() - static_cast<int64_t>(kept));
      ids = *seen;
    }
    const Shape shape = {1, static_cast<int64_t>(ids.size())};
    return model(models::GPT2Inputs{
                     .input_ids = from_span(ids, shape), .cache = cache.get(), .last_only = true})
        .to_vector<float>();
  };
}

}  // namespace strata::recipes
