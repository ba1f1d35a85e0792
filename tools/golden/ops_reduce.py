"""PyTorch's answers for strata/opcases/reduce.cpp."""
import torch
from rule import Input, family

cube = Input((3, 4, 5), -2, 2)
integers = Input((3, 4), -1, 2, integer=True)
inf = float("inf")


def with_nan(x):
    return torch.where(x > 1, torch.nan, x)


cases = family("reduce")
cases.add("sum", [cube], torch.sum)
cases.add("sum/axis0", [cube], lambda x: x.sum(0))
cases.add("sum/axis1", [cube], lambda x: x.sum(1, keepdim=True))
cases.add("sum/axis2", [cube], lambda x: x.sum(-1))
cases.add("sum/outer", [cube], lambda x: x.sum((0, 2)))
cases.add("sum/integers", [integers], lambda x: x.sum(1))
cases.add("mean", [cube], torch.mean)
cases.add("mean/axes", [cube], lambda x: x.mean((0, 1), keepdim=True))
cases.add("nansum", [cube], lambda x: with_nan(x).nansum(1))
cases.add("nanmean", [cube], lambda x: with_nan(x).nanmean(0, keepdim=True))
cases.add("var_mean", [cube], lambda x: torch.var_mean(x, (0, 2), correction=0))
cases.add("var", [cube], torch.var)
cases.add("var/axis1", [cube], lambda x: x.var(1, correction=0, keepdim=True))
cases.add("var/outer", [cube], lambda x: x.var((0, 2), correction=2))
cases.add("logsumexp", [cube], lambda x: x.logsumexp(-1))
cases.add("logsumexp/outer", [cube], lambda x: x.logsumexp((0, 2), keepdim=True))
cases.add("cumsum", [cube], lambda x: x.cumsum(1))
cases.add("logcumsumexp", [cube], lambda x: x.logcumsumexp(1))
cases.add("logcumsumexp/rising", [cube], lambda x: (x * 300).logcumsumexp(-1))
cases.add("diff", [cube], torch.diff)
cases.add("diff/twice", [cube], lambda x: x.diff(2, 0))
cases.add("cumsum/reverse", [cube], lambda x: x.flip(-1).cumsum(-1).flip(-1))
cases.add("any", [integers], lambda x: (x.any(1), x.all(0), x.any()))
cases.add("norm", [cube], torch.linalg.vector_norm)
cases.add("norm/axis1", [cube], lambda x: torch.linalg.vector_norm(x, 2, 1, keepdim=True))
cases.add("norm/p1", [cube], lambda x: torch.linalg.vector_norm(x, 1, (0, 2)))
cases.add("norm/infinity", [cube], lambda x: torch.linalg.vector_norm(x, inf, -1))
cases.add("norm/p3", [cube], lambda x: torch.linalg.vector_norm(x, 3, -1))
cases.write()
