"""PyTorch's answers for strata/opcases/ctc.cpp."""
import torch.nn.functional as F
from rule import Input, family

scores, padded = Input((7, 3, 5), -2, 2), Input((3, 4), 1, 5, integer=True)
joined = Input((6,), 0, 4, integer=True)
cases = family("ctc")


def ctc(name, targets, *lengths, **options):
    cases.add(name, [scores, targets],
              lambda x, t: F.ctc_loss(x.log_softmax(-1), t, *lengths, **options))


ctc("ctc_loss", padded, (7, 6, 5), (2, 3, 1))
ctc("ctc_loss/sum", padded, (7, 7, 4), (0, 3, 2), reduction="sum")
ctc("ctc_loss/joined", joined, (7, 6, 7), (2, 1, 3), blank=4, reduction="none")
ctc("ctc_loss/too_short", padded, (7, 2, 5), (2, 4, 1), zero_infinity=True)
cases.write()
