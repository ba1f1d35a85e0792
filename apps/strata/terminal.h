#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "strata/tensor/tensor.h"

namespace strata::app {

/// What people read: results on standard output, all else on standard error.
enum class Stream { output, error };

/// Whether a stream is a terminal: progress bars and colours are for people only.
bool is_terminal(Stream stream = Stream::error);
/// Columns of the terminal, 80 where unknown.
int terminal_width();

/// Text in a colour or style where it goes to a terminal and NO_COLOR is unset or empty, as it is
/// elsewhere. `code` is the SGR number.
std::string styled(std::string_view text, std::string_view code, Stream to = Stream::error);
std::string bold(std::string_view text, Stream to = Stream::error);
std::string dim(std::string_view text, Stream to = Stream::error);

/// Text from a file with "\x1b" in place of what a terminal could take for a command: control
/// characters and bytes that are not UTF-8.
std::string printable(std::string_view text);

/// Writes a line for people to standard error.
void say(std::string_view line);

/// "1.2 s", "3 min 05 s".
std::string duration(double seconds);
/// "61,706".
std::string grouped(int64_t n);
/// "1 step", "61,706 steps".
std::string counted(int64_t n, const char* what);

/// The text in lines of at most 80 columns, broken at spaces; those after the first are indented.
std::string wrapped(std::string_view text, int indent = 0);

/// Rewrites one line in place on a terminal; prints nothing in a pipe.
class StatusLine {
 public:
  ~StatusLine() { clear(); }
  /// Shows `text`, cut to the terminal's width; at most 20 times a second.
  void show(const std::string& text);
  void clear();

 private:
  double shown_at_ = -1;
  bool visible_ = false;
};

/// "[=====>    ]" of `width` columns.
std::string bar(double fraction, int width);

/// A curve as lines of block characters, `height` rows high and at most `width` columns wide.
std::vector<std::string> curve(const std::vector<double>& values, int width, int height);

/// A picture f32[H, W, C] in [0, 1], grey or of three colours, as lines of half-block characters,
/// two pixels high each, coloured as styled() is.
std::vector<std::string> picture(const Tensor& image, Stream to = Stream::error);

/// Puts blocks of lines side by side.
std::vector<std::string> side_by_side(const std::vector<std::vector<std::string>>& blocks, int gap);

/// Columns a string takes on a terminal: UTF-8 letters count one, escape sequences none.
int columns(std::string_view text);

}  // namespace strata::app
