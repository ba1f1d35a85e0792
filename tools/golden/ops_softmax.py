"""PyTorch's answers for strata/opcases/softmax.cpp."""
from rule import Input, family

cube = Input((3, 4, 10), -4, 4)

cases = family("softmax")
cases.add("softmax", [cube], lambda x: x.softmax(-1))
cases.add("softmax/first", [cube], lambda x: x.softmax(0))
cases.add("softmax/middle", [cube], lambda x: x.softmax(1))
cases.add("log_softmax", [cube], lambda x: x.log_softmax(-1))
cases.add("log_softmax/middle", [cube], lambda x: x.log_softmax(1))
cases.write()
