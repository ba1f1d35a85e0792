#include "strata/optim/lbfgs.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <utility>

#include <fmt/format.h>

#include "strata/base/error.h"
#include "strata/ops/arithmetic.h"
#include "strata/ops/axes.h"
#include "strata/ops/copy.h"
#include "strata/ops/creation.h"
#include "strata/ops/joining.h"
#include "strata/ops/reduce.h"
#include "strata/ops/unary.h"
#include "strata/ops/views.h"
#include "strata/tape/grad_mode.h"

namespace strata {
namespace {

/// Pairs whose curvature is not above this are not kept.
constexpr double kLeastCurvature = 1e-10;

double dot(const Tensor& a, const Tensor& b) { return sum(a * b).item<double>(); }

double largest(const Tensor& x) {
  double most = 0;
  for (const double v : x.to_vector<double>()) most = std::abs(v) <= most ? most : std::abs(v);
  return most;  // NaN if one is
}

void require(const char* field, bool fine, double value) {
  if (!fine) throw ValueError("LBFGS", fmt::format("{} is out of range: {}", field, value));
}

void require_not_negative(const char* field, double value) {
  require(field, value >= 0 && std::isfinite(value), value);
}

/// The minimum, within [low, high], of the cubic through two points with the given slopes; the
/// middle where there is none.
double cubic_minimum(double x1, double f1, double g1, double x2, double f2, double g2, double low,
                     double high) {
  const double d1 = g1 + g2 - 3 * (f1 - f2) / (x1 - x2);
  const double square = d1 * d1 - g1 * g2;
  if (!(square >= 0)) return (low + high) / 2;
  const double d2 = std::sqrt(square);
  const double at = x1 <= x2 ? x2 - (x2 - x1) * ((g2 + d2 - d1) / (g2 - g1 + 2 * d2))
                             : x1 - (x1 - x2) * ((g1 + d2 - d1) / (g1 - g2 + 2 * d2));
  return std::isfinite(at) ? std::clamp(at, low, high) : (low + high) / 2;
}

}  // namespace

/// A line search for the strong Wolfe conditions. A loss that is not finite counts as too high.
class LBFGS::Search {
 public:
  Search(LBFGS& optimizer, const Closure& closure, Point start, int most)
      : optimizer_(optimizer), closure_(closure), start_(std::move(start)), most_(most) {
    for (const Tensor& p : optimizer_.params_) from_.push_back(copy(p.detach()));
    length_ = largest(optimizer_.direction_);
  }

  Point run(double t) {
    if (bracket(t)) return ends_[0];
    low_ = lower();
    zoom();
    return ends_[low_];
  }

 private:
  static constexpr double kDecrease = 1e-4, kCurvature = 0.9;

  bool too_high(const Point& p) const {
    return !(p.loss <= start_.loss + kDecrease * p.t * start_.slope);
  }
  bool flat(const Point& p) const { return std::abs(p.slope) <= -kCurvature * start_.slope; }
  Point look(double t) { return optimizer_.evaluate(closure_, from_, t); }

  static double cubic(const Point& a, const Point& b, double low, double high) {
    return cubic_minimum(a.t, a.loss, a.slope, b.t, b.loss, b.slope, low, high);
  }

  /// The end with the lower loss; one whose loss is NaN is not it.
  size_t lower() const {
    return ends_[0].loss <= ends_[1].loss || std::isnan(ends_[1].loss) ? 0 : 1;
  }

  bool between(Point a, Point b) {
    ends_[0] = std::move(a);
    ends_[1] = std::move(b);
    return false;
  }

