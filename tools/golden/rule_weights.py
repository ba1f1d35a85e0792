"""Weights and inputs by rule for whole models, the same as tests/support/rule_weights.h makes."""
import math

import numpy as np
import torch


def unit(name, count):
    """Numbers 0 ... count - 1 of the sequence that belongs to `name`, in [0, 1)."""
    h = 0xCBF29CE484222325
    for byte in name.encode():
        h = (h ^ byte) * 0x100000001B3 % 2**64
    with np.errstate(over="ignore"):
        z = (np.uint64(h) + np.arange(1, count + 1, dtype=np.uint64)) * np.uint64(0x9E3779B97F4A7C15)
        z = (z ^ (z >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
        z = (z ^ (z >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
        z = z ^ (z >> np.uint64(31))
    return (z >> np.uint64(11)).astype(np.float64) * 2.0**-53


def rule_tensor(name, shape, low=-1.0, high=1.0):
    """f32, uniform in [low, high). Images are named and indexed in Strata's order, N, H, W, C."""
    v = low + (high - low) * unit(name, math.prod(shape))
    return torch.from_numpy(v.astype(np.float32).reshape(shape))


def rule_integers(name, shape, below):
    return torch.from_numpy(np.floor(below * unit(name, math.prod(shape))).astype(np.int64).reshape(shape))


def rule_weight(name, shape):
    if len(shape) >= 2:
        bound = math.sqrt(3.0 * shape[0] / math.prod(shape))
        return rule_tensor(name, shape, -bound, bound)
    if name.endswith("running_var"):
        return rule_tensor(name, shape, 0.5, 1.5)
    if name.endswith(("weight", "gamma")):
        return rule_tensor(name, shape, 0.8, 1.2)
    return rule_tensor(name, shape, -0.2, 0.2)


def set_rule_weights(model):
    """Over the whole state dict but its integers; names are those of the state dict."""
    state = model.state_dict()
    with torch.no_grad():
        for name, value in state.items():
            if value.is_floating_point():
                value.copy_(rule_weight(name, tuple(value.shape)))
    return model
