#pragma once

#include <cstdint>
#include <initializer_list>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "strata/base/random.h"
#include "strata/tensor/default_device.h"
#include "strata/tensor/tensor.h"

namespace strata::nn {

class Module;

/// How a parameter or buffer lies in files, which hold PyTorch's layout.
enum class Layout {
  plain,        ///< as in memory
  conv_weight,  ///< [out, kh, kw, in] here, [out, in, kh, kw] in files
};

/// Walks a module's members, which it lists once:
///
///   void members(Visitor& v) override { v("conv1", conv1)("bn1", bn1); }
///
/// Names, checkpoints, parameter lists and the mapping to other frameworks' files come from it.
class Visitor {
 public:
  virtual ~Visitor() = default;
  Visitor& operator()(std::string_view name, Module& child);
  Visitor& operator()(std::string_view name, Tensor& parameter, Layout layout = Layout::plain);
  /// A tensor that is saved but not trained.
  Visitor& buffer(std::string_view name, Tensor& t, Layout layout = Layout::plain);

 protected:
  virtual void on_module(std::string_view name, Module& child) = 0;
  virtual void on_parameter(std::string_view name, Tensor& t, Layout layout) = 0;
  virtual void on_buffer(std::string_view name, Tensor& t, Layout layout) = 0;
};

/// A parameter or buffer with its dotted path, "layer1.0.conv1.weight".
struct NamedTensor {
  std::string name;
  Tensor* tensor = nullptr;
  Layout layout = Layout::plain;
  bool trained = true;

  /// One for all places of a shared tensor.
  const void* identity() const { return &tensor->shape(); }
};

/// Sees every module's call in this thread while it is installed: hooks, summaries, activation
/// taps, the NaN guard and profilers stand on it.
class CallObserver {
 public:
  virtual ~CallObserver() = default;
  virtual void enter(Module& module) = 0;
  virtual void leave(Module& module, const Tensor& output) = 0;
};

/// Installs an observer in this thread for its life.
class ObserverScope {
 public:
  explicit ObserverScope(CallObserver& observer);
  ~ObserverScope();
  ObserverScope(const ObserverScope&) = delete;
  ObserverScope& operator=(const ObserverScope&) = delete;

 private:
  CallObserver* before_;
};

/// The observer of this thread, or null.
CallObserver* call_observer();

/// Runs a module's forward pass `f()`, seen by the observer if there is one. A module whose inputs
/// are not one tensor calls it from an operator() of its own.
template <class F>
auto observe_call(Module& module, F&& f) {
  CallObserver* observer = call_observer();
  if (!observer) [[likely]]
    return f();
  observer->enter(module);
  auto y = f();
  if constexpr (requires { y.shape(); })
    observer->leave(module, y);
  else
    observer->leave(module, Tensor());
  return y;
}

/// A layer or a network: parameters, children, and a way from input to output. Move-only; authors
/// write `forward` and `members`, callers write `m(x)`.
class Module {
 public:
  Module() = default;
  Module(Module&&) = default;
  Module& operator=(Module&&) = default;
  Module(const Module&) = delete;
  Module& operator=(const Module&) = delete;
  virtual ~Module() = default;

  /// Lists parameters, buffers and children once, in the order of the forward pass.
  virtual void members(Visitor&) {}
  /// The type as people know it: "Conv2d".
  virtual std::string type() const = 0;
  /// The way from input to output for modules with one input. Throws ValueError where a module
  /// takes others.
  virtual Tensor forward(const Tensor& x);

  Tensor operator()(const Tensor& x) {
    return observe_call(*this, [&] { return forward(x); });
  }

  /// Training mode (the start) or evaluation, for this module and all below it.
  void train(bool on = true);
  void eval() { train(false); }
  bool training() const { return training_; }

  /// Parameters and buffers with their paths, in the order of visiting; shared ones once.
  std::vector<NamedTensor> named_tensors();
  /// The same with shared ones at each of their places, under each of their paths.
  std::vector<NamedTensor> named_places();
  /// Modules with their paths, this one first under the empty path.
  std::vector<std::pair<std::string, Module*>> named_modules();
  /// Handles of all trained parameters.
  std::vector<Tensor> parameters();
  /// Number of trained values.
  int64_t parameter_count();
  /// Forgets all gathered gradients.
  void zero_grad();
  /// Converts floating parameters and buffers with their gradients, in place: all handles on them,
  /// those of optimisers too, see the new values. Buffers, the running statistics of norms, become
  /// f32 where dtype is bf16 or f16: steps of a momentum are lost in the few digits of those. An
  /// optimiser that has stepped before throws at its next step, as its state is not converted.
  /// Throws DTypeError for a dtype that is not floating.
  void to(DType dtype);

 private:
  friend class ModeScope;

  bool training_ = true;
};

/// Puts a module and all below it into training mode or evaluation while it lives; then each of
/// them has the mode of its own again.
class ModeScope {
 public:
  ModeScope(Module& module, bool training);
  ~ModeScope();
  ModeScope(const ModeScope&) = delete;
  ModeScope& operator=(const ModeScope&) = delete;

 private:
  std::vector<std::pair<Module*, bool>> before_;
};

/// Fresh memory for a parameter on the default device, marked to gather a gradient. Its values are
/// the initialiser's to write.
Tensor parameter(const Shape& shape);
inline Tensor parameter(std::initializer_list<int64_t> shape) { return parameter(Shape(shape)); }
/// A parameter of these values, copied, as torch's nn.Parameter. Throws DTypeError unless they are
/// floating.
Tensor parameter(const Tensor& values);

/// Number of calls of parameter() in this thread so far: lets a test see that none goes unvisited.
int64_t parameters_made();

}  // namespace strata::nn
