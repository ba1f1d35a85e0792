"""PyTorch's answers for strata/opcases/products.cpp."""
import torch
from rule import Input, family

cases = family("products")
cases.add("trace", [Input((3, 5))], torch.trace)
cases.add("cross", [Input((2, 1, 3)), Input((4, 3))], lambda a, b: torch.linalg.cross(a, b[None]))
cases.add("cross/axis1", [Input((2, 3, 4)), Input((2, 3, 1))],
          lambda a, b: torch.linalg.cross(a, b, dim=1))
cases.add("tensordot", [Input((2, 3, 4)), Input((3, 4, 5))],
          lambda a, b: (torch.tensordot(a, b), torch.tensordot(a, b, 0)))
cases.add("tensordot/axes", [Input((2, 3, 4)), Input((4, 5, 2))],
          lambda a, b: torch.tensordot(a, b, ([-1, 0], [0, 2])))
cases.add("kron", [Input((2, 3)), Input((2, 4, 2))],
          lambda a, b: (torch.kron(a, b), torch.kron(b, a)))
cases.add("multi_dot", [Input((2, 6)), Input((6, 3)), Input((3, 5)), Input((5, 4))],
          lambda *x: torch.linalg.multi_dot(x))
cases.add("multi_dot/vectors", [Input((6,)), Input((6, 3)), Input((3,))],
          lambda a, b, c: [torch.linalg.multi_dot(x) for x in ([a, b, c], [a, b], [b, c], [c, c])])
cases.add("matrix_power", [Input((2, 3, 3))],
          lambda a: [torch.linalg.matrix_power(a, n) for n in (5, 1, 0)])
cases.add("matrix_power/inverse", [Input((2, 3, 3))],
          lambda a: torch.linalg.matrix_power(a + 3 * torch.eye(3, dtype=a.dtype), -3))
cases.write()
