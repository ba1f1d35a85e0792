"""PyTorch's answers for strata/opcases/pad.cpp."""
import torch.nn.functional as F
from rule import Input, family

cases = family("pad")
cases.add("pad", [Input((2, 3, 4))], lambda x: F.pad(x, (0, 3, 1, 2), value=0.5))
cases.add("pad/crop", [Input((3, 5, 2))], lambda x: F.pad(x, (0, 0, -2, -1, -1, 2)))
for mode, shape in [("reflect", (2, 4, 5, 2)), ("replicate", (2, 2, 3, 2)), ("circular", (2, 3, 4, 2))]:
    cases.add("pad/" + mode, [Input(shape)],
              lambda x: F.pad(x.permute(0, 3, 1, 2), (4, 1, 2, 3), mode=mode).permute(0, 2, 3, 1))
cases.write()
