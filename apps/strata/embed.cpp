#include <cmath>

#include <fmt/format.h>

#include "apps/strata/command.h"
#include "apps/strata/terminal.h"
#include "strata/io/safetensors.h"
#include "strata/tape/grad_mode.h"

namespace strata::app {
namespace {

struct EmbedArguments : Use {
  Common common;
  std::string output;
  std::vector<std::string> texts;
};

using Rows = std::vector<std::vector<double>>;

Rows rows_of(const Tensor& embeddings) {
  const auto all = embeddings.to_vector<double>();
  const auto width = static_cast<size_t>(embeddings.size(1));
  Rows rows;
  for (size_t i = 0; i + width <= all.size(); i += width) {
    rows.emplace_back(all.begin() + static_cast<std::ptrdiff_t>(i),
                      all.begin() + static_cast<std::ptrdiff_t>(i + width));
  }
  return rows;
}

double cosine(const std::vector<double>& a, const std::vector<double>& b) {
  double ab = 0, aa = 0, bb = 0;
  for (size_t i = 0; i < a.size(); ++i) {
    ab += a[i] * b[i];
    aa += a[i] * a[i];
    bb += b[i] * b[i];
  }
  return aa > 0 && bb > 0 ? ab / std::sqrt(aa * bb) : 0;
}

Rows similarities(const Rows& rows) {
  Rows out(rows.size(), std::vector<double>(rows.size()));
  for (size_t i = 0; i < rows.size(); ++i) {
    for (size_t j = 0; j < rows.size(); ++j) out[i][j] = cosine(rows[i], rows[j]);
  }
  return out;
}

void show(const std::vector<std::string>& texts, const Rows& similar) {
  fmt::print("cosine similarities\n");
  for (size_t i = 0; i < texts.size(); ++i) {
    fmt::print("{:>3} ", i + 1);
    for (double s : similar[i]) fmt::print("{:>7.3f}", s);
    fmt::print("  {}\n", texts[i]);
  }
}

int embed(const EmbedArguments& a) {
  a.common.apply();
  const auto& turn = a.recipe().embed;
  if (!turn) throw UsageError(a.system, "embeds no texts");
  if (!a.output.empty()) check_output(a.output, ".safetensors");
  recipes::System system = a.open();
  const NoGrad no_grad;
  const Tensor embeddings = turn(system, a.texts);
  if (!a.output.empty()) save_safetensors(a.output, {{"embeddings", embeddings}});
  const Rows rows = rows_of(embeddings);
  const Rows similar = similarities(rows);
  if (a.common.json) {
    print_json({{"system", a.system},
                {"texts", a.texts},
                {"width", embeddings.size(1)},
                {"embeddings", rows},
                {"similarities", similar}});
  } else {
    show(a.texts, similar);
    if (a.output.empty()) {
      say(dim(fmt::format("{} numbers a text: --json prints them, --output FILE keeps them",
                          embeddings.size(1))));
    }
  }
  return kDone;
}

}  // namespace

void add_embed(CLI::App& app, Program& program) {
  auto* command = app.add_subcommand("embed", "turn texts into vectors and compare them");
  command->footer("Example: strata embed ./all-MiniLM-L6-v2 \"a cat\" \"a kitten\" \"a bill\"");
  auto a = std::make_shared<EmbedArguments>();
  a->common.add_to(*command);
  a->add_use_to(*command);
  command->add_option("texts", a->texts, "one vector is made of each")->required();
  command->add_option("--output", a->output, "safetensors to write: embeddings [N, width]")
      ->check(not_empty());
  command->callback([=, &program] { program.status = embed(*a); });
}

}  // namespace strata::app
