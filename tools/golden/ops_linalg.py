"""PyTorch's answers for strata/opcases/linalg.cpp."""
import torch
from rule import Input, family
from torch import linalg

cases = family("linalg")
square, tall = Input((2, 4, 4)), Input((2, 5, 3))


def shifted(a):
    return a + 2 * torch.eye(a.shape[-1], dtype=a.dtype)


def definite(a):
    return a @ a.mT + torch.eye(a.shape[-2], dtype=a.dtype)


def symmetric(a):
    return a + a.mT + 3 * torch.diag(torch.arange(a.shape[-1], dtype=a.dtype))


def parts(a):
    u, s, vh = linalg.svd(a, full_matrices=False)
    return [s, u**2, vh**2, u @ vh]


def full_parts(a):
    u, s, vh = linalg.svd(a)
    u, vh = u[..., :3], vh[..., :3, :]
    return [s, u**2, vh**2, u @ vh]


def bases(a):
    u, _, vh = linalg.svd(a)
    beyond, below = u[..., 3:], vh[..., 3:, :]
    return [u @ u.mT, vh.mT @ vh, beyond @ beyond.mT, below.mT @ below]


def solved(a, b):
    return linalg.solve(shifted(a), b)


def cholesky_solved(a, b):
    l = linalg.cholesky(definite(a))
    return [torch.cholesky_solve(b, l), torch.cholesky_solve(b, l.mT, upper=True)]


def eigh(a):
    values, vectors = linalg.eigh(symmetric(a))
    return [values, vectors**2]


cases.add("inverse", [square], lambda a: linalg.inv(shifted(a)))
cases.add("det", [square], linalg.det)
cases.add("slogdet", [square], lambda a: list(linalg.slogdet(a)))
cases.add("solve", [square, Input((2, 4, 3))], solved)
cases.add("solve/vectors", [square, Input((2, 4))], solved)
cases.add("solve/broadcast", [Input((4, 4)), Input((3, 4, 2))], solved)
cases.add("solve_triangular/upper", [square, Input((2, 4, 3))],
          lambda a, b: linalg.solve_triangular(shifted(a), b, upper=True))
cases.add("solve_triangular/lower", [square, Input((4, 3))],
          lambda a, b: linalg.solve_triangular(shifted(a), b, upper=False))
cases.add("cholesky", [square], lambda a: linalg.cholesky(definite(a)))
cases.add("qr", [tall], lambda a: list(linalg.qr(a)))
cases.add("qr/wide", [Input((3, 5))], lambda a: list(linalg.qr(a)))
cases.add("qr/r", [tall], lambda a: linalg.qr(a)[1])
cases.add("svd", [tall], parts)
cases.add("svd/wide", [Input((3, 5))], parts)
cases.add("svd/square", [Input((3, 3))], parts)
cases.add("svd/values", [tall], linalg.svdvals)
cases.add("svd/full", [tall], full_parts)
cases.add("svd/full_wide", [Input((3, 5))], full_parts)
cases.add("svd/full_bases", [Input((2, 5, 3), grad=False)], bases)
cases.add("svd/full_bases_wide", [Input((3, 5), grad=False)], bases)
cases.add("eigh", [square], eigh)
cases.add("eigh/values", [square], lambda a: linalg.eigvalsh(symmetric(a)))
cases.add("logdet", [square], lambda a: torch.logdet(definite(a)))
cases.add("cholesky_solve", [square, Input((4, 3))], cholesky_solved)
cases.add("lu_solve", [square, Input((4, 3))], solved)
cases.add("lu", [tall], lambda a: list(linalg.lu(a)))
cases.add("lu/square", [square], lambda a: list(linalg.lu(a)))
cases.add("lu/wide", [Input((2, 3, 5))], lambda a: list(linalg.lu(a)))
cases.add("lu/lower", [tall], lambda a: linalg.lu(a)[1])
cases.add("svdvals", [tall], linalg.svdvals)
cases.add("eigvalsh", [square], lambda a: linalg.eigvalsh(symmetric(a)))
cases.add("eigvals", [Input((2, 6, 6), grad=False)],
          lambda a: torch.view_as_real(linalg.eigvals(a)).sort(dim=-2)[0])
cases.write()
