#include <filesystem>

#include <fmt/format.h>

#include "apps/strata/command.h"
#include "apps/strata/terminal.h"
#include "recipes/shared/hub_folder.h"
#include "strata/io/file.h"
#include "strata/train/checkpoint.h"

namespace strata::app {
namespace {

namespace fs = std::filesystem;

struct ConvertArguments {
  Common common;
  std::string system, weights, output;
};

/// What lies beside the weights of a model's folder and belongs to it.
constexpr const char* kCompanions[] = {"tokenizer.json",
                                       "tokenizer_config.json",
                                       "vocab.json",
                                       "merges.txt",
                                       "vocab.txt",
                                       "special_tokens_map.json",
                                       "generation_config.json",
                                       "preprocessor_config.json"};

int convert(const ConvertArguments& a) {
  a.common.apply();
  recipes::System system = open_for_use(a.system, a.weights);
  const bool file = a.output.ends_with(".safetensors");
  if (file) {
    train::save_weights(a.output, *system.model);
  } else {
    recipes::save_hub_folder(a.output, system);
    for (const char* name : kCompanions) {
      const fs::path from = fs::path(system.folder) / name;
      if (fs::exists(from)) {
        write_file((fs::path(a.output) / name).string(), read_text_file(from.string()));
      }
    }
  }
  const auto parameters = system.model->parameter_count();
  if (a.common.json) {
    print_json({{"system", a.system}, {"output", a.output}, {"parameters", parameters}});
  } else {
    fmt::print("{} parameters written to {}\n", grouped(parameters), a.output);
  }
  return kDone;
}

}  // namespace

void add_convert(CLI::App& app, Program& program) {
  auto* command =
      app.add_subcommand("convert", "write weights as a Hugging Face folder or one safetensors");
  command->footer(
      "Example: strata convert gpt-char --weights runs/gpt-char --output my-gpt/\n"
      "         strata convert resnet50 --weights r50.pth --output r50.safetensors");
  auto a = std::make_shared<ConvertArguments>();
  a->common.add_to(*command);
  command->add_option("system", a->system, "a name from strata list, or a model's folder")
      ->required();
  command->add_option("--weights", a->weights, "a run's folder, a model's folder or a file");
  command->add_option("--output", a->output, "folder to write, or a file NAME.safetensors")
      ->required();
  command->callback([=, &program] { program.status = convert(*a); });
}

}  // namespace strata::app
