"""Strata's order of axes, channels last, and PyTorch's. Matrices are the same in both."""


def channels_first(x):
    return x.movedim(-1, 1) if x.ndim > 2 else x


def channels_last(x):
    return x.movedim(1, -1) if x.ndim > 2 else x
