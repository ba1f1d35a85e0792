#include "strata/train/report.h"

#include <filesystem>

#include <fmt/format.h>

#include "apps/strata/command.h"
#include "apps/strata/terminal.h"

namespace strata::app {
namespace {

struct ReportArguments {
  Common common;
  std::vector<std::string> runs;
  std::string output;
};

int report(const ReportArguments& a) {
  std::string output = a.output;
  if (output.empty()) {
    const std::filesystem::path folder = a.runs.size() == 1 ? a.runs[0] : ".";
    output = (folder / "report.html").lexically_normal().string();
  }
  train::write_report(output, a.runs);
  if (a.common.json) {
    print_json({{"output", output}, {"runs", a.runs}});
  } else {
    fmt::print("{}\n", output);
  }
  return kDone;
}

}  // namespace

void add_report(CLI::App& app, Program& program) {
  auto* command = app.add_subcommand("report", "one page on one run, or several side by side");
  command->footer(
      "Example: strata report runs/lenet5 runs/lenet5-2 --output both.html\n"
      "Each training writes the page of its own run, report.html in the run's folder.");
  auto a = std::make_shared<ReportArguments>();
  a->common.add_to(*command);
  command->add_option("runs", a->runs, "folders of trainings")->check(not_empty())->required();
  command
      ->add_option("--output", a->output,
                   "HTML to write\n(default: report.html, of one run in its folder)")
      ->check(not_empty());
  command->callback([=, &program] { program.status = report(*a); });
}

}  // namespace strata::app
