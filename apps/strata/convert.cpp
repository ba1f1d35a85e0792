#include <algorithm>
#include <filesystem>
#include <memory>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "apps/strata/command.h"
#include "apps/strata/terminal.h"
#include "recipes/shared/hub_folder.h"
#include "recipes/shared/sentence_folder.h"
#include "strata/train/checkpoint.h"

namespace strata::app {
namespace {

namespace fs = std::filesystem;

struct ConvertArguments : Use {
  Common common;
  std::string output;
};

/// The forms of a tokenizer; of several in a folder the first is read.
constexpr const char* kTokenizers[] = {"tokenizer.json", "vocab.json", "merges.txt",
                                       "encoder.json",   "vocab.bpe",  "vocab.txt"};

/// What else lies beside the weights of a model's folder and belongs to it.
constexpr const char* kCompanions[] = {"tokenizer_config.json",
                                       "special_tokens_map.json",
                                       "added_tokens.json",
                                       "generation_config.json",
                                       "modules.json",
                                       "sentence_bert_config.json",
                                       "config_sentence_transformers.json",
                                       "preprocessor_config.json"};

/// The files of those names, also packed, that a folder holds.
std::vector<std::string> held(const fs::path& folder, std::span<const char* const> names) {
  std::vector<std::string> out;
  for (const std::string name : names) {
    for (const std::string& form : {name, name + ".gz"}) {
      if (fs::exists(folder / form)) out.push_back(form);
    }
  }
  return out;
}

/// Throws ValueError where a tokenizer of another form would stay beside the one that is copied:
/// who reads the folder may take that one.
void refuse_other_tokenizer(const fs::path& folder, const std::vector<std::string>& copied) {
  if (copied.empty()) return;
  for (const std::string& name : held(folder, kTokenizers)) {
    if (std::find(copied.begin(), copied.end(), name) != copied.end()) continue;
    throw ValueError("convert", (folder / name).string() + " is the tokenizer of another model",
                     "remove it, or choose another folder");
  }
}

/// A file, or a folder with all in it. Onto itself: nothing to do.
void copy_entry(const fs::path& from, const fs::path& to) {
  std::error_code error;
  if (fs::exists(to) && fs::equivalent(from, to)) return;
  fs::create_directories(to.parent_path(), error);
  fs::copy(from, to, fs::copy_options::recursive | fs::copy_options::overwrite_existing, error);
  if (error) throw IoError(to.string(), "cannot be written: " + error.message());
}

/// The folders beside the network's that modules.json of sentence-transformers names.
void copy_modules(const fs::path& from, const fs::path& to) {
  if (!fs::exists(from / "modules.json")) return;
  for (const std::string& path : recipes::sentence_modules(from.string())) {
    if (!path.empty() && fs::exists(from / path)) copy_entry(from / path, to / path);
  }
}

int convert(const ConvertArguments& a) {
  a.common.apply();
  const bool file = a.output.ends_with(".safetensors");
  if (file) check_output(a.output, ".safetensors");
  recipes::System system = a.open();
  if (file) {
    train::save_weights(a.output, *system.model,
                        recipes::settings_to_save(system.recipe->name, system.settings));
  } else {
    const fs::path from = system.folder, to = a.output;
    std::vector<std::string> beside = held(from, kTokenizers);
    refuse_other_tokenizer(to, beside);
    for (std::string& name : held(from, kCompanions)) beside.push_back(std::move(name));
    recipes::save_hub_folder(a.output, system);
    for (const std::string& name : beside) copy_entry(from / name, to / name);
    copy_modules(from, to);
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
      app.add_subcommand("convert", "write weights as a Hugging Face folder or one file");
  command->footer(
      "Example: strata convert ./gpt2 --output my-gpt2/\n"
      "         strata convert resnet50 --weights r50.pth --output r50.safetensors");
  auto a = std::make_shared<ConvertArguments>();
  a->common.add_to(*command);
  a->add_use_to(*command);
  command->add_option("--output", a->output, "folder to write, or a file NAME.safetensors")
      ->check(not_empty())
      ->required();
  command->callback([=, &program] { program.status = convert(*a); });
}

}  // namespace strata::app
