"""transformers' and torchvision's answers for tests/models/language/bert_test.cpp and
tests/models/vision/vit_test.cpp: outputs, and samples of one step's gradients, of small networks with
odd configs on weights by rule."""
import pathlib

import torch
import torchvision_import  # noqa: F401
import transformers as tf
from rule_weights import rule_integers, rule_tensor, rule_weight
from safetensors.torch import save_file
from torchvision.models.vision_transformer import VisionTransformer

ROOT = pathlib.Path(__file__).resolve().parents[2]
SAMPLES = 12
BERT = {"vocab_size": 97, "max_position_embeddings": 23, "hidden_size": 48, "num_hidden_layers": 3,
        "num_attention_heads": 4, "intermediate_size": 100, "hidden_dropout_prob": 0,
        "attention_probs_dropout_prob": 0}
VIT = {"hidden_size": 48, "num_hidden_layers": 3, "num_attention_heads": 4, "intermediate_size": 100,
       "patch_size": 8}
LEFT, RIGHT = [[0] * 3 + [1] * 8, [1] * 11], [[1] * 11, [1] * 6 + [0] * 5]
torch.set_num_threads(1)


def samples(t):
    """Evenly spaced values of t in its own order."""
    flat = t.detach().flatten()
    return flat[torch.arange(SAMPLES) * flat.numel() // SAMPLES]


def file_name(name):
    """transformers' files keep ViT's older names."""
    for now, then in (("layers.", "encoder.layer."), ("attention.q_proj", "attention.attention.query"),
                      ("attention.k_proj", "attention.attention.key"),
                      ("attention.v_proj", "attention.attention.value"),
                      ("attention.o_proj", "attention.output.dense"),
                      ("mlp.fc1", "intermediate.dense"), ("mlp.fc2", "output.dense")):
        if not name.startswith("encoder.layers.encoder_layer_"):  # torchvision's
            name = name.replace(now, then)
    return name


def in_memory_order(g):
    """Convolution weights as Strata holds them."""
    return g.permute(0, 2, 3, 1) if g.dim() == 4 else g


def record(dump, name, model, run):
    model = model.double().train()
    with torch.no_grad():
        for key, p in model.named_parameters():
            p.copy_(rule_weight(file_name(key), tuple(p.shape)))
    outputs = run(model)
    loss = 0
    for key, y in outputs.items():
        dump[f"{name}.{key}"] = y.detach()
        loss = loss + (y * rule_tensor(f"d{key}", tuple(y.shape)).double()).sum()
    loss.backward()
    grads = sorted((file_name(n), in_memory_order(p.grad)) for n, p in model.named_parameters()
                   if p.grad is not None)
    dump[f"{name}.grads"] = torch.stack([samples(g) for _, g in grads])
    dump[f"{name}.largest"] = torch.stack([g.abs().max() for _, g in grads])


def save(dump, name):
    path = ROOT / "tests" / "golden" / "models" / f"{name}.safetensors"
    save_file({k: v.float().contiguous() for k, v in dump.items()}, path)
    path.chmod(0o644)
    print(path.relative_to(ROOT), len(dump), path.stat().st_size)
    assert path.stat().st_size < 100_000


def bert(mask, *keys):
    def run(model):
        inputs = {"input_ids": rule_integers("input_ids", (2, 11), 97),
                  "token_type_ids": rule_integers("token_type_ids", (2, 11), 2)}
        if mask is not None:
            inputs["attention_mask"] = torch.tensor(mask)
        out = model(**inputs)
        return {k: out[k] for k in keys}
    return run


def vit(height, width, *keys, **more):
    def run(model):
        x = rule_tensor("x", (2, height, width, 3)).permute(0, 3, 1, 2).double()
        out = model(x, **more)
        return {"logits": out} if isinstance(out, torch.Tensor) else {k: out[k] for k in keys}
    return run


dump = {}
record(dump, "model", tf.BertModel(tf.BertConfig(**BERT, layer_norm_eps=1e-2)),
       bert(None, "last_hidden_state", "pooler_output"))
record(dump, "left", tf.BertForMaskedLM(tf.BertConfig(**BERT, hidden_act="relu", layer_norm_eps=1e-3)),
       bert(LEFT, "logits"))
record(dump, "right", tf.BertForPreTraining(tf.BertConfig(**BERT, hidden_act="gelu_new")),
       bert(RIGHT, "prediction_logits", "seq_relationship_logits"))
save(dump, "bert")

dump = {}
torchvision = VisionTransformer(image_size=24, patch_size=8, num_layers=3, num_heads=4, hidden_dim=48,
                                mlp_dim=100, num_classes=7)
record(dump, "torchvision", torchvision, vit(24, 24))
config = tf.ViTConfig(**VIT, image_size=[24, 32], hidden_act="silu", layer_norm_eps=1e-2, num_labels=7,
                      qkv_bias=False)
record(dump, "labels", tf.ViTForImageClassification(config), vit(24, 32, "logits"))
record(dump, "larger", tf.ViTModel(tf.ViTConfig(**VIT, image_size=24, hidden_act="gelu_new")),
       vit(40, 29, "last_hidden_state", "pooler_output", interpolate_pos_encoding=True))
save(dump, "vit")
