"""PyTorch's answers for strata/opcases/special.cpp."""
import torch
from rule import Input, family

cases = family("special")
for name, low, high in [
    ("tan", -1.2, 1.2), ("asin", -0.9, 0.9), ("acos", -0.9, 0.9), ("atan", -4, 4), ("sinh", -3, 3),
    ("cosh", -3, 3), ("asinh", -4, 4), ("acosh", 1.2, 4), ("atanh", -0.9, 0.9), ("log2", 0.1, 4),
    ("log10", 0.1, 4), ("exp2", -4, 4), ("erfc", -3, 3), ("erfinv", -0.9, 0.9), ("lgamma", 0.3, 6),
    ("digamma", 0.3, 6), ("trunc", -4, 4), ("frac", -4, 4),
]:
    cases.add(name, [Input((3, 5), low, high)], getattr(torch, name))
for name in ["i0", "i0e", "i1", "i1e"]:
    cases.add(name, [Input((3, 5), -4, 4)], getattr(torch.special, name))
cases.add("igamma", [Input((3, 5), 0.3, 6, grad=False), Input((5,), 0.2, 5)],
          lambda a, x: [torch.igamma(a, x), torch.igammac(a, x)])
for name, low, high in [
    ("atan2", -3, 3), ("hypot", -3, 3), ("logaddexp", -3, 3), ("xlogy", 0.1, 3), ("fmax", -3, 3),
    ("fmin", -3, 3),
]:
    cases.add(name, [Input((3, 5), low, high), Input((5,), low, high)], getattr(torch, name))
cases.add("logit", [Input((3, 5), 0.05, 0.95)], torch.logit)
cases.add("logit/eps", [Input((3, 5), 0.02, 0.98)], lambda x: torch.logit(x, 0.2))
a, b = Input((3, 5), -7, 7), Input((5,), 2, 3)
cases.add("fmod", [a, b], lambda a, b: [torch.fmod(a, b), torch.fmod(a, -2.5)])
cases.add("remainder", [a, b], lambda a, b: [torch.remainder(a, b), torch.remainder(a, -2.5)])
x = Input((3, 5), -3, 3)
cases.add("lerp", [x, Input((5,)), Input((3, 1), -0.2, 1.2)],
          lambda a, b, w: [torch.lerp(a, b.expand_as(a), w.expand_as(a)), torch.lerp(a, b, 0.75)])
cases.add("polygamma", [Input((3, 5), 0.4, 4)],
          lambda x: [torch.polygamma(1, x), torch.polygamma(2, x)])
cases.add("nan_to_num", [x], torch.nan_to_num)
cases.write()
