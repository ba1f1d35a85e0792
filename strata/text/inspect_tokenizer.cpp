#include "strata/text/inspect_tokenizer.h"

#include <algorithm>
#include <array>
#include <filesystem>
#include <map>
#include <set>
#include <unordered_map>
#include <unordered_set>

#include <fmt/format.h>

#include "strata/base/error.h"
#include "strata/io/gzip.h"
#include "strata/io/json.h"
#include "strata/text/byte_bpe.h"
#include "strata/text/merge_cycle.h"
#include "strata/text/wordpiece.h"

namespace strata {
namespace {

namespace fs = std::filesystem;
using Vocabulary = std::vector<std::pair<std::string, int64_t>>;
using Merge = std::pair<std::string, std::string>;

constexpr int64_t kMostBytes = int64_t{256} << 20;
constexpr int kDeepest = 64;
constexpr int64_t kMostTokens = int64_t{1} << 24;
constexpr std::array<const char*, 5> kNames = {"tokenizer.json", "vocab.txt", "vocab.json",
                                               "encoder.json", "merges.txt"};

/// One kind of oddity: how often, and the first few.
class Finding {
 public:
  explicit Finding(std::string what) : what_(std::move(what)) {}
  void add(const std::string& which) {
    if (++count_ <= kShown) list_ += (count_ > 1 ? ", " : "") + which;
  }
  void report(TokenizerReport& to) const {
    if (count_ == 0) return;
    to.remarks.push_back(
        fmt::format("{} {}: {}{}", count_, what_, list_, count_ > kShown ? ", ..." : ""));
  }

