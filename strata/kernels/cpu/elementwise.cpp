#include "strata/kernels/cpu/elementwise.h"

#include <algorithm>
#include <array>
#include <optional>

#include "strata/base/error.h"
#include "strata/base/parallel.h"
#include "strata/kernels/cpu/convert.h"

namespace strata::kernels::cpu {
namespace {

/// Elements that are converted and computed at a time: four buffers stay in the first-level cache.
template <class T>
constexpr int64_t kBlock = 2048 / sizeof(T);

/// Whether loops over T may write past the caches by themselves; those of the others never do.
template <class T>
constexpr bool kLoopStreams = sizeof(T) < sizeof(double);

/// Geometry of a tensor broadcast to `to`: dimensions that continue one another are merged.
struct Geometry {
  Shape shape;
  Strides strides;

  Geometry(const Tensor& x, const Shape& to) {
    const int lead = to.rank() - x.rank();
    for (int i = 0; i < to.rank(); ++i) {
      if (to[i] == 1) continue;
      const bool repeated = i < lead || x.shape()[i - lead] == 1;
      const int64_t stride = repeated ? 0 : x.strides()[i - lead];
      if (!shape.empty() && strides.back() == stride * to[i]) {
        shape.back() *= to[i];
        strides.back() = stride;
      } else {
        shape.push_back(to[i]);
        strides.push_back(stride);
      }
    }
    if (shape.empty()) {
      shape.push_back(1);
      strides.push_back(1);
    }
  }

  /// Calls f(offset, n) for the runs of the innermost dimension that make up the elements
  /// [begin, begin + n) in row-major order.
  template <class F>
  void for_each_run(int64_t begin, int64_t n, F&& f) const {
    const int last = shape.rank() - 1;
    Dims index = shape;
    int64_t offset = 0, rest = begin;
    for (int i = last; i >= 0; --i) {
      index[i] = rest % shape[i];
      rest /= shape[i];
      offset += index[i] * strides[i];
    }
    while (true) {
      const int64_t run = std::min(n, shape[last] - index[last]);
      f(offset, run);
      n -= run;
      if (n == 0) return;
      offset -= index[last] * strides[last];
      index[last] = 0;
      for (int i = last - 1; i >= 0; --i) {
        offset += strides[i];
        if (++index[i] < shape[i]) break;
        offset -= strides[i] * shape[i];
        index[i] = 0;
      }
    }
  }
};

/// Hands out blocks of an input as contiguous T: in place where they are, through a buffer else.
template <class T>
class Source {
 public:
  /// Of the buffer: a block, and the longest row of those that repeat and stay in it.
  static constexpr int64_t kBuffer = 2 * kBlock<T>;

  Source(const Tensor& x, const Tensor& out, T* buffer)
      : buffer_(buffer),
        data_(static_cast<const char*>(x.raw())),
        item_(size_of(x.dtype())),
        same_type_(x.dtype() == dtype_of<T>),
        constant_(x.numel() == 1),
        load_(load_from<T>(x.dtype())) {
    if (constant_) {
      load_(data_, 0, buffer_, std::min(kBlock<T>, out.numel()));
    } else if (!x.is_contiguous() || x.shape() != out.shape()) {
      geometry_.emplace(x, out.shape());
      repeat_row(out.numel());
    }
  }

  const T* read(int64_t begin, int64_t n) {
    if (constant_) return buffer_;
    if (row_ > 0) return buffer_ + begin % row_;
    if (!geometry_) return gather(data_ + begin * item_, 1, n, buffer_, n);
    const T* result = buffer_;
    T* to = buffer_;
    const int64_t stride = geometry_->strides.back();
    geometry_->for_each_run(begin, n, [&](int64_t offset, int64_t run) {
      const T* block = gather(data_ + offset * item_, stride, run, to, n);
      if (block != to) result = block;
      to += run;
    });
    return result;
  }

 private:
  /// A short row for all rows of the output: writes it out so often that each block is in there.
  void repeat_row(int64_t elements) {
    const Geometry& g = *geometry_;
    if (g.shape.rank() != 2 || g.strides[0] != 0 || g.strides[1] != 1) return;
    if (g.shape[1] > kBlock<T>) return;
    row_ = g.shape[1];
    load_(data_, 1, buffer_, row_);
    const int64_t all = std::min(row_ + kBlock<T>, elements);
    for (int64_t done = row_; done < all; done *= 2) {
      std::copy_n(buffer_, std::min(done, all - done), buffer_ + done);
    }
  }

  /// A run of a block of n elements: where it is, if it is all of the block and needs no change.
  const T* gather(const char* from, int64_t stride, int64_t run, T* to, int64_t n) const {
    if (same_type_ && stride == 1 && run == n) return reinterpret_cast<const T*>(from);
    load_(from, stride, to, run);
    return to;
  }

  T* buffer_;
  const char* data_;
  int64_t item_;
  bool same_type_;
  bool constant_;
  Load<T> load_;
  std::optional<Geometry> geometry_;
  int64_t row_ = 0;  // length of a row that repeats in the buffer
};

/// Takes blocks of results to the output.
template <class T>
class Sink {
 public:
  Sink(Tensor& y, T* buffer)
      : buffer_(buffer),
        data_(static_cast<char*>(y.raw())),
        item_(size_of(y.dtype())),
        same_type_(y.dtype() == dtype_of<T>),
        streams_(y.is_contiguous() && should_stream(data_, y.numel() * item_)),
        direct_(same_type_ && y.is_contiguous() && (!streams_ || kLoopStreams<T>)),
        store_(store_to<T>(y.dtype())) {
    if (!y.is_contiguous()) geometry_.emplace(y, y.shape());
  }

