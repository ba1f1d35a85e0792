#include <algorithm>
#include <cmath>

#include <fmt/format.h>

#include "apps/strata/command.h"
#include "apps/strata/terminal.h"
#include "strata/base/timer.h"
#include "strata/io/png.h"
#include "strata/tape/grad_mode.h"
#include "strata/vision/image.h"

namespace strata::app {
namespace {

struct SampleArguments : Use {
  Common common;
  std::string output = "samples.png";
  recipes::SampleRequest request;
};

int sample(SampleArguments a) {
  a.common.apply();
  const auto& draw = a.recipe().sample;
  if (!draw) throw UsageError(a.system, "draws no pictures");
  check_output(a.output, ".png");
  recipes::System system = a.open();
  const NoGrad no_grad;
  const StopsItself clears_its_line;
  StatusLine line;
  int64_t all_steps = 0;
  a.request.progress = [&](int64_t step, int64_t steps) {
    all_steps = steps;
    line.show(fmt::format("step {}/{} {}", step, steps,
                          bar(static_cast<double>(step) / static_cast<double>(steps), 24)));
    return !interrupted();
  };
  const Timer timer;
  const Tensor pictures = checked_usage([&] { return draw(system, a.request); });
  line.clear();
  if (interrupted()) return kInterrupted;
  const auto columns = static_cast<int64_t>(std::ceil(std::sqrt(pictures.size(0))));
  write_png(a.output, to_bytes(picture_grid(pictures, columns)));
  const double seconds = timer.seconds();
  if (a.common.json) {
    print_json({{"system", a.system},
                {"output", a.output},
                {"count", pictures.size(0)},
                {"steps", all_steps},
                {"seed", a.request.seed},
                {"seconds", seconds}});
  } else {
    say(fmt::format("{} in {}: {}", counted(pictures.size(0), "picture"), duration(seconds),
                    a.output));
  }
  return kDone;
}

}  // namespace

void add_sample(CLI::App& app, Program& program) {
  auto* command = app.add_subcommand("sample", "draw pictures and write them as one grid");
  command->footer("Example: strata sample ddpm --weights runs/ddpm --count 64 --output grid.png");
  auto a = std::make_shared<SampleArguments>();
  auto& r = a->request;
  a->common.add_to(*command);
  a->add_use_to(*command);
  command->add_option("--output", a->output, "PNG to write")
      ->check(not_empty())
      ->capture_default_str();
  command->add_option("--count", r.count, "pictures")
      ->check(whole(1, 65536))
      ->capture_default_str();
  command->add_option("--steps", r.steps, "steps to the picture, else 50 or all there are")
      ->check(positive())
      ->type_name("N");
  command->add_option("--sampler", r.sampler, "ddim or ddpm (ancestral)")
      ->check(CLI::IsMember({"ddim", "ddpm"}))
      ->capture_default_str();
  command->add_option("--seed", r.seed, "start of the random numbers")
      ->check(any_seed())
      ->capture_default_str();
  command->callback([=, &program] { program.status = sample(*a); });
}

}  // namespace strata::app
