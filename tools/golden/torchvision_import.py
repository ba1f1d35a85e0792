"""Import torchvision beside the CPU build of PyTorch, which lacks two of its compiled operators:

    from torchvision_import import torchvision
"""
import torch

library = torch.library.Library("torchvision", "DEF")
for op in ("nms", "qnms"):
    library.define(op + "(Tensor dets, Tensor scores, float iou_threshold) -> Tensor")
import torchvision  # noqa: E402, F401
