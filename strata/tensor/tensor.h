#pragma once

#include <cstdint>
#include <functional>
#include <initializer_list>
#include <iosfwd>
#include <span>
#include <string>
#include <vector>

#include "strata/base/dtype.h"
#include "strata/base/ref.h"
#include "strata/base/shape.h"
#include "strata/device/device.h"
#include "strata/tensor/grad_node.h"
#include "strata/tensor/storage.h"

namespace strata {

/// An n-dimensional array: a handle, cheap to copy, that shares its data. Shape, strides (in
/// elements), dtype and device are known at run time. Ops are free functions (strata/ops/).
class Tensor {
 public:
  /// An undefined tensor: "none" for optional arguments.
  Tensor() = default;
  Tensor(const Tensor&) = default;
  Tensor(Tensor&&) noexcept = default;
  // Not for a tensor without a name: `x[1] = y` would change a handle, and not x.
  Tensor& operator=(const Tensor&) & = default;
  Tensor& operator=(Tensor&&) & noexcept = default;
  ~Tensor() = default;

  bool defined() const { return static_cast<bool>(impl_); }

  const Shape& shape() const { return impl().shape; }
  const Strides& strides() const { return impl().strides; }
  DType dtype() const { return impl().dtype; }
  Device device() const { return impl().storage->device(); }
  bool is_meta() const { return device().type == DeviceType::meta; }
  int rank() const { return shape().rank(); }
  /// Size along `axis`, which may be negative. Throws IndexError.
  int64_t size(int axis) const;
  int64_t numel() const { return strata::numel(shape()); }
  /// Whether the elements lie in row-major order without gaps.
  bool is_contiguous() const { return impl().contiguous; }

  /// select(x, 0, i), a view. An op: strata/ops/views.cpp defines it. `copy_(x[i], y)` and
  /// `x[i] += y` write into x; `x[i] = y` does not compile.
  Tensor operator[](int64_t i) const;

  /// First element, typed. Throws DTypeError if T is not the tensor's dtype.
  template <class T>
  const T* data() const {
    check_dtype(dtype_of<T>);
    return static_cast<const T*>(raw());
  }
  template <class T>
  T* data() {
    check_dtype(dtype_of<T>);
    return static_cast<T*>(raw());
  }
  const void* raw() const;
  void* raw();

  /// The only element, converted to T. Throws ShapeError unless numel() is 1.
  template <class T>
  T item() const;
  /// All elements in row-major order, converted to T.
  template <class T>
  std::vector<T> to_vector() const;

  /// Whether gradients flow to this tensor.
  bool requires_grad() const { return defined() && static_cast<bool>(impl_->node); }
  /// Makes this tensor a leaf that gathers a gradient, or stops it being one; returns it. Throws
  /// DTypeError for integers and GradError for the result of a recorded op.
  Tensor& set_requires_grad(bool on = true);
  /// The gradient gathered so far; undefined where there is none.
  Tensor grad() const;
  /// Replaces the gathered gradient; an undefined tensor clears it. Throws GradError for
  /// non-leaves, ShapeError and DTypeError where shape or dtype differ.
  void set_grad(const Tensor& g);
  /// Lets all handles on this tensor see the memory, dtype and device of `value` (torch's
  /// `p.data = value`); views of it keep the old memory. Where it requires a gradient it is a leaf
  /// without one afterwards, and backward() and grad() through what was made of the old value
  /// throw. The version() of value's memory rises above this tensor's, so that what was saved of
  /// the old value counts as stale. Throws ShapeError where shapes differ, DTypeError for integers
  /// where gradients are gathered, ValueError for an undefined value.
  void set_data(const Tensor& value);
  /// The same data without the gradient's history.
  Tensor detach() const;

  /// A handle to the same memory with other geometry. The caller answers for the bounds: this is
  /// what view ops are made of. Carries no gradient history.
  Tensor as_strided(const Shape& shape, const Strides& strides, int64_t offset) const;
  /// Position of the first element in the storage, in elements.
  int64_t offset() const { return impl().offset; }
  /// Whether both handles look at the same memory block.
  bool shares_storage(const Tensor& o) const { return impl().storage == o.impl().storage; }
  /// Whether no other tensor looks at this memory.
  bool owns_memory() const { return impl_->unique() && impl_->storage->unique(); }

  uint32_t version() const { return impl().storage->version(); }
  /// To be called after each write in place, so that stale saved values are noticed.
  void bump_version() { impl().storage->bump_version(); }

  /// The tape's node and which of its outputs this is.
  const Ref<GradNode>& node() const { return impl().node; }
  int output_index() const { return impl().output; }
  void set_node(Ref<GradNode> node, int output);

  bool same_as(const Tensor& o) const { return impl_ == o.impl_; }

  struct Impl final : RefCounted {
    Ref<Storage> storage;
    Shape shape;
    Strides strides;
    int64_t offset = 0;
    DType dtype = DType::f32;
    bool contiguous = true;
    int output = 0;
    Ref<GradNode> node;
  };
  explicit Tensor(Ref<Impl> impl) : impl_(std::move(impl)) {}

 private:
  Impl& impl() const {
    if (!impl_) undefined();
    return *impl_;
  }
  [[noreturn]] static void undefined();
  void check_dtype(DType wanted) const;

  Ref<Impl> impl_;
};

/// Uninitialised memory. Throws ShapeError for absurd shapes and OutOfMemory; `where` is the name
/// in those errors, by default the calling function's.
Tensor empty(const Shape& shape, DType dtype = DType::f32, Device device = kCpu,
             const char* where = __builtin_FUNCTION());
/// Uninitialised contiguous memory with the shape, dtype and device of `like`.
Tensor empty_like(const Tensor& like, const char* where = __builtin_FUNCTION());

/// Views memory that belongs to somebody else; `release` is called when the last view is gone, and
/// must not throw. Without one the caller keeps the memory alive. Where from_blob itself throws
/// (ShapeError), `release` is not called.
Tensor from_blob(void* data, const Shape& shape, DType dtype, std::function<void()> release = {});

/// Copies values into a new tensor. Throws ShapeError where their number does not fit the shape.
template <class T>
Tensor from_span(std::span<const T> values, const Shape& shape);
template <class T>
Tensor tensor(const std::vector<T>& values, const Shape& shape) {
  return from_span(std::span<const T>(values), shape);
}
template <class T>
Tensor tensor(const std::vector<T>& values) {
  return tensor(values, Shape{static_cast<int64_t>(values.size())});
}
template <class T>
Tensor tensor(std::initializer_list<T> values, const Shape& shape) {
  return from_span(std::span<const T>(values.begin(), values.size()), shape);
}
template <class T>
Tensor tensor(std::initializer_list<T> values) {
  return tensor(values, Shape{static_cast<int64_t>(values.size())});
}
/// A tensor of rank 0.
template <class T>
Tensor scalar(T value) {
  return tensor({value}, Shape{});
}

/// "f32[2, 3]", or "undefined": how error messages name a tensor.
std::string describe(const Tensor& t);

/// Values as numpy prints them, the middle of large tensors left out.
std::string to_string(const Tensor& t);
std::ostream& operator<<(std::ostream& out, const Tensor& t);

}  // namespace strata
