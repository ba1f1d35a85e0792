"""PyTorch's answers for strata/opcases/upsample.cpp."""
import torch.nn.functional as F
from rule import Input, family

cases = family("upsample")


def add(name, shape, **options):
    cases.add(name, [Input(shape)],
              lambda x: F.interpolate(x.permute(0, 3, 1, 2), **options).permute(0, 2, 3, 1))


add("upsample2d/nearest", (2, 3, 4, 5), scale_factor=(2, 3))
add("upsample2d/nearest_size", (1, 5, 7, 3), size=(7, 4))
add("upsample2d/nearest_factor", (1, 5, 6, 2), scale_factor=(1.7, 0.6))
add("upsample2d/bilinear", (2, 3, 4, 9), scale_factor=2, mode="bilinear")
add("upsample2d/bilinear_size", (1, 5, 7, 3), size=(8, 4), mode="bilinear")
add("upsample2d/bilinear_factor", (1, 5, 6, 2), scale_factor=(1.7, 0.6), mode="bilinear")
add("upsample2d/bilinear_corners", (1, 3, 4, 5), size=(7, 9), mode="bilinear", align_corners=True)
add("upsample2d/bilinear_one", (1, 3, 1, 2), size=(1, 4), mode="bilinear", align_corners=True)
add("upsample2d/bicubic", (2, 3, 4, 9), scale_factor=(2, 3), mode="bicubic")
add("upsample2d/bicubic_size", (1, 5, 7, 3), size=(8, 4), mode="bicubic")
add("upsample2d/bicubic_factor", (1, 5, 6, 2), scale_factor=(1.7, 0.6), mode="bicubic")
add("upsample2d/bicubic_corners", (1, 3, 4, 5), size=(7, 9), mode="bicubic", align_corners=True)
add("upsample2d/bicubic_same", (1, 3, 4, 2), size=(3, 4), mode="bicubic")
cases.write()
