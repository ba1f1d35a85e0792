#include <cstdio>
#include <random>

#include <fmt/format.h>

#include "apps/strata/command.h"
#include "apps/strata/profiling.h"
#include "apps/strata/terminal.h"
#include "strata/base/timer.h"
#include "strata/tape/grad_mode.h"

namespace strata::app {
namespace {

struct GenerateArguments : Use {
  Common common;
  ProfileOptions profile;
  std::string dtype = "f32";
  bool greedy = false, seeded = false;
  recipes::GenerateRequest request;
};

int generate(GenerateArguments a) {
  a.common.apply();
  const recipes::Recipe& recipe = a.recipe();
  if (!recipe.generate) throw UsageError(a.system, "generates no text");
  const bool narrow = a.dtype == "bf16";
  if (narrow && !recipe.narrow) throw UsageError(a.system, "keeps its weights in f32");
  a.profile.check();
  recipes::System system = a.open();
  if (narrow) recipe.narrow(system);
  if (a.greedy) a.request.temperature = 0;
  if (!a.seeded) a.request.seed = std::random_device()();
  const NoGrad no_grad;
  std::string text;
  bool begun = false;
  const auto show = [&](std::string_view piece) {  // the prompt first, once nothing can be wrong
    if (a.common.json) return;
    fmt::print("{}{}", begun ? "" : a.request.prompt, piece);
    std::fflush(stdout);
    begun = true;
  };
  const StopsItself tells_the_rest;
  ProfileRun profile(a.profile, system.model.get());
  const Timer timer;
  const auto result = recipe.generate(system, a.request, [&](std::string_view piece) {
    text += piece;
    show(piece);
    return !interrupted() && std::ferror(stdout) == 0;
  });
  const double seconds = timer.seconds();
  if (a.common.json) {
    print_json({{"system", a.system},
                {"prompt", a.request.prompt},
                {"text", text},
                {"prompt_tokens", result.prompt_tokens},
                {"new_tokens", result.new_tokens},
                {"stopped", result.stopped},
                {"seed", a.request.seed},
                {"seconds", seconds},
                {"tokens_per_second", static_cast<double>(result.new_tokens) / seconds}});
  } else {
    show("\n");
    say(dim(fmt::format("{} tokens in {}, {:.1f} a second, seed {}", result.new_tokens,
                        duration(seconds), static_cast<double>(result.new_tokens) / seconds,
                        a.request.seed)));
  }
  profile.finish("trace.json");
  return interrupted() ? kInterrupted : kDone;
}

}  // namespace

void add_generate(CLI::App& app, Program& program) {
  auto* command = app.add_subcommand("generate", "go on with a text, as it comes");
  command->footer(
      "Example: strata generate ./gpt2 \"Once upon a time\" --temperature 0.8\n"
      "         strata generate charrnn --weights runs/charrnn \"ROMEO:\"\n"
      "What is not said stands in the folder's generation_config.json, or is free.");
  auto a = std::make_shared<GenerateArguments>();
  auto& r = a->request;
  a->common.add_to(*command);
  a->profile.add_to(*command, "trace.json");
  a->add_use_to(*command);
  command->add_option("prompt", r.prompt, "the text to go on with")->required();
  command->add_option("--dtype", a->dtype, "of the matrices: f32, or bf16 for half the reading")
      ->check(CLI::IsMember({"f32", "bf16"}))
      ->capture_default_str();
  command->add_option("--max-tokens", r.max_tokens, "new tokens at most, else 100")
      ->check(positive())
      ->type_name("N");
  command->add_option("--temperature", r.temperature, "above 1: bolder; 0: the likeliest always")
      ->check(between(0, 100))
      ->type_name("T");
  command->add_option("--top-k", r.top_k, "only the K likeliest tokens; 0: all")
      ->check(not_negative())
      ->type_name("K");
  command->add_option("--top-p", r.top_p, "only the likeliest tokens that make up P")
      ->check(up_to(1))
      ->type_name("P");
  command->add_option("--repetition-penalty", r.repetition_penalty, "above 1: less repetition")
      ->check(between(0.01, 100))
      ->type_name("X");
  auto* seed = command->add_option("--seed", r.seed, "start of the random numbers")
                   ->check(any_seed())
                   ->type_name("N");
  command->add_flag("--greedy", a->greedy, "the likeliest token always, as --temperature 0");
  command->callback([=, &program] {
    a->seeded = seed->count() > 0;
    program.status = generate(*a);
  });
}

}  // namespace strata::app
