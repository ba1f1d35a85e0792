#include <fmt/format.h>

#include "apps/strata/command.h"
#include "apps/strata/terminal.h"
#include "strata/tape/grad_mode.h"

namespace strata::app {
namespace {

struct FillMaskArguments : Use {
  Common common;
  std::string text;
  int64_t count = 5;
};

int fill_mask(const FillMaskArguments& a) {
  a.common.apply();
  const auto& fill = a.recipe().fill_mask;
  if (!fill) throw UsageError(a.system, "fills no masks");
  recipes::System system = a.open();
  const NoGrad no_grad;
  const auto fills = checked_usage([&] { return fill(system, a.text, a.count); });
  auto all = nlohmann::ordered_json::array();
  for (const recipes::Fill& f : fills) {
    if (a.common.json) {
      all.push_back({{"token", f.token}, {"probability", f.probability}, {"sequence", f.sequence}});
    } else {
      fmt::print("{} {:5.1f}%  {}\n", bar(f.probability, 12), 100 * f.probability, f.sequence);
    }
  }
  if (a.common.json) print_json({{"system", a.system}, {"text", a.text}, {"fills", all}});
  return kDone;
}

}  // namespace

void add_fill_mask(CLI::App& app, Program& program) {
  auto* command = app.add_subcommand("fill-mask", "guess the masked word of a text");
  command->footer(
      "Example: strata fill-mask ./bert-base-uncased \"Paris is the [MASK] of France.\"");
  auto a = std::make_shared<FillMaskArguments>();
  a->common.add_to(*command);
  a->add_use_to(*command);
  command->add_option("text", a->text, "a text with one masked place")->required();
  command->add_option("--count", a->count, "guesses, the likeliest first")
      ->check(whole(1, 1000))
      ->capture_default_str();
  command->callback([=, &program] { program.status = fill_mask(*a); });
}

}  // namespace strata::app
