#include "strata/data/text_windows.h"

#include <algorithm>
#include <array>
#include <cctype>
#include <span>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "strata/base/error.h"
#include "strata/base/random.h"
#include "strata/io/gzip.h"
#include "strata/text/utf8.h"

namespace strata {

CharText split_text(std::string_view text) { return split_text(text, CharVocabulary::of(text)); }

CharText split_text(std::string_view text, CharVocabulary vocabulary) {
  const std::vector<int64_t> ids = vocabulary.encode(text);
  const auto n = static_cast<int64_t>(ids.size());
  constexpr int64_t kLeast = 11;  // of which two are kept apart: a character and what follows it
  if (n < kLeast) throw ValueError("split_text", fmt::format("{} characters are too few", n));
  const int64_t cut = n * 9 / 10;
  const std::span all(ids);
  return {std::move(vocabulary), from_span(all.first(static_cast<size_t>(cut)), {cut}),
          from_span(all.subspan(static_cast<size_t>(cut)), {n - cut})};
}

std::string load_text(const std::string& path) {
  constexpr int64_t kMostBytes = int64_t{1} << 30;
  std::string text = ByteStream(path).read_all(kMostBytes);
  if (text.empty()) throw FormatError(path, "is empty: there is nothing to learn");
  std::string_view rest = text;
  while (!rest.empty()) {
    const Utf8Character c = first_character(rest);
    // What was cut off somewhere, as by `head -c`, may end within a character.
    if ((!c.valid && !c.cut) || c.code == 0) {
      throw FormatError(path,
                        fmt::format("is no text in UTF-8: see byte {}", text.size() - rest.size()));
    }
    rest.remove_prefix(c.length);
  }
  return text;
}

std::string generate_text(int64_t characters, uint64_t seed) {
  constexpr std::array<const char*, 8> kWho = {"the king",   "a fool",    "my lady", "the night",
                                               "our prince", "the nurse", "thy son", "a stranger"};
  constexpr std::array<const char*, 8> kDoes = {"speaks of", "waits for", "forgets", "follows",
                                                "fears",     "loves",     "leaves",  "mocks"};
  constexpr std::array<const char*, 8> kWhat = {"the crown",  "an old song", "the sea",
                                                "his word",   "no man",      "the morning",
                                                "this house", "gold"};
  constexpr std::array<const char*, 4> kEnds = {".\n", "; and ", ", for ", "!\n\n"};
  Generator random(seed);
  const auto draw = [&](const auto& words) { return words[random.below(words.size())]; };
  std::string text;
  while (static_cast<int64_t>(text.size()) < characters) {
    std::string who = draw(kWho);
    if (text.empty() || text.back() == '\n') {
      who[0] = static_cast<char>(std::toupper(static_cast<unsigned char>(who[0])));
    }
    text += fmt::format("{} {} {}{}", who, draw(kDoes), draw(kWhat), draw(kEnds));
  }
  return text;
}

TextWindows::TextWindows(Tensor ids, const TextWindowsConfig& config)
    : ids_(std::move(ids)), config_(config) {
  if (ids_.dtype() != DType::i64) {
    throw DTypeError("TextWindows", fmt::format("takes i64, not {}", describe(ids_)));
  }
  if (ids_.rank() != 1 || !ids_.is_contiguous()) {
    throw ShapeError("TextWindows", fmt::format("takes i64[n], not {}", describe(ids_)));
  }
  if (config.length < 1 || config.batch < 1) {
    throw ValueError("TextWindows", fmt::format("length {} and batch {} must be at least 1",
                                                config.length, config.batch));
  }
  if (ids_.numel() <= config.length) {
    throw ValueError("TextWindows", fmt::format("a text of {} is too short for windows of {} + 1",
                                                ids_.numel(), config.length));
  }
}

int64_t TextWindows::batches_per_epoch() const {
  return std::max<int64_t>(1, ids_.numel() / config_.length / config_.batch);
}

Batch TextWindows::get(int64_t epoch, int64_t batch) const {
  const int64_t rows = config_.batch, length = config_.length;
  Batch out = {empty({rows, length}, DType::i64), empty({rows, length}, DType::i64)};
  const auto* from = ids_.data<int64_t>();
  const auto places = static_cast<double>(ids_.numel() - length);
  for (int64_t r = 0; r < rows; ++r) {
    const auto bits =
        philox(config_.seed, static_cast<uint64_t>(epoch), static_cast<uint64_t>(batch * rows + r));
    const double u = (bits[0] * 0x1p32 + bits[1]) * 0x1p-64;
    const auto begin = std::min(static_cast<int64_t>(u * places), ids_.numel() - length - 1);
    std::copy_n(from + begin, length, out.x.data<int64_t>() + r * length);
    std::copy_n(from + begin + 1, length, out.y.data<int64_t>() + r * length);
  }
  return out;
}

}  // namespace strata
