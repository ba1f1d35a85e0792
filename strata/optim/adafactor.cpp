#include "strata/optim/adafactor.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <utility>

#include "strata/optim/sweep.h"

namespace strata {
namespace {

using Extent = Adafactor::Extent;

/// Columns that are summed together.
constexpr int64_t kColumns = 64;

enum Slot : size_t { kRow, kColumn, kWhole };

int64_t pieces(int64_t n, int64_t size) { return (n + size - 1) / size; }

/// Rows of one piece of work: pieces follow the shape alone.
int64_t rows_of_piece(const Extent& e) {
  return std::max<int64_t>(1, kernels::kSweepChunk / std::max<int64_t>(1, e.columns));
}

/// A row that is longer than a piece is cut, where rows are not needed as a whole.
int64_t count_pieces(const Extent& e) {
  if (!e.factored) return pieces(e.columns, kernels::kSweepChunk);
  return pieces(e.batch * e.rows, rows_of_piece(e));
}

/// Numbers of working memory: a sum for each piece, a mean for each matrix.
int64_t count_sums(const Extent& e) { return count_pieces(e) + e.batch; }

struct Rates {
  double fresh, relative, shrink, eps1, eps2, d;
  bool maximize;
};

/// One step of one parameter.
template <class T>
class FactoredStep {
 public:
  FactoredStep(const kernels::OptimPart& part, const Extent& extent, const Rates& rates,
               double* sums)
      : e_(extent),
        r_(rates),
        size_(part.size),
        p_(static_cast<T*>(part.param)),
        g_(static_cast<const T*>(part.grad)),
        row_(static_cast<T*>(part.state[kRow])),
        column_(static_cast<T*>(part.state[kColumn])),
        whole_(static_cast<T*>(part.state[kWhole])),
        sums_(sums),
        means_(sums + count_pieces(extent)) {}

  void run() const {
    const double param = root_mean([&](int64_t piece) {
      return sum_of(piece, [&](int64_t i) { return double{p_[i]} * p_[i]; });
    });
    if (e_.factored) {
      take_rows();
      take_columns();
      take_means();
    } else {
      each_piece([&](int64_t i) { mix(whole_[i], double{g_[i]} * g_[i]); });
    }
    const double step = root_mean([&](int64_t piece) {
      double sum = 0;
      each(piece, [&](int64_t, double u) { sum += u * u; });
      return sum;
    });
    const double rate = std::max(r_.eps2, param) * r_.relative / std::max(1.0, step / r_.d);
    parallel_chunks(count_pieces(e_), [&](int64_t piece) {
      each(piece, [&](int64_t i, double u) {
        p_[i] = static_cast<T>(p_[i] * r_.shrink - (r_.maximize ? -rate : rate) * u);
      });
    });
  }

 private:
  std::pair<int64_t, int64_t> range(int64_t piece) const {
    const int64_t length = e_.factored ? rows_of_piece(e_) * e_.columns : kernels::kSweepChunk;
    return {piece * length, std::min(size_, (piece + 1) * length)};
  }

  template <class Value>
  double sum_of(int64_t piece, const Value& value) const {
    const auto [begin, end] = range(piece);
    double sum = 0;
    for (int64_t i = begin; i < end; ++i) sum += value(i);
    return sum;
  }

  template <class Body>
  void each_piece(const Body& body) const {
    parallel_chunks(count_pieces(e_), [&](int64_t piece) {
      const auto [begin, end] = range(piece);
      for (int64_t i = begin; i < end; ++i) body(i);
    });
  }

  template <class SumOfPiece>
  double root_mean(const SumOfPiece& sum_of_piece) const {
    const int64_t count = count_pieces(e_);
    parallel_chunks(count, [&](int64_t piece) { sums_[piece] = sum_of_piece(piece); });
    double sum = 0;
    for (int64_t i = 0; i < count; ++i) sum += sums_[i];
    return std::sqrt(sum / static_cast<double>(size_));
  }

  void mix(T& moment, double fresh) const {
    moment = static_cast<T>(moment + r_.fresh * (fresh - moment));
  }

  void take_rows() const {
    const int64_t rows = e_.batch * e_.rows, length = rows_of_piece(e_);
    parallel_chunks(count_pieces(e_), [&](int64_t piece) {
      for (int64_t row = piece * length; row < std::min(rows, (piece + 1) * length); ++row) {
        const T* g = g_ + row * e_.columns;
        double sum = 0;
        for (int64_t i = 0; i < e_.columns; ++i) sum += double{g[i]} * g[i];
        mix(row_[row], sum / static_cast<double>(e_.columns));
      }
    });
  }

  void take_columns() const {
    const int64_t blocks = pieces(e_.columns, kColumns);
    parallel_chunks(e_.batch * blocks, [&](int64_t piece) {
      const int64_t matrix = piece / blocks, first = piece % blocks * kColumns;
      const int64_t count = std::min(kColumns, e_.columns - first);
      double sums[kColumns] = {};
      for (int64_t row = 0; row < e_.rows; ++row) {
        const T* g = g_ + (matrix * e_.rows + row) * e_.columns + first;
        for (int64_t i = 0; i < count; ++i) sums[i] += double{g[i]} * g[i];
      }
      T* moments = column_ + matrix * e_.columns + first;
      for (int64_t i = 0; i < count; ++i) mix(moments[i], sums[i] / static_cast<double>(e_.rows));
    });
  }