  /// Goes forward to a place that will do (true, the first end) or to two with one in between.
  bool bracket(double t) {
    Point before = start_, now = look(t);
    for (; tries_ < most_; ++tries_) {
      if (too_high(now) || (tries_ > 1 && now.loss >= before.loss)) return between(before, now);
      if (flat(now)) {
        ends_[0] = std::move(now);
        return true;
      }
      if (now.slope >= 0) return between(before, now);
      const double least = now.t + 0.01 * (now.t - before.t), most = now.t * 10;
      const double next = cubic(before, now, least, most);
      before = std::move(now);
      now = look(next);
    }
    return between(start_, now);
  }

  /// A place in the bracket for the next look, kept off its ends.
  double inside() {
    const auto [left, right] = std::minmax(ends_[0].t, ends_[1].t);
    const double t = cubic(ends_[0], ends_[1], left, right);
    const double margin = 0.1 * (right - left);
    const bool near_end = std::min(right - t, t - left) < margin;
    const bool push = near_end && (slow_ || t >= right || t <= left);
    slow_ = near_end && !push;
    if (!push) return t;
    return std::abs(t - right) < std::abs(t - left) ? right - margin : left + margin;
  }

  void zoom() {
    for (bool done = false; !done && tries_ < most_; ++tries_) {
      Point &low = ends_[low_], &high = ends_[1 - low_];
      if (std::abs(high.t - low.t) * length_ < optimizer_.config_.change_tolerance) return;
      Point now = look(inside());
      if (too_high(now) || !(now.loss < low.loss)) {
        high = std::move(now);
        low_ = lower();
        continue;
      }
      done = flat(now);
      if (!done && now.slope * (high.t - low.t) >= 0) high = low;
      low = std::move(now);
    }
  }

