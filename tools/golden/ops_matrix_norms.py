"""PyTorch's answers for strata/opcases/matrix_norms.cpp."""
from math import inf

from rule import Input, family
from torch.linalg import cond, inv, matrix_norm

cases = family("matrix_norms")
cube = Input((2, 3, 4))


def by_inverse(x, p):
    """cond(x, p), whose own gradient fails: it writes over what it needs."""
    return matrix_norm(x, p) * matrix_norm(inv(x), p)


cases.add("matrix_norm", [cube],
          lambda x: (matrix_norm(x), matrix_norm(x, "fro", (0, -1), True)))
cases.add("matrix_norm/sums", [cube],
          lambda x: (matrix_norm(x, 1), matrix_norm(x, -1, (2, 0), True),
                     matrix_norm(x, inf, (1, 0)), matrix_norm(x, -inf)))
cases.add("matrix_norm/values", [cube],
          lambda x: (matrix_norm(x, 2), matrix_norm(x, -2, (0, 2), True),
                     matrix_norm(x, "nuc", (-1, 1))))
cases.add("cond", [Input((2, 4, 4))],
          lambda x: (cond(x), cond(x, -2), by_inverse(x, 1), by_inverse(x, "fro")))
cases.add("cond/wide", [cube], lambda x: cond(x, 2))
cases.write()