  /// The mean of each matrix' rows, at least eps1.
  void take_means() const {
    parallel_for(e_.batch, pieces(kernels::kSweepChunk, e_.rows), [&](int64_t begin, int64_t end) {
      for (int64_t matrix = begin; matrix < end; ++matrix) {
        double sum = 0;
        for (int64_t i = 0; i < e_.rows; ++i) sum += row_[matrix * e_.rows + i];
        const double mean = sum / static_cast<double>(e_.rows);
        means_[matrix] = mean < r_.eps1 ? r_.eps1 : mean;
      }
    });
  }

  /// body(i, u) for the elements of a piece: u is the gradient over the root of its moment.
  template <class Body>
  void each(int64_t piece, const Body& body) const {
    const auto [begin, end] = range(piece);
    const double least = r_.eps1 * r_.eps1;
    const auto take = [&](int64_t i, double moment) {
      body(i, g_[i] / std::sqrt(moment < least ? least : moment));
    };
    if (!e_.factored) {
      for (int64_t i = begin; i < end; ++i) take(i, whole_[i]);
      return;
    }
    for (int64_t row = begin / e_.columns; row < end / e_.columns; ++row) {
      const int64_t matrix = row / e_.rows;
      const double scale = row_[row] / means_[matrix];
      const T* moments = column_ + matrix * e_.columns;
      for (int64_t i = 0; i < e_.columns; ++i) take(row * e_.columns + i, scale * moments[i]);
    }
  }

  Extent e_;
  Rates r_;
  int64_t size_;
  T* p_;
  const T* g_;
  T *row_, *column_, *whole_;
  double *sums_, *means_;
};

Extent extent_of(const Tensor& param) {
  const int rank = param.rank();
  if (rank < 2) return {.columns = param.numel()};
  const int64_t rows = param.size(rank - 2), columns = param.size(rank - 1);
  return {param.numel() / std::max<int64_t>(1, rows * columns), rows, columns, true};
}

}  // namespace

Adafactor::Adafactor(std::vector<Tensor> params, const AdafactorConfig& config)
    : Adafactor(one_group(std::move(params)), config) {}

Adafactor::Adafactor(std::vector<ParamGroup> groups, const AdafactorConfig& config)
    : Optimizer("Adafactor", std::move(groups),
                {.lr = config.lr, .weight_decay = config.weight_decay},
                {.tensors = {"row_var", "col_var", "variance"}, .options = {"weight_decay"}}),
      config_(config) {
  if (!(config.beta2_decay <= 0)) out_of_range("beta2_decay", config.beta2_decay);
  if (config.eps1) require_not_negative("eps1", *config.eps1);
  require_not_negative("eps2", config.eps2);
  if (!(config.d >= 1)) out_of_range("d", config.d);
}

std::optional<Shape> Adafactor::slot_shape(const Tensor& param, size_t slot) const {
  if (param.rank() < 2) return slot == kWhole ? std::optional<Shape>(param.shape()) : std::nullopt;
  if (slot == kWhole) return std::nullopt;
  Shape shape = param.shape();
  shape[param.rank() - (slot == kRow ? 1 : 2)] = 1;
  return shape;
}

void Adafactor::prepare(const Options& /*options*/, std::span<const kernels::OptimPart> parts,
                        ParamOf param_of) {
  for (size_t i = 0; i < parts.size(); ++i) {
    const Extent extent = extent_of(param_of(i));
    extents_.insert_or_assign(parts[i].param, extent);
    const auto count = static_cast<size_t>(count_sums(extent));
    if (sums_.size() < count) sums_.resize(count);
  }
}

void Adafactor::update(const Options& o, const Tensor& like,
                       std::span<const kernels::OptimPart> parts) {
  const bool is_double = like.dtype() == DType::f64;
  const double epsilon = is_double ? std::numeric_limits<double>::epsilon()
                                   : double{std::numeric_limits<float>::epsilon()};
  on_cpu(name(), like, [&](Cpu) {
    for (const kernels::OptimPart& part : parts) {
      if (part.size == 0) continue;
      const auto steps = static_cast<double>(part.step);
      const Rates rates{.fresh = std::pow(steps, config_.beta2_decay),
                        .relative = std::min(o.lr, 1 / std::sqrt(steps)),
                        .shrink = 1 - o.lr * o.weight_decay,
                        .eps1 = config_.eps1.value_or(epsilon),
                        .eps2 = config_.eps2,
                        .d = config_.d,
                        .maximize = config_.maximize};
      const Extent& extent = extents_.at(part.param);
      if (is_double) {
        FactoredStep<double>(part, extent, rates, sums_.data()).run();
      } else {
        FactoredStep<float>(part, extent, rates, sums_.data()).run();
      }
    }
  });
}

}  // namespace strata
