"""PyTorch's answers for strata/opcases/margin_losses.cpp."""
import torch.nn.functional as F
from rule import Input, family

x = Input((4, 6), -3, 3)
bits, row_bits = Input((4, 6), 0, 2, integer=True), Input((4,), 0, 2, integer=True)
classes, weight = Input((4,), 0, 6, integer=True), Input((6,), 0.5, 2, grad=False)

cases = family("margin_losses")
cases.add("hinge_embedding_loss", [x, bits],
          lambda x, b: F.hinge_embedding_loss(x, b * 2 - 1, 1.25))
cases.add("margin_ranking_loss", [x, x, bits],
          lambda a, b, s: F.margin_ranking_loss(a, b, s * 2 - 1, 0.3, reduction="sum"))
cases.add("cosine_embedding_loss", [x, x, row_bits],
          lambda a, b, s: F.cosine_embedding_loss(a, b, s * 2 - 1, -0.5, reduction="none"))
cases.add("multi_margin_loss", [x, classes], F.multi_margin_loss)
cases.add("multi_margin_loss/square", [x, classes, weight],
          lambda x, t, w: F.multi_margin_loss(x, t, 2, 0.7, w, reduction="none"))
cases.add("triplet_margin_loss", [x, x, x],
          lambda a, p, n: F.triplet_margin_loss(a, p, n, margin=2))
cases.add("triplet_margin_loss/swap", [x, x, x],
          lambda a, p, n: F.triplet_margin_loss(a, p, n, 5, 1, swap=True, reduction="none"))
cases.add("triplet_margin_with_distance_loss", [x, x, x],
          lambda a, p, n: F.triplet_margin_with_distance_loss(
              a, p, n, distance_function=lambda a, b: 1 - F.cosine_similarity(a, b), margin=0.7,
              swap=True, reduction="sum"))
cases.add("soft_margin_loss", [x, bits], lambda x, b: F.soft_margin_loss(x, b * 2 - 1))
cases.add("soft_margin_loss/none", [x, bits],
          lambda x, b: F.soft_margin_loss(x, b * 2 - 1, reduction="none"))
cases.add("multilabel_margin_loss", [x, Input((4, 6), 0, 7, integer=True)],
          lambda x, t: F.multilabel_margin_loss(x, t - 1))
cases.add("multilabel_margin_loss/row", [Input((6,), -3, 3), Input((6,), 0, 7, integer=True)],
          lambda x, t: F.multilabel_margin_loss(x, t - 1, reduction="none"))
cases.add("multilabel_margin_loss/few", [x, Input((4, 6), -4, 6, integer=True)],
          lambda x, t: F.multilabel_margin_loss(x, t.clamp(min=-1), reduction="none"))
cases.add("multilabel_soft_margin_loss", [x, bits], F.multilabel_soft_margin_loss)
cases.add("multilabel_soft_margin_loss/weight", [x, Input((4, 6), 0.05, 0.95), weight],
          lambda x, t, w: F.multilabel_soft_margin_loss(x, t, w, reduction="none"))
cases.add("cosine_similarity", [x, Input((6,), -3, 3)],
          lambda a, b: F.cosine_similarity(a, b, -1))
cases.add("cosine_similarity/axis0", [x, x], lambda a, b: F.cosine_similarity(a, b, 0))
cases.add("pairwise_distance", [x, x], lambda a, b: F.pairwise_distance(a, b, keepdim=True))
cases.add("pairwise_distance/p3", [x, x], lambda a, b: F.pairwise_distance(a, b, 3))
cases.write()
