"""PyTorch's answers for strata/opcases/copy.cpp."""
from rule import Input, family

cases = family("copy")
cases.add("copy", [Input((3, 4))], lambda x: x.clone())
cases.add("contiguous", [Input((2, 3, 4))], lambda x: x.permute(2, 0, 1).contiguous())
cases.write()
