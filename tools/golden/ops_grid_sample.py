"""PyTorch's answers for strata/opcases/grid_sample.cpp."""
import torch.nn.functional as F
from channels import channels_first, channels_last
from rule import Input, family

cases = family("grid_sample")


def sample(name, x, grid, mode="bilinear", padding="zeros", corners=False):
    cases.add(name, [Input(x), Input(grid, -1.8, 1.8)],
              lambda x, grid: channels_last(F.grid_sample(
                  channels_first(x), grid, mode, padding, align_corners=corners)))


def points(name, theta, size, corners):
    cases.add(name, [Input(theta)],
              lambda theta: F.affine_grid(theta, (theta.shape[0], 1, *size), align_corners=corners))


image, grid = (2, 4, 5, 3), (2, 3, 3, 2)
volume, deep = (1, 3, 2, 4, 3), (1, 2, 3, 2, 3)
sample("grid_sample", image, grid)
sample("grid_sample/corners", image, grid, corners=True)
sample("grid_sample/border", image, grid, padding="border")
sample("grid_sample/reflection", image, grid, padding="reflection")
sample("grid_sample/reflection_corners", image, grid, padding="reflection", corners=True)
sample("grid_sample/one_pixel", (1, 1, 1, 2), (1, 2, 3, 2), padding="reflection", corners=True)
sample("grid_sample/channels", (1, 3, 3, 70), (1, 2, 2, 2), padding="border")
sample("grid_sample/nearest", image, grid, "nearest")
sample("grid_sample/nearest_reflection", image, grid, "nearest", "reflection")
sample("grid_sample/bicubic", image, grid, "bicubic")
sample("grid_sample/bicubic_border", image, grid, "bicubic", "border", corners=True)
sample("grid_sample/bicubic_reflection", image, grid, "bicubic", "reflection")
sample("grid_sample/volume", volume, deep)
sample("grid_sample/volume_border", volume, deep, padding="border", corners=True)
sample("grid_sample/volume_reflection", volume, deep, padding="reflection")
sample("grid_sample/volume_nearest", volume, deep, "nearest")
points("affine_grid", (2, 2, 3), (3, 4), False)
points("affine_grid/corners", (1, 2, 3), (1, 5), True)
points("affine_grid/volume", (2, 3, 4), (2, 3, 4), False)
points("affine_grid/volume_corners", (1, 3, 4), (3, 1, 2), True)
cases.write()
