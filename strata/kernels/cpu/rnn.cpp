// Whole sequences: the input's products of many steps are one product; each step multiplies the
// state and runs its gates block by block, while a block's sums are still in the cache. On the way
// back the gradients of many steps' products are gathered before the weights' gradients, one large
// product, are taken from them.
#include "strata/kernels/rnn.h"

#include <algorithm>

#include "strata/base/parallel.h"
#include "strata/kernels/cpu/rnn_cells.h"
#include "strata/kernels/gemm.h"
#include "strata/kernels/scratch.h"

namespace strata::kernels {
namespace {

constexpr int64_t kBlockUnits = 32;                // a task of a step
constexpr int64_t kChunkBytes = int64_t{8} << 20;  // of products before or behind the gates
constexpr double kMinParallel = 200e3;             // multiplications of a step
constexpr int64_t kFewSteps = 4;                   // that do not repay rearranging weights

const char* name_of(RnnCell cell) {
  return cell == RnnCell::lstm ? "lstm" : cell == RnnCell::gru ? "gru" : "rnn";
}

/// The elements, or null where undefined.
template <class T>
const T* values(const Tensor& t) {
  return t.defined() ? t.data<T>() : nullptr;
}
template <class T>
T* values(Tensor& t) {
  return t.defined() ? t.data<T>() : nullptr;
}

/// Row-major C[m, n] = A B + beta C.
template <class T>
struct Factor {
  const T* data;
  int64_t ld;
  bool trans = false;
};
template <class T>
void product(int64_t m, int64_t n, int64_t k, Factor<T> a, Factor<T> b, T* c, int64_t ldc,
             double beta = 0, const T* bias = nullptr) {
  Gemm<T> g;
  g.m = m;
  g.n = n;
  g.k = k;
  g.a = {a.data, a.ld, a.trans};
  g.b = {b.data, b.ld, b.trans};
  g.c = {c, ldc};
  g.beta = beta;
  g.bias = bias;
  gemm(g);
}

/// What both ways share: sizes, the order of the steps, and the input's rows.
template <class T>
class Sequence {
 public:
  explicit Sequence(const RnnInputs& in)
      : in_(in),
        steps_(in.x.size(0)),
        rows_(in.x.size(1)),
        looked_up_(in.x.dtype() == DType::i64),
        inputs_(looked_up_ ? 0 : in.x.size(2)),
        units_(in.w_hh.size(1)),
        gates_(rnn_gates(in.cell)),
        blocks_((units_ + kBlockUnits - 1) / kBlockUnits) {
    const int64_t widest = std::max<int64_t>(1, std::max(gates_, rnn_kept(in.cell)) * units_);
    const int64_t bytes = widest * static_cast<int64_t>(sizeof(T)) * std::max<int64_t>(1, rows_);
    chunk_ = std::clamp<int64_t>(kChunkBytes / bytes, 1, steps_);
  }

 protected:
  struct Steps {
    int64_t begin, end;
    int64_t count() const { return end - begin; }
  };

  int64_t state_size() const { return rows_ * units_; }
  /// Of states and cells.
  int64_t before(int64_t step) const { return (in_.reverse ? step + 1 : step) * state_size(); }
  int64_t after(int64_t step) const { return (in_.reverse ? step : step + 1) * state_size(); }

  /// f(Steps) for all chunks of steps, from the last to the first with `backwards`.
  template <class F>
  void for_chunks(bool backwards, F f) const {
    const int64_t chunks = (steps_ + chunk_ - 1) / chunk_;
    for (int64_t i = 0; i < chunks; ++i) {
      const int64_t begin = (backwards ? chunks - 1 - i : i) * chunk_;
      f(Steps{begin, std::min(steps_, begin + chunk_)});
    }
  }
  template <class F>
  static void for_steps(bool backwards, Steps steps, F f) {
    for (int64_t i = 0; i < steps.count(); ++i) {
      f(backwards ? steps.end - 1 - i : steps.begin + i);
    }
  }

