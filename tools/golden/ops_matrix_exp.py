"""PyTorch's answers for strata/opcases/matrix_exp.cpp."""
from rule import Input, family
from torch.linalg import matrix_exp

cases = family("matrix_exp")
cases.add("matrix_exp", [Input((2, 3, 3))], matrix_exp)
cases.add("matrix_exp/one", [Input((1, 1))], matrix_exp)
cases.add("matrix_exp/squared", [Input((4, 4), -6, 4)], matrix_exp)
cases.write()
