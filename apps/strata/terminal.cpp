#include "apps/strata/terminal.h"

#include <algorithm>
#include <chrono>
#include <cmath>
#include <cstdio>
#include <cstdlib>

#include <fmt/format.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "strata/text/utf8.h"

namespace strata::app {
namespace {

double now() {
  using Clock = std::chrono::steady_clock;
  return std::chrono::duration<double>(Clock::now().time_since_epoch()).count();
}

void write_error(const std::string& text) {
  std::fwrite(text.data(), 1, text.size(), stderr);
  std::fflush(stderr);
}

bool has_colours(Stream stream) {
  static const char* none = std::getenv("NO_COLOR");
  return is_terminal(stream) && (none == nullptr || *none == '\0');
}

}  // namespace

bool is_terminal(Stream stream) {
  static const bool output = isatty(STDOUT_FILENO) != 0, error = isatty(STDERR_FILENO) != 0;
  return stream == Stream::output ? output : error;
}

int terminal_width() {
  winsize size{};
  if (ioctl(STDERR_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 0) return size.ws_col;
  return 80;
}

std::string styled(std::string_view text, std::string_view code, Stream to) {
  return has_colours(to) ? fmt::format("\x1b[{}m{}\x1b[0m", code, text) : std::string(text);
}

std::string bold(std::string_view text, Stream to) { return styled(text, "1", to); }

std::string dim(std::string_view text, Stream to) { return styled(text, "2", to); }

std::string printable(std::string_view text) {
  std::string out;
  while (!text.empty()) {
    const Utf8Character c = first_character(text);
    const std::string_view bytes = text.substr(0, c.length);
    const bool control = c.code < 0x20 || (c.code >= 0x7f && c.code < 0xa0);
    if (c.valid && !control) {
      out += bytes;
    } else {
      for (const char byte : bytes) out += fmt::format("\\x{:02x}", static_cast<uint8_t>(byte));
    }
    text.remove_prefix(c.length);
  }
  return out;
}

void say(std::string_view line) { write_error(std::string(line) + "\n"); }

std::string duration(double seconds) {
  if (seconds < 60) return fmt::format("{:.1f} s", seconds);
  const auto whole = static_cast<int64_t>(std::llround(seconds));
  if (whole < 3600) return fmt::format("{} min {:02d} s", whole / 60, whole % 60);
  return fmt::format("{} h {:02d} min", whole / 3600, whole / 60 % 60);
}

std::string counted(int64_t n, const char* what) {
  return fmt::format("{} {}{}", grouped(n), what, n == 1 ? "" : "s");
}

std::string grouped(int64_t n) {
  std::string digits = fmt::format("{}", std::abs(n)), out;
  for (size_t i = 0; i < digits.size(); ++i) {
    if (i && (digits.size() - i) % 3 == 0) out += ',';
    out += digits[i];
  }
  return n < 0 ? "-" + out : out;
}

std::string wrapped(std::string_view text, int indent) {
  constexpr int kWidth = 80;
  std::string out;
  int used = 0;
  bool first = true;
  for (size_t at = 0; at < text.size();) {
    // A word goes with the spaces before it, which a new line does not need.
    const size_t begin = text.find_first_not_of(' ', at);
    if (begin == std::string_view::npos) break;
    const size_t end = std::min(text.find(' ', begin), text.size());
    const std::string_view word = text.substr(begin, end - begin),
                           whole = text.substr(at, end - at);
    if (!first && used + columns(whole) > kWidth) {
      out += "\n" + std::string(static_cast<size_t>(indent), ' ') + std::string(word);
      used = indent + columns(word);
    } else {
      out += whole;
      used += columns(whole);
    }
    first = false;
    at = end;
  }
  return out;
}

void StatusLine::show(const std::string& text) {
  if (!is_terminal()) return;
  const double t = now();
  if (visible_ && t - shown_at_ < 0.05) return;
  shown_at_ = t;
  visible_ = true;
  std::string line;
  int used = 0;
  const int width = terminal_width() - 1;
  for (size_t i = 0; i < text.size() && used < width;) {
    size_t n = 1;
    while (i + n < text.size() && (static_cast<unsigned char>(text[i + n]) & 0xC0u) == 0x80u) ++n;
    line += text.substr(i, n);
    i += n;
    ++used;
  }
  write_error("\r\x1b[2K" + line);
}

void StatusLine::clear() {
  if (visible_) write_error("\r\x1b[2K");
  visible_ = false;
}

std::string bar(double fraction, int width) {
  const int full = static_cast<int>(std::clamp(fraction, 0.0, 1.0) * width);
  std::string out = "[";
  for (int i = 0; i < width; ++i) out += i < full ? "=" : (i == full ? ">" : " ");
  return out + "]";
}

std::vector<std::string> curve(const std::vector<double>& values, int width, int height) {
  static constexpr const char* kBlocks[] = {" ", "▁", "▂", "▃", "▄", "▅", "▆", "▇", "█"};
  if (values.empty()) return {};
  const auto n = static_cast<int>(values.size());
  const int columns = std::min(width, n);
  std::vector<double> means(static_cast<size_t>(columns));
  for (int c = 0; c < columns; ++c) {
    const int from = n * c / columns, to = std::max(from + 1, n * (c + 1) / columns);
    double sum = 0;
    for (int i = from; i < to; ++i) sum += values[static_cast<size_t>(i)];
    means[static_cast<size_t>(c)] = sum / (to - from);
  }
  const double top = std::max(*std::max_element(means.begin(), means.end()), 1e-12);
  std::vector<std::string> lines;
  for (int row = height - 1; row >= 0; --row) {
    std::string line;
    for (double m : means) {
      const double eighths = m / top * height * 8 - row * 8;
      line += kBlocks[static_cast<int>(std::clamp(eighths, 0.0, 8.0))];
    }
    lines.push_back(line);
  }
  return lines;
}

namespace {

/// The colour of one pixel among a terminal's 256: 24 greys or the cube of 6 x 6 x 6 colours.
int terminal_colour(const float* pixel, int64_t channels) {
  const auto level = [](float v, float steps) {
    return static_cast<int>(std::lround(std::clamp(v, 0.0f, 1.0f) * steps));
  };
  if (channels < 3) return 232 + level(pixel[0], 23);
  return 16 + 36 * level(pixel[0], 5) + 6 * level(pixel[1], 5) + level(pixel[2], 5);
}

}  // namespace

std::vector<std::string> picture(const Tensor& image, Stream to) {
  const bool coloured = has_colours(to);
  const auto values = image.to_vector<float>();
  const int64_t h = image.size(0), w = image.size(1);
  const int64_t channels = std::max<int64_t>(1, image.numel() / std::max<int64_t>(1, h * w));
  static constexpr const char* kShades[] = {" ", "░", "▒", "▓", "█"};
  const std::vector<float> black(static_cast<size_t>(channels));
  std::vector<std::string> lines;
  for (int64_t y = 0; y < h; y += 2) {
    std::string line;
    for (int64_t x = 0; x < w; ++x) {
      const float* top = values.data() + (y * w + x) * channels;
      const float* bottom = y + 1 < h ? top + w * channels : black.data();
      if (coloured) {
        line += fmt::format("\x1b[38;5;{};48;5;{}m▀", terminal_colour(top, channels),
                            terminal_colour(bottom, channels));
      } else {
        line += kShades[static_cast<int>(
            2 * (std::clamp(top[0], 0.0f, 1.0f) + std::clamp(bottom[0], 0.0f, 1.0f)))];
      }
    }
    lines.push_back(coloured ? line + "\x1b[0m" : line);
  }
  return lines;
}

int columns(std::string_view text) {
  int n = 0;
  for (size_t i = 0; i < text.size(); ++i) {
    const auto c = static_cast<unsigned char>(text[i]);
    if (c == 0x1b) {
      while (i < text.size() && text[i] != 'm') ++i;
    } else if ((c & 0xC0u) != 0x80u) {
      ++n;
    }
  }
  return n;
}

std::vector<std::string> side_by_side(const std::vector<std::vector<std::string>>& blocks,
                                      int gap) {
  size_t height = 0;
  for (const auto& block : blocks) height = std::max(height, block.size());
  std::vector<std::string> lines(height);
  for (const auto& block : blocks) {
    int width = 0;
    for (const auto& line : block) width = std::max(width, columns(line));
    for (size_t i = 0; i < height; ++i) {
      const std::string line = i < block.size() ? block[i] : "";
      lines[i] += line + std::string(static_cast<size_t>(width - columns(line) + gap), ' ');
    }
  }
  return lines;
}

}  // namespace strata::app