  /// f(first unit, end) for the blocks of units; in parallel if a step is worth it.
  template <class F>
  void for_blocks(F f) const {
    const auto run = [&](int64_t b) {
      f(b * kBlockUnits, std::min(units_, (b + 1) * kBlockUnits));
    };
    const double work = static_cast<double>(rows_ * units_) * static_cast<double>(gates_ * units_);
    if (work < kMinParallel) {
      for (int64_t b = 0; b < blocks_; ++b) run(b);
    } else {
      parallel_chunks(blocks_, run, Sharing::in_turn);
    }
  }

  /// The input's rows of some steps, as one matrix: where they lie, or copied to `scratch`. With
  /// `zeros_behind` those behind a sequence's end are zeros.
  Factor<T> input_rows(Steps steps, Scratch<T>& scratch, bool zeros_behind) const {
    const int64_t step = in_.x.strides()[0], row = in_.x.strides()[1];
    const T* from = values<T>(in_.x) + steps.begin * step;
    const int64_t* lengths = zeros_behind ? in_.lengths : nullptr;
    if (!lengths && (rows_ == 1 || steps_ == 1 || step == rows_ * row)) {
      return {from, rows_ == 1 ? step : row};
    }
    parallel_for(steps.count() * rows_, 1 + 16384 / (inputs_ + 1), [&](int64_t begin, int64_t end) {
      for (int64_t i = begin; i < end; ++i) {
        T* to = scratch.data() + i * inputs_;
        if (lengths && steps.begin + i / rows_ >= lengths[i % rows_]) {
          std::fill_n(to, inputs_, T(0));
        } else {
          std::copy_n(from + i / rows_ * step + i % rows_ * row, inputs_, to);
        }
      }
    });
    return {scratch.data(), inputs_};
  }
  /// Of row i of some steps.
  int64_t symbol(Steps steps, int64_t i) const {
    return values<int64_t>(
        in_.x)[(steps.begin + i / rows_) * in_.x.strides()[0] + i % rows_ * in_.x.strides()[1]];
  }
  int64_t input_scratch() const { return chunk_ * rows_ * inputs_; }

  cpu::RnnStep<T> step_of(int64_t time, int64_t begin, int64_t end) const {
    return {in_.cell, rows_, units_, begin, end, in_.lengths, time};
  }

  const RnnInputs& in_;
  int64_t steps_, rows_;
  bool looked_up_;  // the input's products
  int64_t inputs_, units_, gates_, blocks_, chunk_;
};

template <class T>
class Forward : Sequence<T> {
  using Base = Sequence<T>;
  using Base::gates_, Base::in_, Base::inputs_, Base::looked_up_, Base::rows_, Base::steps_,
      Base::units_;
  using typename Base::Steps;

 public:
  Forward(RnnInputs& in, Tensor& y)
      : Base(in),
        states_(values<T>(in.states)),
        cells_(values<T>(in.cells)),
        gates_kept_(values<T>(in.gates)),
        y_(values<T>(y)),
        width_(std::max(gates_, rnn_kept(in.cell)) * units_),
        name_(name_of(in.cell)),
        x_(Base::input_scratch(), name_),
        kept_(in.gates.defined() ? 0 : Base::chunk_ * rows_ * width_, name_),
        sums_(rows_ * gates_ * units_, name_),
        packed_(steps_ > kFewSteps ? gates_ * units_ * units_ : 0, name_),
        bias_(gates_ * units_, name_) {}

  void run() {
    add_biases();
    if (steps_ > kFewSteps) pack_weights();
    Base::for_chunks(in_.reverse, [&](Steps steps) {
      T* gates = gates_kept_ ? gates_kept_ + steps.begin * rows_ * width_ : kept_.data();
      input_products(steps, gates);
      Base::for_steps(in_.reverse, steps,
                      [&](int64_t t) { step(t, gates + (t - steps.begin) * rows_ * width_); });
    });
  }

