#include <fmt/format.h>

#include "apps/strata/command.h"
#include "apps/strata/terminal.h"
#include "strata/tape/grad_mode.h"

namespace strata::app {
namespace {

constexpr size_t kShown = 5;  // classes, the likeliest first

struct PredictArguments : Use {
  Common common;
  std::vector<std::string> files;
};

void show(const std::string& file, const recipes::Prediction& p) {
  std::vector<std::string> lines = {bold(file, Stream::output), ""};
  for (size_t i = 0; i < std::min(kShown, p.classes.size()); ++i) {
    const auto& c = p.classes[i];
    lines.push_back(
        fmt::format("{:<12} {} {:5.1f}%", c.label, bar(c.probability, 20), 100 * c.probability));
  }
  std::vector<std::vector<std::string>> blocks;
  if (p.seen.defined()) blocks.push_back(picture(p.seen, Stream::output));
  blocks.push_back(lines);
  for (const auto& line : side_by_side(blocks, 3)) fmt::print("{}\n", line);
}

int predict(const PredictArguments& a) {
  a.common.apply();
  const auto& look = a.recipe().predict;
  if (!look) throw UsageError(a.system, "predicts nothing from files");
  recipes::System system = a.open();
  const NoGrad no_grad;
  auto all = nlohmann::ordered_json::array();
  for (const std::string& file : a.files) {
    const recipes::Prediction p = look(system, file);
    if (!a.common.json) {
      show(file, p);
      continue;
    }
    auto classes = nlohmann::ordered_json::array();
    for (const auto& c : p.classes) {
      classes.push_back({{"label", c.label}, {"probability", c.probability}});
    }
    all.push_back({{"file", file}, {"label", p.classes.at(0).label}, {"classes", classes}});
  }
  if (a.common.json) print_json({{"system", a.system}, {"predictions", all}});
  return kDone;
}

}  // namespace

void add_predict(CLI::App& app, Program& program) {
  auto* command = app.add_subcommand("predict", "let trained weights look at your files");
  command->footer("Example: strata predict lenet5 --weights runs/lenet5 digit.png");
  auto a = std::make_shared<PredictArguments>();
  a->common.add_to(*command);
  a->add_use_to(*command);
  command->add_option("files", a->files, "pictures: PNG or JPEG")->check(not_empty())->required();
  command->callback([=, &program] { program.status = predict(*a); });
}

}  // namespace strata::app
