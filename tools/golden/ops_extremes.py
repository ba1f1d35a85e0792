"""PyTorch's answers for strata/opcases/extremes.cpp."""
from rule import Input, family

cube = Input((3, 4, 6), -2, 2)
ties = Input((5, 8), 0, 3, integer=True)

cases = family("extremes")
cases.add("amax", [cube], lambda x: x.amax((0, 2)))
cases.add("amin", [cube], lambda x: x.amin(1, keepdim=True))
cases.add("max", [cube], lambda x: (x.max(), x.min()))
cases.add("max/last", [cube], lambda x: tuple(x.max(-1)))
cases.add("max/middle", [cube], lambda x: tuple(x.max(1, keepdim=True)))
cases.add("min/first", [cube], lambda x: tuple(x.min(0)))
cases.add("topk", [cube], lambda x: tuple(x.topk(3)))
cases.add("topk/smallest", [cube], lambda x: tuple(x.topk(2, 1, largest=False)))
cases.add("argmax", [cube], lambda x: x.argmax())
cases.add("argmax/axis", [cube], lambda x: x.argmax(1, keepdim=True))
cases.add("argmax/ties", [ties], lambda x: x.argmax(-1))
cases.add("argmin/ties", [ties], lambda x: x.argmin(0))
cases.write()