 private:
  void input_products(Steps steps, T* gates) {
    const int64_t all = gates_ * units_, rows = steps.count() * rows_;
    if (!looked_up_) {
      return product<T>(rows, all, inputs_, Base::input_rows(steps, x_, false),
                        {values<T>(in_.w_ih), inputs_, true}, gates, width_, 0, bias_.data());
    }
    parallel_for(rows, 1 + 16384 / all, [&](int64_t begin, int64_t end) {
      for (int64_t i = begin; i < end; ++i) {
        const T* from = values<T>(in_.w_ih) + Base::symbol(steps, i) * all;
        const T* bias = bias_.data();
        T* to = gates + i * width_;
        for (int64_t j = 0; j < all; ++j) to[j] = from[j] + bias[j];
      }
    });
  }

  /// The biases that are added to the input's product: both, but for gru's inner one.
  void add_biases() {
    const T *a = values<T>(in_.b_ih), *b = values<T>(in_.b_hh);
    const int64_t both = in_.cell == RnnCell::gru ? 2 * units_ : gates_ * units_;
    for (int64_t i = 0; i < gates_ * units_; ++i) {
      bias_[i] = (a ? a[i] : T(0)) + (b && i < both ? b[i] : T(0));
    }
  }

  /// W_hh turned, the gates of a block of units side by side: [block][unit before][gate][unit].
  void pack_weights() {
    constexpr int64_t kTile = 16;  // a cache line of the weights
    const T* w = values<T>(in_.w_hh);
    Base::for_blocks([&](int64_t begin, int64_t end) {
      const int64_t count = end - begin, n = gates_ * count;
      T* to = packed_.data() + begin * gates_ * units_;
      for (int64_t first = 0; first < units_; first += kTile) {
        const int64_t last = std::min(units_, first + kTile);
        for (int64_t j = 0; j < n; ++j) {
          const T* row = w + (j / count * units_ + begin + j % count) * units_;
          for (int64_t k = first; k < last; ++k) to[k * n + j] = row[k];
        }
      }
    });
  }

  /// sums[row][gate][unit of the block] = the state times these units' weights.
  void state_products(const T* h, int64_t begin, int64_t end, T* sums) const {
    const int64_t count = end - begin, n = gates_ * count;
    if (steps_ > kFewSteps) {
      return product<T>(rows_, n, units_, {h, units_},
                        {packed_.data() + begin * gates_ * units_, n}, sums, n);
    }
    for (int64_t g = 0; g < gates_; ++g) {
      product<T>(rows_, count, units_, {h, units_},
                 {values<T>(in_.w_hh) + (g * units_ + begin) * units_, units_, true},
                 sums + g * count, n);
    }
  }

  void step(int64_t t, T* gates) {
    const int64_t before = Base::before(t), after = Base::after(t);
    const T* n_bias = values<T>(in_.b_hh);
    if (n_bias) n_bias += 2 * units_;
    Base::for_blocks([&](int64_t begin, int64_t end) {
      T* sums = sums_.data() + begin * gates_ * rows_;
      state_products(states_ + before, begin, end, sums);
      cpu::RnnForwardStep<T> s = {Base::step_of(t, begin, end)};
      s.gates = gates;
      s.gates_ld = width_;
      s.sums = sums;
      s.n_bias = in_.cell == RnnCell::gru ? n_bias : nullptr;
      s.h = states_ + before;
      s.h_next = states_ + after;
      s.c = cells_ ? cells_ + before : nullptr;
      s.c_next = cells_ ? cells_ + after : nullptr;
      s.y = y_ ? y_ + t * Base::state_size() : nullptr;
      cpu::rnn_forward_step(s);
    });
  }

  T *states_, *cells_, *gates_kept_, *y_;
  int64_t width_;  // of a row of gates
  const char* name_;
  Scratch<T> x_, kept_, sums_, packed_, bias_;
};

template <class T>
class Backward : Sequence<T> {
  using Base = Sequence<T>;
  using Base::gates_, Base::in_, Base::inputs_, Base::looked_up_, Base::rows_, Base::units_;
  using typename Base::Steps;

