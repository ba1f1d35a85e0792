"""PyTorch's answers for strata/opcases/losses.cpp. Classes are the last axis there."""
import torch.nn.functional as F
from rule import Input, family

x, target = Input((4, 7), -3, 3), Input((4, 7), 0, 1)
logits, classes = Input((2, 3, 5), -3, 3), Input((2, 3), 0, 5, integer=True)
weight = Input((5,), 0.5, 2, grad=False)
probabilities = Input((2, 3, 5), 0, 0.4)

cases = family("losses")
cases.add("mse_loss", [x, x], F.mse_loss)
cases.add("mse_loss/sum", [x, x], lambda x, t: F.mse_loss(x, t, reduction="sum"))
cases.add("mse_loss/none", [x, x], lambda x, t: F.mse_loss(x, t, reduction="none"))
cases.add("l1_loss", [x, x], F.l1_loss)
cases.add("l1_loss/none", [x, x], lambda x, t: F.l1_loss(x, t, reduction="none"))
cases.add("bce_with_logits", [x, target], F.binary_cross_entropy_with_logits)
element = Input((7,), 0.5, 2, grad=False)
cases.add("bce_with_logits/weights", [x, target, element, element],
          lambda x, t, w, p: F.binary_cross_entropy_with_logits(
              x, t, w, pos_weight=p, reduction="sum"))


def cross_entropy(name, weighed=False, **options):
    def f(x, t, w=None):
        return F.cross_entropy(x.movedim(-1, 1), t, w, **options)

    cases.add(name, [logits, classes] + ([weight] if weighed else []), f)


cross_entropy("cross_entropy")
cross_entropy("cross_entropy/sum", ignore_index=3, reduction="sum")
cross_entropy("cross_entropy/none", True, ignore_index=1, label_smoothing=0.2, reduction="none")
cross_entropy("cross_entropy/smooth", label_smoothing=0.1)
cross_entropy("cross_entropy/weight", True, ignore_index=2)
cross_entropy("cross_entropy/weight_smooth", True, ignore_index=2, label_smoothing=0.1)
cases.add("cross_entropy/probabilities", [logits, probabilities, weight],
          lambda x, p, w: F.cross_entropy(x.movedim(-1, 1), p.movedim(-1, 1), w,
                                          label_smoothing=0.1))
cases.add("nll_loss", [logits, classes, weight],
          lambda x, t, w: F.nll_loss(x.log_softmax(-1).movedim(-1, 1), t, w, ignore_index=4))
share, variance = Input((4, 7), 0.05, 0.95), Input((4, 7), 0.3, 2)
cases.add("huber_loss", [x, x], lambda x, t: F.huber_loss(x, t, delta=1.5))
cases.add("huber_loss/none", [x, x], lambda x, t: F.huber_loss(x, t, "none", 0.8))
cases.add("smooth_l1_loss", [x, x], lambda x, t: [
    F.smooth_l1_loss(x, t, reduction="sum", beta=1.5), F.smooth_l1_loss(x, t, beta=0)])
cases.add("bce_loss", [share, share], F.binary_cross_entropy)
cases.add("bce_loss/weight", [share, share, element],
          lambda x, t, w: F.binary_cross_entropy(x, t, w, reduction="sum"))
cases.add("kl_div", [x, share], lambda x, t: F.kl_div(x, t))
cases.add("kl_div/batch_mean", [x, share], lambda x, t: F.kl_div(x, t, reduction="batchmean"))
cases.add("kl_div/log_target", [x, x],
          lambda x, t: F.kl_div(x, t, reduction="none", log_target=True))
cases.add("gaussian_nll_loss", [x, x, variance], F.gaussian_nll_loss)
cases.add("gaussian_nll_loss/full", [x, x, Input((4,), 0.3, 2)],
          lambda x, t, v: F.gaussian_nll_loss(x, t, v, full=True, reduction="none"))
cases.add("gaussian_nll_loss/axis", [x, x, Input((1, 7), 0.3, 2)], F.gaussian_nll_loss)
counts = Input((4, 7), 0.2, 4)
cases.add("poisson_nll_loss", [x, counts], lambda x, t: F.poisson_nll_loss(x, t, full=True))
cases.add("poisson_nll_loss/rate", [share, counts],
          lambda x, t: F.poisson_nll_loss(x, t, log_input=False, reduction="sum"))
cases.write()
