#pragma once

#include <concepts>
#include <cstdint>

#include "strata/tensor/tensor.h"

namespace strata {

template <class T>
concept Arithmetic = std::integral<T> || std::floating_point<T>;

/// A C++ number as an argument of an op: a bool, an integer or a floating number.
class Number {
 public:
  template <Arithmetic T>
  Number(T value)  // NOLINT(google-explicit-constructor): call sites pass literals
      : real_(static_cast<double>(value)) {
    if constexpr (std::integral<T>) {
      integer_ = static_cast<int64_t>(value);
      dtype_ = std::same_as<T, bool> ? DType::boolean : DType::i64;
    }
  }

  /// What it counts as beside a tensor: bool, i64 or f32.
  DType dtype() const { return dtype_; }
  double real() const { return real_; }
  /// Cut off behind the point. Throws ValueError for NaN and what an int64_t cannot hold.
  int64_t integer() const;

 private:
  double real_;
  int64_t integer_ = 0;
  DType dtype_ = DType::f32;
};

/// A tensor or a number, as either side of a binary op. Lives no longer than the call.
class Operand {
 public:
  Operand(const Tensor& tensor) : tensor_(&tensor) {}  // NOLINT(google-explicit-constructor)
  template <Arithmetic T>
  Operand(T number) : number_(number) {}       // NOLINT(google-explicit-constructor)
  Operand(Number number) : number_(number) {}  // NOLINT(google-explicit-constructor)

  bool is_tensor() const { return tensor_ != nullptr; }
  const Tensor& tensor() const { return *tensor_; }
  const Number& number() const { return number_; }

 private:
  const Tensor* tensor_ = nullptr;
  Number number_ = 0;
};

/// A tensor of rank 0 that holds `number` in the type in which an op of result `dtype` computes:
/// f64 for f64, f32 for other floating dtypes, i64 for the rest.
Tensor number_tensor(Number number, DType dtype, Device device = kCpu);

/// The dtype of an operation between a and b, by PyTorch's rules: tensors with dimensions count
/// before tensors of rank 0, and those before numbers. What comes later only raises the category
/// (bool, integer, floating), never the width within one.
DType result_type(const Operand& a, const Operand& b);

/// Two operands as tensors on one device, and the dtype of their result.
struct Operands {
  Tensor a, b;
  DType dtype;
  Shape shape;
};

/// Throws DeviceError, tagged `op`, for tensors on different devices, ShapeError for shapes that do
/// not broadcast and ValueError where both are numbers. Numbers go through number_tensor.
Operands operands(const char* op, const Operand& a, const Operand& b);
/// The same with the result's dtype given.
Operands operands(const char* op, const Operand& a, const Operand& b, DType dtype);

/// Brings the gradient of a broadcast result to an operand: sums it down to the operand's shape and
/// converts it to its dtype.
class FitGradient {
 public:
  explicit FitGradient(const Tensor& operand) : shape_(operand.shape()), dtype_(operand.dtype()) {}
  Tensor operator()(const Tensor& g) const;

 private:
  Shape shape_;
  DType dtype_;
};

}  // namespace strata