 public:
  Backward(const RnnInputs& in, RnnGradients& out)
      : Base(in),
        out_(out),
        gru_(in.cell == RnnCell::gru),
        carries_(gru_ || in.lengths),
        width_(std::max(gates_, rnn_kept(in.cell)) * units_),
        name_(name_of(in.cell)),
        x_(out.dw_ih.defined() ? Base::input_scratch() : 0, name_),
        dz_(Base::chunk_ * rows_ * width_, name_),
        edge_(rows_ * width_, name_),
        dh_(Base::state_size(), name_),
        dc_(in.cell == RnnCell::lstm ? Base::state_size() : 0, name_),
        bias_(width_, name_) {}

  void run() {
    start_from(out_.dh_last, dh_);
    if (in_.cell == RnnCell::lstm) start_from(out_.dc_last, dc_);
    std::fill_n(bias_.data(), width_, T(0));
    const T* behind = nullptr;  // the products' gradients of the step that came after
    bool first = true;
    Base::for_chunks(!in_.reverse, [&](Steps steps) {
      Base::for_steps(!in_.reverse, steps, [&](int64_t t) {
        T* dz = dz_.data() + (t - steps.begin) * rows_ * width_;
        step(t, behind, dz);
        behind = dz;
      });
      gather(steps, first);
      std::copy_n(behind, rows_ * width_, edge_.data());
      behind = edge_.data();
      first = false;
    });
    if (out_.dh_first.defined()) {
      Base::for_blocks([&](int64_t begin, int64_t end) { state_gradient(behind, begin, end); });
      std::copy_n(dh_.data(), Base::state_size(), values<T>(out_.dh_first));
    }
    if (out_.dc_first.defined()) {
      std::copy_n(dc_.data(), Base::state_size(), values<T>(out_.dc_first));
    }
    store_biases();
  }

 private:
  void start_from(const Tensor& gradient, Scratch<T>& to) {
    if (gradient.defined()) {
      std::copy_n(values<T>(gradient), Base::state_size(), to.data());
    } else {
      std::fill_n(to.data(), Base::state_size(), T(0));
    }
  }

  /// Where the gradients of the state's products begin in a row.
  int64_t state_part() const { return gru_ ? units_ : 0; }

  /// dh of a block of units from the products of the step that came after.
  void state_gradient(const T* behind, int64_t begin, int64_t end) {
    product<T>(rows_, end - begin, gates_ * units_, {behind + state_part(), width_},
               {values<T>(in_.w_hh) + begin, units_}, dh_.data() + begin, units_, carries_ ? 1 : 0);
  }

  void step(int64_t t, const T* behind, T* dz) {
    const T *states = values<T>(in_.states), *cells = values<T>(in_.cells);
    const T *gates = values<T>(in_.gates), *dy = values<T>(out_.dy);
    const int64_t before = Base::before(t), after = Base::after(t);
    Base::for_blocks([&](int64_t begin, int64_t end) {
      if (behind) state_gradient(behind, begin, end);
      cpu::RnnBackwardStep<T> s = {Base::step_of(t, begin, end)};
      s.gates = gates ? gates + t * rows_ * width_ : nullptr;
      s.gates_ld = s.dz_ld = width_;
      s.h = states + before;
      s.h_next = states + after;
      s.c = cells ? cells + before : nullptr;
      s.c_next = cells ? cells + after : nullptr;
      if (dy) {
        s.dy = dy + t * out_.dy.strides()[0];
        s.dy_ld = out_.dy.strides()[1];
      }
      s.dz = dz;
      s.dh = dh_.data();
      s.dc = in_.cell == RnnCell::lstm ? dc_.data() : nullptr;
      s.carry = carries_;
      cpu::rnn_backward_step(s);
    });
  }

