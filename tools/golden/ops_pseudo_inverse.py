"""PyTorch's answers for strata/opcases/pseudo_inverse.cpp."""
from rule import Input, family
from torch.linalg import lstsq, matrix_rank, pinv

cases = family("pseudo_inverse")
tall, wide, left, right = Input((2, 5, 3)), Input((3, 5)), Input((2, 5, 2)), Input((2, 4))


def solved(a, b):
    return lstsq(a, b.expand(*a.shape[:-2], *b.shape[-2:])).solution


def solved_wide(a, b):
    return lstsq(a.expand(2, 3, 5), b).solution


cases.add("pinv", [tall], pinv)
cases.add("pinv/wide", [wide], pinv)
cases.add("pinv/deficient", [left, right], lambda a, b: pinv(a @ b, rtol=1e-3))
cases.add("matrix_rank", [Input((2, 5, 2), grad=False), Input((2, 4), grad=False)],
          lambda a, b: (matrix_rank(a @ b, rtol=1e-3), matrix_rank(a)))
cases.add("lstsq", [tall, Input((5, 2))], solved)
cases.add("lstsq/wide", [wide, Input((2, 3, 2))], solved_wide)
cases.add("lstsq/vectors", [tall, Input((2, 5))], lambda a, b: lstsq(a, b).solution)
# PyTorch's gradient of lstsq is for full rank.
cases.add("lstsq/deficient", [left, right, Input((5, 3))],
          lambda a, b, c: pinv(a @ b, rtol=1e-3) @ c)
cases.write()
