#include "strata/kernels/ctc.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "strata/base/parallel.h"

namespace strata::kernels {
namespace {

constexpr double kNever = -std::numeric_limits<double>::infinity();

/// log(e^a + e^b).
double log_add(double a, double b) {
  if (std::isnan(a) || std::isnan(b)) return a + b;  // max and min may drop it
  const double most = std::max(a, b);
  return most == kNever ? kNever : most + std::log1p(std::exp(std::min(a, b) - most));
}

/// One sample: the target's labels with blanks around each are the states that a path goes through.
template <class T>
class Sample {
 public:
  Sample(const Ctc& options, const Tensor& log_probs, const Tensor& targets, int64_t i)
      : steps_(options.input_lengths[static_cast<size_t>(i)]),
        stride_(log_probs.shape()[1] * log_probs.shape()[2]),
        log_probs_(log_probs.data<T>() + i * log_probs.shape()[2]) {
    const auto length = static_cast<size_t>(options.target_lengths[static_cast<size_t>(i)]);
    const int64_t* target = targets.data<int64_t>() + options.offsets[static_cast<size_t>(i)];
    labels_.assign(2 * length + 1, options.blank);
    for (size_t k = 0; k < length; ++k) labels_[2 * k + 1] = target[k];
  }

  int64_t steps() const { return steps_; }
  size_t states() const { return labels_.size(); }
  int64_t label(size_t s) const { return labels_[s]; }

  /// Log-probabilities of all beginnings that end in each state, [steps][states]; their sum.
  double forward(std::vector<double>& alpha) const {
    const size_t n = states();
    if (steps_ == 0) return n == 1 ? 0 : kNever;
    alpha.assign(static_cast<size_t>(steps_) * n, kNever);
    for (size_t s = 0; s < std::min<size_t>(n, 2); ++s) alpha[s] = at(0, s);
    for (int64_t t = 1; t < steps_; ++t) {
      const double* before = &alpha[static_cast<size_t>(t - 1) * n];
      double* now = &alpha[static_cast<size_t>(t) * n];
      for (size_t s = 0; s < n; ++s) {
        double sum = before[s];
        if (s >= 1) sum = log_add(sum, before[s - 1]);
        if (skips_to(s)) sum = log_add(sum, before[s - 2]);
        now[s] = sum + at(t, s);
      }
    }
    return ends(&alpha[static_cast<size_t>(steps_ - 1) * n]);
  }

  /// Calls visit(t, s, log-probability that a path of the target is in state s at step t).
  template <class F>
  void posteriors(F&& visit) const {
    std::vector<double> alpha;
    const double total = forward(alpha);
    const size_t n = states();
    // Log-probabilities of all ends behind each state, its own step not among them.
    std::vector<double> beta(n, kNever), next(n);
    beta[n - 1] = 0;
    if (n > 1) beta[n - 2] = 0;
    for (int64_t t = steps_ - 1; t >= 0; --t) {
      for (size_t s = 0; s < n; ++s) {
        visit(t, s, alpha[static_cast<size_t>(t) * n + s] + beta[s] - total);
      }
      for (size_t s = 0; s < n; ++s) next[s] = beta[s] + at(t, s);
      for (size_t s = 0; s < n; ++s) {
        double sum = next[s];
        if (s + 1 < n) sum = log_add(sum, next[s + 1]);
        if (s + 2 < n && skips_to(s + 2)) sum = log_add(sum, next[s + 2]);
        beta[s] = sum;
      }
    }
  }

 private:
  double at(int64_t t, size_t s) const {
    return static_cast<double>(log_probs_[t * stride_ + labels_[s]]);
  }
  /// Whether the blank before state s may be left out: equal labels need it between them.
  bool skips_to(size_t s) const { return s >= 2 && s % 2 == 1 && labels_[s] != labels_[s - 2]; }
  double ends(const double* last) const {
    const size_t n = states();
    return n > 1 ? log_add(last[n - 1], last[n - 2]) : last[0];
  }

  int64_t steps_, stride_;
  const T* log_probs_;
  std::vector<int64_t> labels_;
};

template <class T>
void losses_of(const Ctc& options, const Tensor& x, const Tensor& targets, Tensor& losses) {
  T* out = losses.data<T>();
  parallel_chunks(losses.numel(), [&](int64_t i) {
    std::vector<double> alpha;
    out[i] = static_cast<T>(-Sample<T>(options, x, targets, i).forward(alpha));
  });
}

template <class T>
void gradients(const Ctc& options, const Tensor& x, const Tensor& targets, const Tensor& dy,
               Tensor& dx) {
  const int64_t batch = x.shape()[1], classes = x.shape()[2];
  T* const out = dx.data<T>();
  parallel_chunks(batch, [&](int64_t i) {
    const auto row = [&](int64_t t) { return out + (t * batch + i) * classes; };
    for (int64_t t = 0; t < x.shape()[0]; ++t) std::fill_n(row(t), classes, T(0));
    const double g = static_cast<double>(dy.data<T>()[i]);
    if (g == 0) return;
    const Sample<T> sample(options, x, targets, i);
    sample.posteriors([&](int64_t t, size_t s, double log_share) {
      row(t)[sample.label(s)] -= static_cast<T>(g * std::exp(log_share));
    });
  });
}

}  // namespace

void ctc(Cpu, const Ctc& options, const Tensor& log_probs, const Tensor& targets, Tensor& losses) {
  if (log_probs.dtype() == DType::f32) {
    losses_of<float>(options, log_probs, targets, losses);
  } else {
    losses_of<double>(options, log_probs, targets, losses);
  }
}

void ctc_grad(Cpu, const Ctc& options, const Tensor& log_probs, const Tensor& targets,
              const Tensor& dy, Tensor& dx) {
  if (log_probs.dtype() == DType::f32) {
    gradients<float>(options, log_probs, targets, dy, dx);
  } else {
    gradients<double>(options, log_probs, targets, dy, dx);
  }
}

}  // namespace strata::kernels
