"""PyTorch's answers for strata/opcases/scans.cpp."""
import torch
from rule import Input, family

x = Input((3, 4, 5), -2, 2)
cases = family("scans")


def half_zero(x):
    return x * (x > 0)


for name, f in [
    ("cumprod", lambda x: x.cumprod(1)),
    ("cumprod/last", lambda x: x.cumprod(-1)),
    ("cumprod/zeros", lambda x: half_zero(x).cumprod(1)),
    ("prod", torch.prod),
    ("prod/axis1", lambda x: x.prod(1, keepdim=True)),
    ("prod/zeros", lambda x: half_zero(x).prod(0)),
    ("stddev", torch.std),
    ("stddev/axes", lambda x: x.std((0, -1), correction=0, keepdim=True)),
    ("cummax", lambda x: list(x.cummax(1))),
    ("cummin", lambda x: list(x.cummin(-1))),
    ("median", lambda x: list(x.median(1))),
    ("median/keep", lambda x: list(x.median(0, keepdim=True))),
    ("median/all", torch.median),
    ("quantile", lambda x: x.quantile(0.3, 1)),
    ("quantile/keep", lambda x: x.quantile(1.0, -1, keepdim=True)),
    ("quantile/all", lambda x: x.quantile(0.77)),
]:
    cases.add(name, [x], f)

shares = Input((4,), 0.05, 0.95)
cases.add("quantile/between", [x], lambda x: torch.stack(
    [x.quantile(0.3, 1, interpolation=i) for i in ("lower", "higher", "midpoint", "nearest")]))
cases.add("quantile/several", [x, shares], lambda x, q: x.quantile(q, 1, keepdim=True))
cases.add("nanquantile", [x, shares],
          lambda x, q: torch.where(x > 1, float("nan"), x).nanquantile(q, 2))
cases.write()
