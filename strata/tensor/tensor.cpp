#include "strata/tensor/tensor.h"

#include <cstring>
#include <utility>

#include <fmt/format.h>

#include "strata/base/error.h"
#include "strata/tensor/leaf_node.h"
#include "strata/tensor/strided.h"

namespace strata {
namespace {

bool is_row_major(const Shape& shape, const Strides& strides) {
  if (numel(shape) == 0) return true;
  int64_t expected = 1;
  for (int i = shape.rank() - 1; i >= 0; --i) {
    if (shape[i] != 1 && strides[i] != expected) return false;
    expected *= shape[i];
  }
  return true;
}

Tensor wrap(Ref<Storage> storage, const Shape& shape, DType dtype) {
  auto impl = make_ref<Tensor::Impl>();
  impl->storage = std::move(storage);
  impl->shape = shape;
  impl->strides = contiguous_strides(shape);
  impl->dtype = dtype;
  return Tensor(std::move(impl));
}

}  // namespace

void Tensor::undefined() {
  throw ValueError(
      "tensor", "an undefined tensor was used",
      "a default-constructed Tensor holds nothing; was an optional argument left out?");
}

void Tensor::check_dtype(DType wanted) const {
  if (dtype() == wanted) return;
  throw DTypeError(
      "data", fmt::format("asked for {} of a tensor that is {}", name_of(wanted), describe(*this)));
}

int64_t Tensor::size(int axis) const { return shape()[normalize_axis("size", axis, rank())]; }

const void* Tensor::raw() const {
  const Impl& i = impl();
  if (is_meta()) throw DeviceError("data", describe(*this) + " is on the meta device: no values");
  return static_cast<const char*>(i.storage->data()) + i.offset * size_of(i.dtype);
}

void* Tensor::raw() { return const_cast<void*>(std::as_const(*this).raw()); }

template <class T>
T Tensor::item() const {
  if (numel() != 1) {
    throw ShapeError("item", fmt::format("needs one element, got {}", describe(*this)));
  }
  return to_vector<T>()[0];
}

template <class T>
std::vector<T> Tensor::to_vector() const {
  std::vector<T> out(static_cast<size_t>(numel()));
  const void* base = raw();
  visit_dtype(dtype(), [&](auto tag) {
    using S = typename decltype(tag)::type;
    const S* source = static_cast<const S*>(base);
    size_t i = 0;
    for_each_offset(shape(), strides(), [&](int64_t at) { out[i++] = static_cast<T>(source[at]); });
  });
  return out;
}

Tensor& Tensor::set_requires_grad(bool on) {
  Impl& i = impl();
  if (i.node && !i.node->is_leaf()) {
    throw GradError("set_requires_grad", "the tensor is the result of a recorded op",
                    "detach() it first");
  }
  if (on && !is_floating(i.dtype)) {
    throw DTypeError("set_requires_grad",
                     fmt::format("only floating tensors have gradients, got {}", describe(*this)));
  }
  if (on && !i.node) i.node = make_ref<LeafNode>();
  if (!on) i.node = {};
  return *this;
}

Tensor Tensor::grad() const {
  const Impl& i = impl();
  if (!i.node || !i.node->is_leaf()) return {};
  return static_cast<LeafNode&>(*i.node).grad;
}

void Tensor::set_grad(const Tensor& g) {
  const Impl& i = impl();
  if (!i.node || !i.node->is_leaf()) {
    throw GradError("set_grad", describe(*this) + " is not a leaf that requires a gradient");
  }
  if (g.defined() && g.shape() != i.shape) {
    throw ShapeError(
        "set_grad", fmt::format("the gradient is {}, its tensor {}", describe(g), describe(*this)));
  }
  if (g.defined() && g.dtype() != dtype()) {
    throw DTypeError(
        "set_grad", fmt::format("the gradient is {}, its tensor {}", describe(g), describe(*this)));
  }
  static_cast<LeafNode&>(*i.node).grad = g;
}

void Tensor::set_data(const Tensor& value) {
  Impl& i = impl();
  const Impl& from = value.impl();
  if (from.shape != i.shape) {
    throw ShapeError("set_data", fmt::format("the tensor is {}, its new data {}", describe(*this),
                                             describe(value)));
  }
  if (i.node && !is_floating(from.dtype)) {
    throw DTypeError("set_data",
                     fmt::format("only floating tensors have gradients, got {}", describe(value)));
  }
  const Ref<LeafNode> node = i.node ? make_ref<LeafNode>() : Ref<LeafNode>();
  if (i.node && i.node->is_leaf()) {
    static_cast<LeafNode&>(*i.node).replaced = true;
    node->replacement = true;
  }
  from.storage->bump_version_past(version());
  i.storage = from.storage;
  i.strides = from.strides;
  i.offset = from.offset;
  i.dtype = from.dtype;
  i.contiguous = from.contiguous;
  i.output = 0;
  i.node = node;
}

Tensor Tensor::detach() const { return as_strided(shape(), strides(), offset()); }

Tensor Tensor::as_strided(const Shape& shape, const Strides& strides, int64_t offset) const {
  const Impl& from = impl();
  auto i = make_ref<Impl>();
  i->storage = from.storage;
  i->shape = shape;
  i->strides = strides;
  i->offset = offset;
  i->dtype = from.dtype;
  i->contiguous = is_row_major(shape, strides);
  return Tensor(std::move(i));
}

void Tensor::set_node(Ref<GradNode> node, int output) {
  impl().node = std::move(node);
  impl().output = output;
}

Tensor empty(const Shape& shape, DType dtype, Device device, const char* where) {
  const int64_t bytes = checked_numel(where, shape) * size_of(dtype);
  return wrap(make_ref<Storage>(bytes, device, where), shape, dtype);
}

Tensor empty_like(const Tensor& like, const char* where) {
  return empty(like.shape(), like.dtype(), like.device(), where);
}

Tensor from_blob(void* data, const Shape& shape, DType dtype, std::function<void()> release) {
  const int64_t bytes = checked_numel("from_blob", shape) * size_of(dtype);
  return wrap(make_ref<Storage>(data, bytes, kCpu, std::move(release)), shape, dtype);
}

template <class T>
Tensor from_span(std::span<const T> values, const Shape& shape) {
  Tensor t = empty(shape, dtype_of<T>, kCpu, "tensor");
  if (static_cast<int64_t>(values.size()) != t.numel()) {
    throw ShapeError(
        "tensor", fmt::format("{} values do not fill shape {}", values.size(), to_string(shape)));
  }
  if (!values.empty()) std::memcpy(t.raw(), values.data(), values.size_bytes());
  return t;
}

std::string describe(const Tensor& t) {
  if (!t.defined()) return "undefined";
  return fmt::format("{}{}", name_of(t.dtype()), to_string(t.shape()));
}

template float Tensor::item() const;
template double Tensor::item() const;
template int64_t Tensor::item() const;
template int32_t Tensor::item() const;
template bool Tensor::item() const;
template std::vector<float> Tensor::to_vector() const;
template std::vector<double> Tensor::to_vector() const;
template std::vector<int64_t> Tensor::to_vector() const;
template std::vector<int32_t> Tensor::to_vector() const;
template std::vector<uint8_t> Tensor::to_vector() const;
template Tensor from_span(std::span<const float>, const Shape&);
template Tensor from_span(std::span<const bfloat16>, const Shape&);
template Tensor from_span(std::span<const float16>, const Shape&);
template Tensor from_span(std::span<const double>, const Shape&);
template Tensor from_span(std::span<const int64_t>, const Shape&);
template Tensor from_span(std::span<const int32_t>, const Shape&);
template Tensor from_span(std::span<const uint8_t>, const Shape&);
template Tensor from_span(std::span<const int8_t>, const Shape&);
template Tensor from_span(std::span<const bool>, const Shape&);

}  // namespace strata
