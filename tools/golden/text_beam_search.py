"""The answers of transformers' generate() for tests/text/beam_search_test.cpp: a model whose next
token depends on the last two by a table, searched with many settings.

    python3 tools/golden/text_beam_search.py
"""
import pathlib

import torch
from safetensors.torch import save_file
from transformers import GenerationMixin, PretrainedConfig, PreTrainedModel
from transformers.modeling_outputs import CausalLMOutput

PATH = pathlib.Path(__file__).resolve().parents[2] / "tests" / "golden" / "text" / "beam_search.safetensors"
VOCABULARY, END, PROMPT = 11, 3, [5, 1, 8]


class TableConfig(PretrainedConfig):
    model_type = "table"


class Table(PreTrainedModel, GenerationMixin):
    config_class = TableConfig

    def __init__(self, table):
        super().__init__(TableConfig(vocab_size=VOCABULARY))
        self.table = torch.nn.Parameter(table)

    def forward(self, input_ids, **_):
        before = torch.nn.functional.pad(input_ids[:, :-1], (1, 0))
        return CausalLMOutput(logits=self.table[before, input_ids])

    def prepare_inputs_for_generation(self, input_ids, **_):
        return {"input_ids": input_ids}


generator = torch.Generator().manual_seed(5)
table = torch.randn(VOCABULARY, VOCABULARY, VOCABULARY, generator=generator) * 1.5
table[:, :, END] += 1.5  # often among the best, seldom alone
model = Table(table)
dump = {"table": table}
# beams, length, penalty, early, results, end
settings = []
for beams in (2, 3, 5):
    for length in (1, 4, 9, 20):
        for penalty in (0.0, 1.0, -1.0):
            for early in (False, True):
                for end in (END, -1):
                    settings.append((beams, length, penalty, early, beams, end))
rows = []
for i, (beams, length, penalty, early, results, end) in enumerate(settings):
    out = model.generate(
        torch.tensor([PROMPT]), num_beams=beams, max_new_tokens=length, length_penalty=penalty,
        early_stopping=early, num_return_sequences=results, eos_token_id=None if end < 0 else end,
        pad_token_id=VOCABULARY, do_sample=False, use_cache=False, return_dict_in_generate=True,
        output_scores=True)
    tokens = out.sequences[:, len(PROMPT):]
    rows.append([beams, length, penalty, early, end])
    dump[f"tokens{len(rows) - 1}"] = tokens.to(torch.int8).contiguous()
    dump[f"scores{len(rows) - 1}"] = out.sequences_scores
dump["settings"] = torch.tensor(rows, dtype=torch.float32)
save_file(dump, PATH)
print(PATH.name, len(rows), PATH.stat().st_size)
assert PATH.stat().st_size < 100_000