  LBFGS& optimizer_;
  const Closure& closure_;
  Point start_;
  std::array<Point, 2> ends_;
  size_t low_ = 0;
  std::vector<Tensor> from_;
  double length_;
  int most_, tries_ = 0;
  bool slow_ = false;
};

LBFGS::LBFGS(std::vector<Tensor> params, const LBFGSConfig& config)
    : params_(std::move(params)), config_(config) {
  if (params_.empty()) throw ValueError("LBFGS", "no parameters");
  check_params(params_);
  for (const Tensor& p : params_) size_ += p.numel();
  require_not_negative("lr", config.lr);
  require("max_iterations", config.max_iterations >= 1, config.max_iterations);
  if (config_.max_evaluations == -1) config_.max_evaluations = config.max_iterations * 5 / 4;
  require("max_evaluations", config_.max_evaluations >= 1, config_.max_evaluations);
  require_not_negative("grad_tolerance", config.grad_tolerance);
  require_not_negative("change_tolerance", config.change_tolerance);
  require("history", config.history >= 1, config.history);
}

void LBFGS::check_params(const std::vector<Tensor>& params) {
  for (const Tensor& p : params) {
    if (!p.defined()) throw ValueError("LBFGS", "a parameter is undefined");
    if (!p.is_contiguous()) {
      throw ShapeError("LBFGS", describe(p) + " is not contiguous",
                       "use contiguous() before set_requires_grad()");
    }
    if (p.dtype() != params[0].dtype() || (p.dtype() != DType::f32 && p.dtype() != DType::f64)) {
      throw DTypeError("LBFGS", "parameters are all f32 or all f64, one is " + describe(p));
    }
  }
}

void LBFGS::set_lr(double lr) {
  require_not_negative("lr", lr);
  config_.lr = lr;
}

void LBFGS::zero_grad() {
  for (Tensor& p : params_) {
    if (p.requires_grad()) p.set_grad({});
  }
}

Tensor LBFGS::flat_grad() const {
  std::vector<Tensor> rows;
  for (const Tensor& p : params_) {
    const Tensor g = p.grad();
    if (g.defined()) internal::check_same_device("LBFGS", p, g);
    rows.push_back(g.defined() ? flatten(contiguous(g.detach())) : zeros({p.numel()}, p.dtype()));
  }
  return concat(rows);
}

void LBFGS::move(double t) {
  int64_t at = 0;
  for (Tensor& p : params_) {
    const Tensor part = reshape(slice(direction_, 0, at, at + p.numel()), p.shape());
    copy_(p, p.detach() + part * t);
    at += p.numel();
  }
}

LBFGS::Point LBFGS::evaluate(const Closure& closure, const std::vector<Tensor>& from, double t) {
  move(t);
  Point out{t, 0, {}, 0};
  {
    const GradMode recording(true);
    out.loss = closure().item<double>();
  }
  ++evaluations_;
  out.grad = flat_grad();
  out.slope = dot(out.grad, direction_);
  for (size_t i = 0; i < params_.size(); ++i) copy_(params_[i], from[i]);
  return out;
}

/// Takes in the pair that the last move made.
void LBFGS::remember(const Tensor& grad) {
  const Tensor change = grad - last_grad_, step = direction_ * t_;
  const double curvature = dot(change, step);
  if (!(curvature > kLeastCurvature)) return;
  if (static_cast<int>(steps_.size()) == config_.history) {
    grad_changes_.pop_front();
    steps_.pop_front();
    inverse_.pop_front();
  }
  grad_changes_.push_back(change);
  steps_.push_back(step);
  inverse_.push_back(1 / curvature);
  scale_ = curvature / dot(change, change);
}

/// -H grad, by the two loops over the pairs.
Tensor LBFGS::direction(const Tensor& grad) const {
  const size_t count = steps_.size();
  std::vector<double> weights(count);
  Tensor way = -grad;
  for (size_t i = count; i-- > 0;) {
    weights[i] = dot(steps_[i], way) * inverse_[i];
    way = way - grad_changes_[i] * weights[i];
  }
  way = way * scale_;
  for (size_t i = 0; i < count; ++i) {
    const double back = dot(grad_changes_[i], way) * inverse_[i];
    way = way + steps_[i] * (weights[i] - back);
  }
  return way;
}

double LBFGS::step(const Closure& closure) {
  check_params(params_);
  if (direction_.defined() && direction_.dtype() != params_[0].dtype()) {
    throw DTypeError("LBFGS",
                     fmt::format("parameters are {}, the state is {}: they were converted after a "
                                 "step",
                                 name_of(params_[0].dtype()), name_of(direction_.dtype())),
                     "make the optimiser after Module::to(), or convert back");
  }
  const NoGrad no_grad;
  const auto look = [&] {
    const GradMode recording(true);
    ++evaluations_;
    return closure().item<double>();
  };
  const double first_loss = look();
  const int64_t first_evaluations = evaluations_ - 1;
  const auto left = [&] {
    return config_.max_evaluations - static_cast<int>(evaluations_ - first_evaluations);
  };
  double loss = first_loss;
  Tensor grad = flat_grad();
  const double steepest = largest(grad);
  if (!std::isfinite(loss) || !std::isfinite(steepest)) {
    throw NumericError("LBFGS", "the loss or its gradient is not finite");
  }
  if (steepest <= config_.grad_tolerance) return first_loss;
  for (int i = 1; i <= config_.max_iterations; ++i) {
    if (++iterations_ == 1) {
      direction_ = -grad;
      t_ = std::min(1.0, 1 / sum(abs(grad)).item<double>()) * config_.lr;
    } else {
      remember(grad);
      direction_ = direction(grad);
      t_ = config_.lr;
    }
    last_grad_ = grad;
    const double loss_before = loss, slope = dot(grad, direction_);
    if (slope > -config_.change_tolerance) break;
    if (config_.strong_wolfe) {
      const Point found = Search(*this, closure, {0, loss, grad, slope}, left()).run(t_);
      loss = found.loss;
      grad = found.grad;
      t_ = found.t;
      move(t_);
    } else {
      move(t_);
      if (i == config_.max_iterations) break;
      loss = look();
      grad = flat_grad();
    }
    if (i == config_.max_iterations || left() <= 0) break;
    if (largest(grad) <= config_.grad_tolerance) break;
    if (largest(direction_ * t_) <= config_.change_tolerance) break;
    if (std::abs(loss - loss_before) < config_.change_tolerance) break;
  }
  return first_loss;
}

OptimizerState LBFGS::state() const {
  OptimizerState out;
  out.numbers = {{"param_groups.0.lr", config_.lr},
                 {"state.n_iter", static_cast<double>(iterations_)},
                 {"state.func_evals", static_cast<double>(evaluations_)}};
  if (iterations_ == 0) return out;
  out.numbers["state.t"] = t_;
  out.numbers["state.H_diag"] = scale_;
  out.tensors = {{"state.d", direction_}, {"state.prev_flat_grad", last_grad_}};
  if (steps_.empty()) return out;
  out.tensors["state.old_dirs"] =
      stack(std::vector<Tensor>(grad_changes_.begin(), grad_changes_.end()));
  out.tensors["state.old_stps"] = stack(std::vector<Tensor>(steps_.begin(), steps_.end()));
  out.tensors["state.ro"] = tensor(std::vector<double>(inverse_.begin(), inverse_.end()),
                                   {static_cast<int64_t>(inverse_.size())});
  return out;
}

LBFGS LBFGS::loaded(const OptimizerState& state) const {
  size_t taken = 0;
  const auto number = [&](const char* key) {
    const auto found = state.numbers.find(key);
    if (found == state.numbers.end())
      throw ValueError("LBFGS", fmt::format("the state lacks {}", key));
    require_not_negative(key, found->second);
    return found->second;
  };
  const auto at = [&](const char* key, const Shape& shape, DType dtype) {
    const auto found = state.tensors.find(key);
    if (found == state.tensors.end())
      throw ValueError("LBFGS", fmt::format("the state lacks {}", key));
    const Tensor& t = found->second;
    const std::string text =
        fmt::format("{} is {}, not {}{}", key, describe(t), name_of(dtype), to_string(shape));
    if (!t.defined() || t.shape() != shape) throw ShapeError("LBFGS", text);
    if (t.dtype() != dtype) throw DTypeError("LBFGS", text);
    ++taken;
    return copy(t);
  };
  LBFGS next(params_, config_);
  next.config_.lr = number("param_groups.0.lr");
  next.iterations_ = static_cast<int64_t>(number("state.n_iter"));
  next.evaluations_ = static_cast<int64_t>(number("state.func_evals"));
  const DType dtype = params_[0].dtype();
  if (next.iterations_ > 0) {
    next.t_ = number("state.t");
    next.scale_ = number("state.H_diag");
    next.direction_ = at("state.d", {size_}, dtype);
    next.last_grad_ = at("state.prev_flat_grad", {size_}, dtype);
  }
  if (const auto ro = state.tensors.find("state.ro"); ro != state.tensors.end()) {
    const int64_t pairs = ro->second.defined() ? ro->second.numel() : 0;
    if (pairs < 1 || pairs > config_.history) {
      throw ValueError(
          "LBFGS", fmt::format("the state holds {} pairs, the history {}", pairs, config_.history));
    }
    const auto inverse = at("state.ro", {pairs}, DType::f64).to_vector<double>();
    const Tensor changes = at("state.old_dirs", {pairs, size_}, dtype);
    const Tensor steps = at("state.old_stps", {pairs, size_}, dtype);
    for (int64_t i = 0; i < pairs; ++i) {
      next.grad_changes_.push_back(select(changes, 0, i));
      next.steps_.push_back(select(steps, 0, i));
      next.inverse_.push_back(inverse[static_cast<size_t>(i)]);
    }
  }
  if (taken != state.tensors.size()) {
    throw ValueError("LBFGS", "the state holds more than these parameters' history");
  }
  return next;
}

void LBFGS::load_state(const OptimizerState& state) { *this = loaded(state); }

}  // namespace strata
