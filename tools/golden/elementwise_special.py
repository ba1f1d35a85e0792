"""PyTorch's f32 answers where they are special (NaN, infinities, zeros, ties, overflow) and its table
of result dtypes, for tests/ops/special_values_test.cpp. Writes tests/golden/special_values.safetensors:
UNARY.y and UNARY.g (gradient of the sum) at `x`; BINARY.y, BINARY.ga, BINARY.gb at all pairs of `v`."""
import pathlib

import torch
import torch.nn.functional as F
from safetensors.torch import save_file

nan, inf = float("nan"), float("inf")
dump = {}

x = torch.tensor([nan, inf, -inf, 0.0, -0.0, 1, -1, 0.5, -0.5, 1.5, 2.5, -2.5, 3, -3, 1e-40, -1e-40,
                  1e38, -1e38, 88.6, 89, -87.5, -103, -105, 20.5, -20.5, 12345.678, 4e6, -8, 9.5])
dump["x"] = x.clone()
unary = {name: getattr(torch, name) for name in [
    "exp", "expm1", "log", "log1p", "sqrt", "rsqrt", "reciprocal", "sin", "cos", "tanh", "erf", "neg",
    "abs", "square", "sign", "floor", "ceil", "round", "relu", "sigmoid"]}
unary |= {"leaky_relu": F.leaky_relu, "silu": F.silu, "gelu": F.gelu, "softplus": F.softplus,
          "gelu_tanh": lambda t: F.gelu(t, approximate="tanh"),
          "clamp": lambda t: t.clamp(-1, 2.5), "clamp_nan": lambda t: t.clamp(nan, 2.5),
          "pow_2": lambda t: t**2, "pow_3": lambda t: t**3, "pow_half": lambda t: t**0.5,
          "pow_minus": lambda t: t**-2.5, "pow_of": lambda t: 2.0**t}
unary |= {name: getattr(F, name) for name in [
    "elu", "selu", "celu", "mish", "hardtanh", "relu6", "hardsigmoid", "hardswish", "softsign",
    "logsigmoid", "tanhshrink", "softshrink", "hardshrink"]}
unary |= {name: getattr(torch, name) for name in [
    "tan", "asin", "acos", "atan", "sinh", "cosh", "asinh", "acosh", "atanh", "log2", "log10", "exp2",
    "erfc", "erfinv", "lgamma", "trunc", "frac"]}
unary["nan_to_num"] = lambda t: t.nan_to_num(3, 5)
unary["threshold"] = lambda t: F.threshold(t, 0.5, 7)
for name, f in unary.items():
    t = x.clone().requires_grad_()
    y = f(t)
    y.sum().backward()
    dump[name + ".y"], dump[name + ".g"] = y.detach(), t.grad
for name in ["isnan", "isinf", "isfinite", "logical_not"]:
    dump[name + ".y"] = getattr(torch, name)(x)

v = torch.tensor([nan, inf, -inf, 0.0, -0.0, 1, -1, 2, 0.5, -2.5, 3, 1e-40, 3e38])
dump["v"] = v.clone()
n = len(v)
for name in ["add", "sub", "mul", "div", "pow", "maximum", "minimum", "atan2", "hypot",
             "logaddexp", "xlogy", "fmod", "remainder", "fmax", "fmin"]:
    a = v[:, None].expand(n, n).clone().requires_grad_()
    b = v[None, :].expand(n, n).clone().requires_grad_()
    f = getattr(torch, name)
    # PyTorch's own f32 remainders by denormal numbers are NaN.
    y = f(a.double(), b.double()).float() if name in ("fmod", "remainder") else f(a, b)
    y.sum().backward()
    dump[name + ".y"], dump[name + ".ga"], dump[name + ".gb"] = y.detach(), a.grad, b.grad
for name in ["eq", "ne", "lt", "le", "gt", "ge", "logical_and", "logical_or", "logical_xor"]:
    dump[name + ".y"] = getattr(torch, name)(v[:, None], v[None, :])

# In the order of strata::DType; i16, the answer for u8 with i8, is i32 there.
dtypes = [torch.float32, torch.bfloat16, torch.float16, torch.float64, torch.int64, torch.int32,
          torch.uint8, torch.int8, torch.bool]
code = {t: i for i, t in enumerate(dtypes)} | {torch.int16: 5}
one = {t: torch.ones(2).to(t) for t in dtypes}
zero = {t: torch.ones(()).to(t) for t in dtypes}
def table(left, right):
    return torch.tensor([[code[torch.result_type(a, b)] for b in right] for a in left])
dump["dtype.dims_dims"] = table(one.values(), one.values())
dump["dtype.dims_rank0"] = table(one.values(), zero.values())
dump["dtype.rank0_rank0"] = table(zero.values(), zero.values())
dump["dtype.dims_number"] = table(one.values(), [True, 2, 2.5])
dump["dtype.rank0_number"] = table(zero.values(), [True, 2, 2.5])

path = pathlib.Path(__file__).resolve().parents[2] / "tests" / "golden" / "special_values.safetensors"
save_file({k: t.contiguous() for k, t in dump.items()}, path)
print(path.name, path.stat().st_size, "bytes")
