"""PyTorch's answers for strata/opcases/matmul.cpp."""
import torch
from rule import Input, family

cases = family("matmul")
for name, a, b in [
    ("matmul", (5, 7), (7, 3)),
    ("matmul/vector_matrix", (4,), (4, 6)),
    ("matmul/matrix_vector", (5, 4), (4,)),
    ("matmul/vector_batch", (4,), (2, 4, 3)),
    ("matmul/batch_vector", (2, 3, 4), (4,)),
    ("matmul/batch_matrix", (2, 3, 4), (4, 5)),
    ("matmul/matrix_batch", (3, 4), (2, 4, 5)),
    ("matmul/batch", (3, 2, 4), (3, 4, 5)),
    ("matmul/broadcast", (2, 1, 3, 4), (3, 4, 2)),
    ("matmul/no_rows", (0, 4), (4, 3)),
    ("matmul/no_inner", (3, 0), (0, 2)),
    ("matmul/row_times_column", (1, 1), (1, 1)),
    ("matmul/long_inner", (2, 40), (40, 2)),
    ("matmul/many", (13, 9), (9, 18)),
]:
    cases.add(name, [Input(a), Input(b)], torch.matmul)
cases.add("matmul/dot", [Input((9,), 0), Input((9,), 0)], torch.matmul)
cases.add("matmul/transposed_views", [Input((4, 3)), Input((5, 4))],
          lambda a, b: torch.matmul(a.T, b.T))
cases.add("matmul/strided_views", [Input((6, 8)), Input((2, 4, 3, 2))],
          lambda a, b: torch.matmul(a[:, 0:8:2], b.permute(0, 3, 1, 2)))
cases.write()
