// Loads a folder in the layout of the Hugging Face hub (config.json, weights, tokenizer) and goes
// on with a text: generate_from_folder FOLDER TEXT
#include <cstdio>
#include <string_view>

#include "recipes/shared/system.h"
#include "strata/base/error.h"
#include "strata/tape/grad_mode.h"

int main(int argc, char** argv) {
  using namespace strata;
  if (argc != 3) {
    std::fprintf(stderr, "usage: generate_from_folder FOLDER TEXT\n");
    return 2;
  }
  try {
    recipes::System system = recipes::open_system(argv[1]);
    if (!system.recipe->generate) {
      std::fprintf(stderr, "%s generates no text\n", argv[1]);
      return 1;
    }
    const NoGrad no_grad;
    std::printf("%s", argv[2]);
    const auto result = system.recipe->generate(
        system, {.prompt = argv[2], .max_tokens = 20, .temperature = 0.8, .seed = 1},
        [](std::string_view piece) {
          std::printf("%.*s", static_cast<int>(piece.size()), piece.data());
          return true;  // false ends it
        });
    std::printf("\n%lld new tokens\n", static_cast<long long>(result.new_tokens));
    return result.new_tokens > 0 ? 0 : 1;
  } catch (const Error& e) {
    std::fprintf(stderr, "%s\n", e.what());
    return 1;
  }
}
