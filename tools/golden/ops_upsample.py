"""PyTorch's answers for strata/opcases/upsample.cpp."""
import torch.nn.functional as F
from rule import Input, family

cases = family("upsample")


def add(name, shape, **options):
    cases.add(name, [Input(shape)],
              lambda x: F.interpolate(x.movedim(-1, 1), **options).movedim(1, -1))


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
add("upsample2d/exact", (1, 5, 7, 3), size=(8, 4), mode="nearest-exact")
add("upsample2d/exact_factor", (1, 5, 6, 2), scale_factor=(1.7, 0.6), mode="nearest-exact")
add("upsample2d/area", (1, 5, 7, 3), size=(8, 4), mode="area")
add("upsample2d/area_factor", (1, 5, 6, 2), scale_factor=(1.7, 0.6), mode="area")
add("upsample1d/nearest", (2, 5, 3), scale_factor=2.3)
add("upsample1d/exact", (2, 5, 3), size=3, mode="nearest-exact")
add("upsample1d/area", (2, 7, 3), size=3, mode="area")
add("upsample1d/linear", (2, 5, 3), scale_factor=2, mode="linear")
add("upsample1d/linear_size", (1, 7, 9), size=4, mode="linear")
add("upsample1d/linear_corners", (2, 4, 3), size=9, mode="linear", align_corners=True)
add("upsample3d/nearest", (1, 2, 3, 4, 2), scale_factor=(2, 1.5, 0.6))
add("upsample3d/exact", (1, 3, 4, 5, 2), size=(2, 5, 3), mode="nearest-exact")
add("upsample3d/area", (1, 3, 4, 5, 2), size=(2, 3, 5), mode="area")
add("upsample3d/trilinear", (2, 2, 3, 2, 3), scale_factor=2, mode="trilinear")
add("upsample3d/trilinear_size", (1, 4, 3, 5, 2), size=(3, 5, 2), mode="trilinear")
add("upsample3d/trilinear_corners", (1, 2, 3, 4, 2), size=(3, 4, 7), mode="trilinear",
    align_corners=True)
cases.write()
