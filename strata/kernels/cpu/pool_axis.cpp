#include <algorithm>

#include "strata/kernels/pool.h"

namespace strata::kernels {
namespace {

// `from` and `to` bound each window without regard to the image; they rise, so that the windows
// over an input follow each other.
void find_results(PoolAxis& axis, const std::vector<int64_t>& from,
                  const std::vector<int64_t>& to) {
  size_t first = 0, last = 0;
  for (int64_t i = 0; i < axis.in; ++i) {
    while (first < to.size() && to[first] <= i) ++first;
    while (last < from.size() && from[last] <= i) ++last;
    axis.first.push_back(static_cast<int32_t>(first));
    axis.last.push_back(static_cast<int32_t>(std::max(first, last)));
  }
}

}  // namespace

PoolAxis sliding_axis(int64_t in, int64_t kernel, int64_t stride, int64_t padding, int64_t dilation,
                      bool ceil_mode, bool count_padding) {
  PoolAxis axis;
  axis.in = in, axis.step = dilation;
  const int64_t room = in + 2 * padding - dilation * (kernel - 1) - 1;
  int64_t out = (room + (ceil_mode ? stride - 1 : 0)) / stride + 1;
  // The last window must begin inside of the image or of the padding before it.
  if (ceil_mode && (out - 1) * stride >= in + padding) --out;
  std::vector<int64_t> windows_from, windows_to;
  for (int64_t i = 0; i < out; ++i) {
    const int64_t from = i * stride - padding;
    const int64_t begin = from < 0 ? from + (-from + dilation - 1) / dilation * dilation : from;
    const int64_t whole = from + dilation * (kernel - 1) + 1, end = std::min(whole, in);
    windows_from.push_back(from);
    windows_to.push_back(whole);
    axis.begin.push_back(static_cast<int32_t>(begin));
    axis.end.push_back(static_cast<int32_t>(std::max(begin, end)));
    axis.length.push_back(
        static_cast<int32_t>(count_padding ? std::min(whole, in + padding) - from : end - begin));
  }
  find_results(axis, windows_from, windows_to);
  return axis;
}

PoolAxis adaptive_axis(int64_t in, int64_t out) {
  PoolAxis axis;
  axis.in = in;
  for (int64_t i = 0; i < out; ++i) {
    axis.begin.push_back(static_cast<int32_t>(i * in / out));
    axis.end.push_back(static_cast<int32_t>(((i + 1) * in + out - 1) / out));
    axis.length.push_back(axis.end.back() - axis.begin.back());
  }
  find_results(axis, {axis.begin.begin(), axis.begin.end()}, {axis.end.begin(), axis.end.end()});
  return axis;
}

}  // namespace strata::kernels
