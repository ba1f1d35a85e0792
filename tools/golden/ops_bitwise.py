"""PyTorch's answers for strata/opcases/bitwise.cpp."""
import torch
from rule import Input, family

cases = family("bitwise")
matrix = Input((4, 5), -100, 100, integer=True)
row = Input((5,), -100, 100, integer=True)
places = Input((4, 1), -2, 70, integer=True)
cases.add("bitwise_and", [matrix, matrix], torch.bitwise_and)
cases.add("bitwise_and/row", [matrix, row], torch.bitwise_and)
cases.add("bitwise_and/masks", [matrix, matrix], lambda a, b: (a > 0) & (b > 10))
cases.add("bitwise_and/number", [matrix], lambda x: x & 12)
cases.add("bitwise_or", [matrix, row], torch.bitwise_or)
cases.add("bitwise_or/masks", [matrix, matrix], lambda a, b: (a > 0) | (b > 10))
cases.add("bitwise_xor", [matrix, row], torch.bitwise_xor)
cases.add("bitwise_xor/masks", [matrix, matrix], lambda a, b: (a > 0) ^ (b > 10))
cases.add("bitwise_not", [matrix], torch.bitwise_not)
cases.add("bitwise_not/mask", [matrix], lambda x: ~(x > 0))
cases.add("bitwise_left_shift", [matrix, places], torch.bitwise_left_shift)
cases.add("bitwise_left_shift/number", [matrix], lambda x: x << 3)
cases.add("bitwise_right_shift", [matrix, places], torch.bitwise_right_shift)
cases.add("bitwise_right_shift/number", [matrix], lambda x: x >> 3)
cases.write()
