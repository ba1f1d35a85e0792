"""PyTorch's answers for strata/opcases/views.cpp."""
from rule import Input, family

CUBE = [Input((2, 3, 4))]

cases = family("views")
cases.add("reshape", CUBE, lambda x: x.reshape(4, -1))
cases.add("reshape/permuted", CUBE, lambda x: x.permute(1, 2, 0).reshape(6, 4))
cases.add("flatten", CUBE, lambda x: x.flatten(1))
cases.add("permute", CUBE, lambda x: x.permute(2, 0, 1))
cases.add("transpose", CUBE, lambda x: x.transpose(0, -1))
cases.add("unflatten", [Input((2, 12))], lambda x: x.unflatten(-1, (3, -1)))
cases.add("movedim", CUBE, lambda x: (x.movedim(0, -1), x.movedim((2, 0), (0, 1))))
cases.add("slice", [Input((7, 3))], lambda x: x[1:-1:2])
cases.add("select", CUBE, lambda x: x.select(1, -1))
cases.add("expand", [Input((3, 1))], lambda x: x.expand(2, 3, 4))
cases.add("squeeze", [Input((1, 3, 1, 2))], lambda x: [x.squeeze(), x.squeeze(2)])
cases.add("unsqueeze", [Input((3, 2))], lambda x: [x.unsqueeze(-1), x.unsqueeze(1)])
cases.add("diagonal", CUBE, lambda x: x.diagonal(1, -1, 0))
cases.add("diag", [Input((3,))], lambda x: (x.diag(), x.diag(-2)))
cases.add("diag/matrix", [Input((3, 5))], lambda x: (x.diag(), x.diag(3)))
cases.write()