  /// What follows from the products' gradients of a chunk of steps.
  void gather(Steps steps, bool first) {
    const int64_t rows = steps.count() * rows_, all = gates_ * units_;
    const double beta = first ? 0 : 1;
    const T* dz = dz_.data();
    if (out_.dx.defined()) {
      T* dx = values<T>(out_.dx) + steps.begin * rows_ * inputs_;
      for_input_parts([&](int64_t at, int64_t weights, int64_t count, bool again) {
        product<T>(rows, inputs_, count, {dz + at, width_},
                   {values<T>(in_.w_ih) + weights * inputs_, inputs_}, dx, inputs_, again ? 1 : 0);
      });
    }
    if (out_.dw_ih.defined() && looked_up_) add_to_table(steps, first);
    if (out_.dw_ih.defined() && !looked_up_) {
      // There may be NaN behind an end, which a gradient of zero would not stop.
      const Factor<T> x = Base::input_rows(steps, x_, true);
      T* dw = values<T>(out_.dw_ih);
      for_input_parts([&](int64_t at, int64_t weights, int64_t count, bool) {
        product<T>(count, inputs_, rows, {dz + at, width_, true}, x, dw + weights * inputs_,
                   inputs_, beta);
      });
    }
    if (out_.dw_hh.defined()) {
      const T* h =
          values<T>(in_.states) + (steps.begin + (in_.reverse ? 1 : 0)) * Base::state_size();
      product<T>(all, units_, rows, {dz + state_part(), width_, true}, {h, units_},
                 values<T>(out_.dw_hh), units_, beta);
    }
    if (out_.db_ih.defined() || out_.db_hh.defined()) {
      cpu::add_column_sums(rows, width_, dz, bias_.data());
    }
  }

  /// Adds the gradients of products that were looked up, in the order of steps and rows.
  void add_to_table(Steps steps, bool first) {
    constexpr int64_t kColumns = 256;
    const int64_t all = gates_ * units_, rows = steps.count() * rows_;
    T* table = values<T>(out_.dw_ih);
    if (first) std::fill_n(table, out_.dw_ih.numel(), T(0));
    for_input_parts([&](int64_t at, int64_t weights, int64_t count, bool) {
      parallel_for(count, kColumns, [&](int64_t begin, int64_t end) {
        for (int64_t i = 0; i < rows; ++i) {
          const T* from = dz_.data() + i * width_ + at;
          T* to = table + Base::symbol(steps, i) * all + weights;
          for (int64_t j = begin; j < end; ++j) to[j] += from[j];
        }
      });
    });
  }

  /// f(column of dz, row of w_ih, how many, whether there was one before): gru's n stands in front.
  template <class F>
  void for_input_parts(F f) const {
    if (!gru_) return f(0, 0, gates_ * units_, false);
    f(units_, 0, 2 * units_, false);
    f(0, 2 * units_, units_, true);
  }

  void store_biases() {
    if (out_.db_ih.defined()) {
      T* to = values<T>(out_.db_ih);
      for_input_parts([&](int64_t at, int64_t weights, int64_t count, bool) {
        std::copy_n(bias_.data() + at, count, to + weights);
      });
    }
    if (out_.db_hh.defined()) {
      std::copy_n(bias_.data() + state_part(), gates_ * units_, values<T>(out_.db_hh));
    }
  }

  RnnGradients& out_;
  bool gru_, carries_;
  int64_t width_;  // of a row of dz and of gates
  const char* name_;
  Scratch<T> x_, dz_, edge_, dh_, dc_, bias_;
};

}  // namespace

void rnn_forward(Cpu, RnnInputs& in, Tensor& y) {
  if (in.w_ih.dtype() == DType::f64) return Forward<double>(in, y).run();
  Forward<float>(in, y).run();
}

void rnn_backward(Cpu, const RnnInputs& in, RnnGradients& g) {
  if (in.w_ih.dtype() == DType::f64) return Backward<double>(in, g).run();
  Backward<float>(in, g).run();
}

}  // namespace strata::kernels