 private:
  static constexpr size_t kShown = 5;
  std::string what_, list_;
  size_t count_ = 0;
};

std::string in_quotes(const std::string& token) { return "'" + token + "'"; }
std::string in_quotes(const Merge& m) { return in_quotes(m.first) + " + " + in_quotes(m.second); }

/// Keys that stand twice in one object, of which readers keep one only.
Finding repeated_keys(const std::string& path) {
  Finding twice("names that stand twice in one object");
  std::vector<std::string> names;
  ByteStream stream(path);
  parse_json(path, stream.read_all(kMostBytes), kDeepest, &names);
  for (const std::string& name : names) twice.add(in_quotes(name));
  return twice;
}

/// Numbers: absurd ones, those of two tokens, and gaps.
void judge_numbers(const Vocabulary& vocabulary, const std::vector<AddedToken>& added,
                   TokenizerReport& report) {
  std::map<int64_t, std::string> by_id;
  Finding absurd("tokens have absurd numbers"), twice("numbers belong to two tokens"),
      repeated("tokens stand twice with different numbers"), holes("gaps in the numbers");
  std::unordered_map<std::string, int64_t> by_token;
  const auto place = [&](const std::string& token, int64_t id) {
    if (id < 0 || id >= kMostTokens) return absurd.add(fmt::format("{} {}", in_quotes(token), id));
    const auto [known, fresh_token] = by_token.emplace(token, id);
    if (!fresh_token && known->second != id) repeated.add(in_quotes(token));
    const auto [at, fresh] = by_id.emplace(id, token);
    if (!fresh && at->second != token) {
      twice.add(fmt::format("{} ({}, {})", id, in_quotes(at->second), in_quotes(token)));
    }
  };
  for (const auto& [token, id] : vocabulary) place(token, id);
  for (const AddedToken& t : added) place(t.content, t.id);
  int64_t next = 0;
  for (const auto& [id, token] : by_id) {
    if (id > next)
      holes.add(id == next + 1 ? fmt::format("{}", next) : fmt::format("{} to {}", next, id - 1));
    next = id + 1;
  }
  report.tokens = static_cast<int64_t>(by_id.size());
  report.size = next;
  for (const Finding* f : {&absurd, &twice, &repeated, &holes}) f->report(report);
  for (const AddedToken& t : added) {
    if (t.special) report.special.emplace_back(t.content, t.id);
  }
}

/// Merges: of what is no token, said twice, in a circle, and such as can never happen.
void judge_merges(const ByteBpeConfig& config, TokenizerReport& report) {
  std::unordered_map<std::string, int64_t> ids(config.vocabulary.begin(), config.vocabulary.end());
  for (const AddedToken& t : config.added) ids.emplace(t.content, t.id);
  Finding strange("merges need or make what is no token"), twice("merges stand twice"),
      unreachable("merges can never happen, for nothing makes their parts");
  std::set<Merge> seen;
  std::vector<MergeIds> good;
  std::vector<const Merge*> merge_of;
  std::unordered_set<std::string> made;
  const auto id_of = [&](const std::string& token) {
    const auto at = ids.find(token);
    return at == ids.end() || at->second < 0 || at->second >= kMostTokens ? -1 : at->second;
  };
  for (const Merge& m : config.merges) {
    if (!seen.insert(m).second) twice.add(in_quotes(m));
    const MergeIds three = {id_of(m.first), id_of(m.second), id_of(m.first + m.second)};
    if (three.left < 0 || three.right < 0 || three.result < 0) {
      strange.add(in_quotes(m));
      continue;
    }
    good.push_back(three);
    merge_of.push_back(&m);
    made.insert(m.first + m.second);
  }
  const auto reachable = [&](const std::string& token) {
    return made.contains(token) || first_character(token).length == token.size();
  };
  for (const Merge* m : merge_of) {
    if (!reachable(m->first) || !reachable(m->second)) unreachable.add(in_quotes(*m));
  }
  report.merges = static_cast<int64_t>(config.merges.size());
  for (const Finding* f : {&strange, &twice, &unreachable}) f->report(report);
  if (const auto circle = cyclic_merge(good)) {
    report.remarks.push_back(
        fmt::format("the merge {} leads in a circle", in_quotes(*merge_of[*circle])));
  }
}

void judge_bpe(const std::string& path, TokenizerReport& report) {
  const ByteBpeConfig config = read_byte_bpe(path);
  report.kind = "byte-level BPE";
  judge_numbers(config.vocabulary, config.added, report);
  judge_merges(config, report);
  const ByteBpe loaded(config, path);  // last: it throws where it cannot be
}

void judge_wordpiece(const std::string& path, TokenizerReport& report) {
  const WordPieceConfig config = read_wordpiece(path);
  report.kind = "WordPiece";
  judge_numbers(config.vocabulary, config.added, report);
  std::unordered_set<std::string> known;
  Finding odd("tokens are empty or hold white space"), absent("special tokens are missing");
  for (const auto& [token, id] : config.vocabulary) {
    known.insert(token);
    if (token.empty() || token.find_first_of(" \t\r\n") != std::string::npos) {
      odd.add(fmt::format("{} {}", in_quotes(token), id));
    }
  }
  for (const AddedToken& t : config.added) known.insert(t.content);
  for (const std::string* s :
       {&config.unknown, &config.classify, &config.separate, &config.pad, &config.mask}) {
    if (!known.contains(*s)) absent.add(*s);
  }
  odd.report(report);
  absent.report(report);
  const WordPiece loaded(config, path);
}

bool is_wordpiece_json(const std::string& path) {
  ByteStream stream(path);
  try {
    const JsonValue json = parse_json(path, stream.read_all(kMostBytes));
    const JsonValue* model = json.find("model");
    const JsonValue* type = model ? model->find("type") : nullptr;
    return type && type->is_string() && type->as<std::string>() == "WordPiece";
  } catch (const FormatError&) {
    return false;  // whoever reads it then says what is wrong
  }
}

/// The file or folder to read for what was named, and whether it is WordPiece.
std::pair<std::string, bool> source_of(const std::string& path) {
  const bool folder = fs::is_directory(path);
  const fs::path home = folder ? fs::path(path) : fs::path(path).parent_path();
  const auto name = folder ? std::string() : fs::path(path).filename().string();
  const std::string json = folder ? (home / "tokenizer.json").string() : path;
  if (name.starts_with("vocab.txt")) return {path, true};
  const bool pair = name.starts_with("vocab.") || name.starts_with("encoder.json") ||
                    name.starts_with("merges.txt");
  if (pair) return {path, false};
  if (fs::exists(json)) return {json, is_wordpiece_json(json)};
  return {path, fs::exists(home / "vocab.txt")};
}

}  // namespace

bool is_tokenizer_file(const std::string& path) {
  const std::string name = fs::path(path).filename().string();
  for (const char* known : kNames) {
    if (name == known || name == std::string(known) + ".gz") return true;
  }
  if (name == "vocab.bpe" || name == "vocab.bpe.gz") return true;
  return name.ends_with(".json") && !name.ends_with(".index.json");
}

bool has_tokenizer(const std::string& folder) {
  for (const char* name : kNames) {
    for (const char* ending : {"", ".gz"}) {
      if (fs::exists(fs::path(folder) / (std::string(name) + ending))) return true;
    }
  }
  return false;
}

TokenizerReport inspect_tokenizer(const std::string& path) {
  TokenizerReport report;
  report.path = path;
  const auto [source, wordpiece] = source_of(path);
  if (source.ends_with(".json")) repeated_keys(source).report(report);
  try {
    wordpiece ? judge_wordpiece(source, report) : judge_bpe(source, report);
  } catch (const FormatError& e) {
    if (report.kind.empty()) throw;
    report.fault = e.what();
  }
  return report;
}

}  // namespace strata