  /// Where the block that begins there is computed, and whether it may be written past the caches.
  T* place(int64_t begin) { return direct_ ? reinterpret_cast<T*>(data_) + begin : buffer_; }
  bool loop_streams() const { return direct_ && streams_; }

  /// Writes a block computed at place(begin).
  void write(int64_t begin, int64_t n) {
    if (direct_) return;
    char* to = data_ + begin * item_;
    if (geometry_) {
      const T* from = buffer_;
      const int64_t stride = geometry_->strides.back();
      geometry_->for_each_run(begin, n, [&](int64_t offset, int64_t run) {
        store_(from, data_ + offset * item_, stride, run);
        from += run;
      });
    } else if (!streams_) {
      store_(buffer_, to, 1, n);
    } else if (same_type_) {
      stream_copy(buffer_, to, n * item_);
    } else {
      alignas(64) char converted[kBlock<T> * 8];
      store_(buffer_, converted, 1, n);
      stream_copy(converted, to, n * item_);
    }
  }

  void finish() const {
    if (streams_) finish_streaming();
  }

 private:
  T* buffer_;
  char* data_;
  int64_t item_;
  bool same_type_;
  bool streams_;
  bool direct_;  // no need of the buffer
  Store<T> store_;
  std::optional<Geometry> geometry_;
};

template <class T>
void run_blocks(Loop<T> loop, const void* op, std::span<const Tensor* const> in, Tensor& out,
                int64_t begin, int64_t end) {
  alignas(64) T buffers[kMostInputs][Source<T>::kBuffer];
  alignas(64) T results[kBlock<T>];
  std::array<std::optional<Source<T>>, kMostInputs> sources;
  for (size_t k = 0; k < in.size(); ++k) sources[k].emplace(*in[k], out, buffers[k]);
  Sink<T> sink(out, results);
  while (begin < end) {
    const int64_t n = std::min(kBlock<T>, end - begin);
    std::array<const T*, kMostInputs> blocks{};
    for (size_t k = 0; k < in.size(); ++k) blocks[k] = sources[k]->read(begin, n);
    loop(op, blocks.data(), sink.place(begin), n, sink.loop_streams());
    sink.write(begin, n);
    begin += n;
  }
  sink.finish();
}

/// Whether the loop may run over the tensors as they lie in memory.
template <class T, class To = T>
bool is_plain(std::span<const Tensor* const> in, const Tensor& out) {
  if (out.dtype() != dtype_of<To> || !out.is_contiguous()) return false;
  return std::all_of(in.begin(), in.end(), [&](const Tensor* x) {
    return x->dtype() == dtype_of<T> && x->is_contiguous() && x->shape() == out.shape();
  });
}

template <class T, class To>
void run_plain(Loop<T, To> loop, const void* op, std::span<const Tensor* const> in, Tensor& out,
               int64_t grain) {
  const int64_t n = out.numel();
  std::array<const T*, kMostInputs> from{};
  for (size_t k = 0; k < in.size(); ++k) from[k] = static_cast<const T*>(in[k]->raw());
  To* to = static_cast<To*>(out.raw());
  if (n <= grain) return loop(op, from.data(), to, n, false);
  const bool streams = should_stream(to, n * static_cast<int64_t>(sizeof(To)));
  parallel_for(n, grain, [&](int64_t begin, int64_t end) {
    auto part = from;
    for (size_t k = 0; k < in.size(); ++k) part[k] += begin;
    if (!streams || kLoopStreams<To>) {
      loop(op, part.data(), to + begin, end - begin, streams);
      if (streams) finish_streaming();
      return;
    }
    constexpr int64_t kPart = kStreamPart / sizeof(To);
    alignas(64) To buffer[kPart];
    for (; begin < end; begin += kPart) {
      const int64_t count = std::min(kPart, end - begin);
      loop(op, part.data(), buffer, count, false);
      stream_copy(buffer, to + begin, count * static_cast<int64_t>(sizeof(To)));
      for (size_t k = 0; k < in.size(); ++k) part[k] += count;
    }
    finish_streaming();
  });
}

template <class T>
void run(Loop<T> loop, const void* op, std::span<const Tensor* const> in, Tensor& out,
         int64_t grain) {
  if (!loop) throw DTypeError("elementwise", "no loop for this dtype");
  const int64_t n = out.numel();
  if (is_plain<T>(in, out)) return run_plain(loop, op, in, out, grain);
  if (n <= grain) return run_blocks<T>(loop, op, in, out, 0, n);
  parallel_for(n, grain,
               [&](int64_t begin, int64_t end) { run_blocks<T>(loop, op, in, out, begin, end); });
}

}  // namespace

void elementwise(const Loops& loops, const void* op, DType compute,
                 std::initializer_list<const Tensor*> in, Tensor& out, Cost cost) {
  const std::span inputs(in.begin(), in.size());
  const auto grain = static_cast<int64_t>(cost);
  if (out.numel() == 0) return;
  if (compute == DType::f64) {
    run(loops.f64, op, inputs, out, grain);
  } else if (!is_floating(compute)) {
    run(loops.i64, op, inputs, out, grain);
  } else if (loops.bf16 && is_plain<bfloat16>(inputs, out)) {
    run_plain(loops.bf16, op, inputs, out, grain);
  } else if (loops.to_bool && is_plain<float, bool>(inputs, out)) {
    run_plain(loops.to_bool, op, inputs, out, grain);
  } else {
    run(loops.f32, op, inputs, out, grain);
  }
}

}  // namespace strata::kernels::cpu
