#include "models/language/kv_cache.h"

#include <gtest/gtest.h>

#include "strata/base/error.h"
#include "strata/ops/creation.h"
#include "tests/support/message.h"

namespace strata::models {
namespace {

using testing::message;

KvCache of_two_layers() { return KvCache({.layers = 2, .heads = 1, .width = 1, .capacity = 4}); }

TEST(KvCache, TruncateKeepsWhatWasRead) {
  KvCache cache = of_two_layers();
  cache.append(0, tensor<float>({1, 2, 3}, {1, 1, 3, 1}), ones({1, 1, 3, 1}));
  cache.advance(3);
  for (const auto& [asked, left] : {std::pair{9, 3}, {3, 3}, {1, 1}, {2, 1}}) {
    cache.truncate(asked);
    EXPECT_EQ(cache.length(), left) << asked;
  }
  EXPECT_EQ(message<ValueError>([&] { cache.truncate(-1); }), "[KvCache] cannot keep -1 positions");
  EXPECT_EQ(cache.length(), 1);
  const auto [k, v] = cache.append(0, full({1, 1, 1, 1}, 7), ones({1, 1, 1, 1}));
  EXPECT_EQ(k.to_vector<float>(), (std::vector<float>{1, 7}));
}

TEST(KvCache, KnowsItsLayers) {
  KvCache cache = of_two_layers();
  const Tensor one = ones({1, 1, 1, 1});
  for (int64_t layer : {-1, 2}) EXPECT_THROW(cache.append(layer, one, one), ValueError);
  EXPECT_EQ(message<ValueError>([&] { cache.append(2, one, one); }),
            "[KvCache] there is no layer 2 of 2");
}

}  // namespace
}  // namespace strata::models
