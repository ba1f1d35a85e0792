#include <algorithm>
#include <charconv>
#include <cmath>
#include <csignal>
#include <cstdio>
#include <exception>
#include <filesystem>
#include <limits>
#include <new>
#include <set>
#include <string_view>
#include <system_error>

#include <fmt/format.h>
#include <poll.h>
#include <unistd.h>

#include "apps/strata/command.h"
#include "apps/strata/terminal.h"
#include "recipes/shared/hub_folder.h"
#include "strata/base/parallel.h"
#include "strata/io/file.h"

namespace strata::app {
namespace {

std::atomic<bool> g_interrupted{false};
std::atomic<int> g_stop_themselves{0};
std::atomic<bool> g_on_terminal{false};

extern "C" void on_interrupt(int) {
  if (!g_interrupted.exchange(true) && g_stop_themselves > 0) return;
  if (g_on_terminal) {  // what follows begins on a line of its own, in plain letters
    constexpr std::string_view kPlain = "\x1b[0m\n";
    [[maybe_unused]] const ssize_t done = write(STDERR_FILENO, kPlain.data(), kPlain.size());
  }
  std::_Exit(kInterrupted);
}

}  // namespace

const std::atomic<bool>& interrupted() { return g_interrupted; }

StopsItself::StopsItself() { ++g_stop_themselves; }
StopsItself::~StopsItself() { --g_stop_themselves; }

namespace {

template <class Fits>
CLI::Validator number_where(Fits fits, const std::string& what, const std::string& name) {
  const auto check = [=](const std::string& text) {
    double value = 0;
    if (CLI::detail::lexical_cast(text, value) && std::isfinite(value) && fits(value)) {
      return std::string();
    }
    return fmt::format("'{}' is not a number {}", text, what);
  };
  return {check, name};
}

CLI::Validator digits_in(uint64_t low, uint64_t high, const std::string& what,
                         const std::string& name) {
  const auto check = [=](const std::string& text) {
    uint64_t value = 0;
    const char* end = text.data() + text.size();
    const auto [p, error] = std::from_chars(text.data(), end, value);
    if (error == std::errc() && p == end && value >= low && value <= high) return std::string();
    return fmt::format("'{}' is not a whole number {}", text, what);
  };
  return {check, name};
}

}  // namespace

CLI::Validator positive() {
  return number_where([](double x) { return x > 0; }, "above 0", "POSITIVE");
}

CLI::Validator not_negative() {
  return number_where([](double x) { return x >= 0; }, "of at least 0", "NONNEGATIVE");
}

CLI::Validator between(double low, double high) {
  return number_where([=](double x) { return low <= x && x <= high; },
                      fmt::format("from {} to {}", low, high),
                      fmt::format("FLOAT in [{} - {}]", low, high));
}

CLI::Validator up_to(double high) {
  return number_where([=](double x) { return 0 < x && x <= high; },
                      fmt::format("above 0 and up to {}", high),
                      fmt::format("FLOAT in (0 - {}]", high));
}

CLI::Validator whole(uint64_t low, uint64_t high) {
  return digits_in(low, high, fmt::format("from {} to {}", low, high),
                   fmt::format("INT in [{} - {}]", low, high));
}

CLI::Validator at_most(uint64_t most) {
  return digits_in(0, most, fmt::format("up to {}", most), "");
}

CLI::Validator any_seed() { return at_most(std::numeric_limits<uint64_t>::max()); }

CLI::Validator not_empty() {
  return {[](const std::string& text) { return text.empty() ? "is empty" : std::string(); }, ""};
}

void Common::add_to(CLI::App& command) {
  command.add_flag("--json", json, "print one JSON value to standard output");
  command.add_option("--threads", threads, "threads to use (default: all cores)")
      ->check(whole(1, 1024))
      ->type_name("N");
}

void Common::apply() const {
  if (threads > 0) set_thread_count(threads);
}

void Use::add_use_to(CLI::App& command) {
  command.add_option("system", system, "a name from strata list, or a model's folder")
      ->check(not_empty())
      ->required();
  command.add_option("--weights", weights, "a run's folder, a model's folder or a file")
      ->check(not_empty());
  command.add_flag("--no-strict", no_strict, "take what fits of the weights, say what does not");
}

const recipes::Recipe& recipe_of(const std::string& system) {
  if (recipes::is_hub_folder(system)) {
    return recipes::find_hub_family(system, recipes::read_hub_config(system));
  }
  try {
    return recipes::find_recipe(system);
  } catch (const ValueError& e) {
    if (std::filesystem::is_directory(system)) {
      throw UsageError(system, "is a folder without config.json or model_index.json",
                       "for a run: a system's name and --weights FOLDER");
    }
    if (system.find('/') != std::string::npos) throw UsageError(system, "there is no such folder");
    throw UsageError(e);
  }
}

recipes::System Use::open() const {
  recipe();
  if (weights.empty() && !recipes::is_hub_folder(system)) {
    throw UsageError(system, "has no weights of its own",
                     "name them with --weights: a run's folder, a model's folder or a file");
  }
  recipes::System opened = recipes::open_system(system, weights, {.strict = !no_strict});
  const auto lines = nn::lines_of(opened.left_out);
  constexpr size_t kShown = 40;
  for (size_t i = 0; i < std::min(lines.size(), kShown); ++i) {
    say("left out: " + printable(lines[i]));
  }
  if (lines.size() > kShown) say(fmt::format("left out: {} more", lines.size() - kShown));
  return opened;
}

void check_output(const std::string& path, const std::string& ending) {
  if (!path.ends_with(ending)) {
    throw UsageError("--output", fmt::format("{} does not end with {}", path, ending));
  }
  const AtomicFile can_be_written(path);
}

void assign_typed(recipes::Settings& settings, const std::vector<std::string>& typed) {
  std::set<std::string> keys;
  for (const std::string& text : typed) {
    checked_usage([&] { settings.fields().assign(text); });
    const std::string key = text.substr(0, text.find('='));
    if (!keys.insert(key).second) throw UsageError(key, "is given twice");
  }
}

std::string shell_word(const std::string& word) {
  if (!word.empty() && word.find_first_of(" \t\r\n'\"\\$&|;<>()[]{}*?`!#~") == std::string::npos) {
    return word;
  }
  std::string out = "'";
  for (const char c : word) out += c == '\'' ? "'\\''" : std::string(1, c);
  return out + "'";
}

void print_json(const nlohmann::ordered_json& value) {
  const std::string text = value.dump(2, ' ', false, nlohmann::json::error_handler_t::replace);
  std::fwrite(text.data(), 1, text.size(), stdout);
  std::fputc('\n', stdout);
  std::fflush(stdout);
}

namespace {

/// The parser would only say that some command is missing.
void check_command(const CLI::App& app, const std::string& typed) {
  std::vector<std::string> names;
  for (const CLI::App* command : app.get_subcommands({})) names.push_back(command->get_name());
  if (std::find(names.begin(), names.end(), typed) != names.end()) return;
  const std::string near = nearest_name(typed, names);
  throw UsageError(typed, "there is no such command",
                   near.empty() ? "strata --help lists them" : "did you mean " + near + "?");
}

/// The option of the command that is meant by one that it does not know; empty where none is near.
std::string meant_option(const CLI::App& command) {
  std::vector<std::string> names;
  for (const CLI::Option* option : command.get_options()) {
    const auto& own = option->get_lnames();
    names.insert(names.end(), own.begin(), own.end());
  }
  for (const std::string& word : command.remaining()) {
    if (!word.starts_with("--")) continue;
    const std::string near = nearest_name(word.substr(2, word.find('=') - 2), names);
    return near.empty() ? near : "--" + near;
  }
  return {};
}

/// The command line as it could be typed again.
std::string typed(int argc, char** argv) {
  std::string out = "strata";
  for (int i = 1; i < argc; ++i) out += " " + shell_word(argv[i]);
  return out;
}

int run(int argc, char** argv) {
  CLI::App app("Deep learning in modern C++: train, run and look at landmark networks.", "strata");
  app.require_subcommand(1);
  app.footer("Example: strata train lenet5\nEach command has --help with an example of its own.");
  app.set_version_flag("--version", "strata " STRATA_VERSION);
  Program program{.command_line = typed(argc, argv)};
  add_list(app, program);
  add_info(app, program);
  add_train(app, program);
  add_eval(app, program);
  add_predict(app, program);
  add_generate(app, program);
  add_sample(app, program);
  add_fill_mask(app, program);
  add_embed(app, program);
  add_summary(app, program);
  add_forward(app, program);
  add_convert(app, program);
  add_bench(app, program);
  add_gradcheck(app, program);
  add_inspect(app, program);
  add_report(app, program);
  add_data(app, program);
  add_doctor(app, program);
  if (argc > 1 && argv[1][0] != '-') check_command(app, argv[1]);
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& e) {
    if (e.get_exit_code() == 0) return app.exit(e);
    say(std::string("strata: ") + e.what());
    const auto used = app.get_subcommands();
    const std::string meant = used.empty() ? "" : meant_option(*used[0]);
    say("  hint: " + (!meant.empty() ? "did you mean " + meant + "?"
                      : used.empty() ? "strata --help"
                                     : "strata " + used[0]->get_name() + " --help"));
    return kUsage;
  }
  return program.status;
}

/// Whether what standard output goes to, a pipe, is closed: who read it has had enough, which is no
/// fault. Of a write that failed earlier nothing else tells why.
bool reader_has_gone() {
  pollfd output{STDOUT_FILENO, POLLOUT, 0};
  return poll(&output, 1, 0) > 0 && (output.revents & (POLLERR | POLLHUP)) != 0;
}

}  // namespace
}  // namespace strata::app

int main(int argc, char** argv) {
  using namespace strata::app;
  g_on_terminal = is_terminal();
  std::signal(SIGINT, on_interrupt);
  std::signal(SIGTERM, on_interrupt);
  std::signal(SIGPIPE, SIG_IGN);
  std::signal(SIGXFSZ, SIG_IGN);  // a write beyond ulimit -f fails, as on a full disk, and is told
  try {
    const int status = run(argc, argv);
    const bool written = std::fflush(stdout) == 0 && std::ferror(stdout) == 0;
    if (written || reader_has_gone()) return status;
    say("strata: cannot write to standard output");
    return kFailed;
  } catch (const UsageError& e) {
    say(std::string("strata: ") + e.what());
    return kUsage;
  } catch (const std::bad_alloc&) {
    say("strata: out of memory");
    return kFailed;
  } catch (const std::exception& e) {
    const auto* of_system = dynamic_cast<const std::system_error*>(&e);
    if (of_system && of_system->code() == std::errc::broken_pipe) return kDone;  // fmt::print's
    say(std::string("strata: ") + e.what());
    return kFailed;
  }
}
