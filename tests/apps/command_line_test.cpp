#include <filesystem>
#include <sstream>
#include <string>
#include <vector>

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "strata/io/safetensors.h"
#include "strata/ops/creation.h"
#include "tests/support/in_folder.h"
#include "tests/support/program.h"
#include "tests/support/temp_folder.h"

namespace strata {
namespace {

namespace fs = std::filesystem;
using testing::InFolder;
using testing::run_strata;
using testing::TempFolder;
using Words = std::vector<std::string>;

std::vector<std::string> lines_of(const std::string& text) {
  std::istringstream in(text);
  std::vector<std::string> lines;
  for (std::string line; std::getline(in, line);) lines.push_back(line);
  return lines;
}

std::vector<std::string> all_commands() {
  std::vector<std::string> commands;
  bool listed = false;
  for (const std::string& line : lines_of(run_strata({"--help"}).out)) {
    if (listed && line.starts_with("  ")) commands.push_back(line.substr(2, line.find(' ', 2) - 2));
    listed = listed || line.starts_with("Subcommands");
  }
  return commands;
}

/// A flag as its command's help lists it: "--threads" and "N:INT in [1 - 1024]", or no type.
struct Flag {
  std::string name, type;
};

std::vector<Flag> flags_of(const std::string& command) {
  std::vector<Flag> flags;
  for (const std::string& line : lines_of(run_strata({command, "--help"}).out)) {
    const size_t begin = line.find("--");
    if (begin == std::string::npos || begin > 6 || !line.starts_with("  ")) continue;
    const size_t end = line.find_first_of(" =", begin);
    const size_t type_end = std::min(line.find("  ", begin), line.size());
    Flag flag{line.substr(begin, end - begin), {}};
    if (end < type_end) flag.type = line.substr(end + 1, type_end - end - 1);
    if (flag.name != "--help") flags.push_back(flag);
  }
  return flags;
}

std::string joined(const Words& words) {
  std::string out = "strata";
  for (const auto& w : words) out += " " + w;
  return out;
}

TEST(CommandLine, ABadValueOfEachFlagIsNamedAndEndsWithTwo) {
  size_t checked = 0;
  for (const std::string& command : all_commands()) {
    for (const Flag& flag : flags_of(command)) {
      const bool free_text = flag.type.starts_with("TEXT") && !flag.type.starts_with("TEXT:{");
      Words words = {command};
      if (flag.type.empty()) {
        words.push_back(flag.name + "=nonsense");
      } else if (free_text) {
        words.push_back(flag.name);  // any text will do, but none will not
      } else {
        words.insert(words.end(), {flag.name, "nonsense"});
      }
      const auto r = run_strata(words);
      EXPECT_EQ(r.status, 2) << joined(words) << "\n" << r.err;
      EXPECT_NE(r.err.find(flag.name), std::string::npos) << joined(words) << "\n" << r.err;
      EXPECT_EQ(r.out, "") << joined(words);
      ++checked;
    }
  }
  EXPECT_GT(checked, 60u);
}

int columns(const std::string& line) {
  int n = 0;
  for (const char c : line) n += (static_cast<unsigned char>(c) & 0xc0u) != 0x80u;
  return n;
}

void expect_plain_and_narrow(const std::string& text, const std::string& folder,
                             const std::string& what) {
  EXPECT_EQ(text.find('\x1b'), std::string::npos) << "coloured in a pipe: " << what;
  for (const std::string& line : lines_of(text)) {
    if (!folder.empty() && line.find(folder) != std::string::npos) continue;
    EXPECT_LE(columns(line), 80) << what << "\n" << line;
  }
}

/// Commands that can be run here in short time, on a small run in `folder`.
std::vector<Words> short_commands(const TempFolder& folder) {
  const std::string run = folder / "run", text = folder / "text";
  return {{"train", "lenet5", "--steps", "3", "--out", run, "--resume"},
          {"train", "gpt-char", "--steps", "2", "--out", text, "--resume", "layers=1", "width=16"},
          {"eval", "lenet5", "--weights", run},
          {"generate", "gpt-char", "T", "--weights", text, "--max-tokens", "5"},
          {"forward", "lenet5", "--weights", run, "--input", folder / "in.safetensors", "--output",
           folder / "out.safetensors"},
          {"report", run, text, "--output", folder / "both.html"},
          {"report", run},
          {"list"},
          {"info", "lenet5"},
          {"info", "bert-base-uncased"},
          {"info", "gpt-char"},
          {"summary", "lenet5"},
          {"summary", "gpt2"},
          {"data"},
          {"data", "mnist"},
          {"data", "mnist", folder.path()},
          {"gradcheck", "exp"},
          {"bench", "mlp-13002", "--seconds", "0.05", "--no-bound"},
          {"doctor"}};
}

TEST(CommandLine, JsonIsOneValueAndTextIsPlainAndNarrow) {
  const TempFolder folder;
  save_safetensors(folder / "in.safetensors", {{"x", randn({2, 1, 28, 28})}});
  for (Words words : short_commands(folder)) {
    const int status = words.size() == 3 && words[0] == "data" ? 1 : 0;  // the files are not there
    const auto plain = run_strata(words);
    EXPECT_EQ(plain.status, status) << joined(words) << "\n" << plain.err;
    expect_plain_and_narrow(plain.out, folder.path(), joined(words));
    expect_plain_and_narrow(plain.err, folder.path(), joined(words));
    words.push_back("--json");
    const auto r = run_strata(words);
    EXPECT_EQ(r.status, status) << joined(words) << "\n" << r.err;
    EXPECT_TRUE(nlohmann::json::accept(r.out)) << joined(words) << "\n" << r.out;
  }
}

TEST(CommandLine, BenchShowsBoundsOnlyWhereItWorksThemOut) {
  const Words words = {"bench", "mlp-13002", "--seconds", "0.05"};
  const auto with = run_strata(words);
  EXPECT_NE(with.out.find("of bound"), std::string::npos) << with.out;
  expect_plain_and_narrow(with.out, "", joined(words));
  Words more = words;
  more.push_back("--no-bound");
  const auto without = run_strata(more);
  EXPECT_NE(without.out.find("of peak"), std::string::npos) << without.out;
  EXPECT_EQ(without.out.find("bound"), std::string::npos) << without.out;
}

TEST(CommandLine, GradcheckCountsOneAsOne) {
  const auto r = run_strata({"gradcheck", "exp"});
  EXPECT_NE(r.out.find("1 op, 1 case, 0 failed"), std::string::npos) << r.out;
}

/// The words of a command line behind the program's name; those in quotes are one.
Words words_of(const std::string& line) {
  Words words = {""};
  bool quoted = false;
  for (const char c : line) {
    if (c == '"') {
      quoted = !quoted;
    } else if (c == ' ' && !quoted) {
      if (!words.back().empty()) words.emplace_back();
    } else {
      words.back() += c;
    }
  }
  words.erase(words.begin());
  return words;
}

/// The command lines that a text gives as examples: indented, or behind the word itself.
std::vector<Words> examples_in(const std::string& text) {
  std::vector<Words> examples;
  std::string begun;  // a line that ends with a backslash
  for (const std::string& line : lines_of(text)) {
    const bool apart = line.starts_with("  ") || line.starts_with("Example: ");
    const size_t begin = line.find_first_not_of(' ', line.starts_with("Example: ") ? 9 : 0);
    if (!apart || begin == std::string::npos) continue;
    if (begun.empty() && line.compare(begin, 7, "strata ") != 0) continue;
    begun += line.substr(begin);
    if (begun.ends_with('\\')) {
      begun.pop_back();
      continue;
    }
    examples.push_back(words_of(begun));
    begun.clear();
  }
  return examples;
}

// Runs, weights and data are not there, which is another fault than one of what was typed.
TEST(CommandLine, TheExamplesOfHelpCanBeTyped) {
  const TempFolder folder;
  const InFolder in(folder.path());
  for (const auto& [name, type] : std::vector<std::pair<std::string, std::string>>{
           {"gpt2", "gpt2"}, {"bert-base-uncased", "bert"}, {"all-MiniLM-L6-v2", "bert"}}) {
    fs::create_directory(name);
    testing::spill(name + "/config.json", "{\"model_type\": \"" + type + "\"}");
  }
  for (const std::string& command : all_commands()) {
    const auto examples = examples_in(run_strata({command, "--help"}).out);
    EXPECT_FALSE(examples.empty()) << command;
    for (const Words& words : examples) {
      if (words.back() == "--get") continue;  // over the network
      const bool takes_long = command == "bench" || command == "gradcheck" || command == "doctor";
      const auto r = takes_long ? testing::run_and_interrupt(words, 0.3) : run_strata(words);
      EXPECT_NE(r.status, 2) << joined(words) << "\n" << r.err;
    }
  }
}

TEST(CommandLine, TheExamplesOfInfoNameAllThatACommandNeeds) {
  const TempFolder folder;
  const InFolder in(folder.path());
  for (const auto& system : nlohmann::json::parse(run_strata({"list", "--json"}).out)) {
    const auto examples = examples_in(run_strata({"info", system.at("name")}).out);
    EXPECT_FALSE(examples.empty()) << system;
    for (const Words& words : examples) {
      if (words[0] == "train") continue;
      const auto r = run_strata(words);
      EXPECT_NE(r.status, 2) << joined(words) << "\n" << r.err;
    }
  }
}

}  // namespace
}  // namespace strata
