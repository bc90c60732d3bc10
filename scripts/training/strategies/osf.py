"""Naive training in the directions that the weights use least: an addition to the registered strategies, by PEFT's OSF.

Each weight's SVD is split. The large directions are frozen; the smallest rank/2 learn, their gradients kept orthogonal to the
frozen ones (Nayak et al., 2025, arXiv:2504.07097). A weight changes by U S V - U0 S0 V0, which is exactly a LoRA adapter of
the recipe's rank. Split is always the base, so that what is protected is the base: later sessions go on in the directions of
earlier ones. (The paper splits the trained weights anew for each task, which no adapter of a fixed rank can hold.)
"""

import torch
from peft import OSFConfig, PeftModel, get_peft_model
from peft.tuners.osf.layer import OSFLayer
from safetensors.torch import load, save

from scripts.errors import UserError
from scripts.training import lora, merge
from scripts.training.strategies import Learned, Lesson

STATE = "osf.safetensors"
ADAPTER = "default"


def learn(lesson: Lesson) -> Learned:
    """What those directions learn from the new sessions, as a LoRA adapter; the directions lie beside it."""
    base = lesson.base()
    check(base, lesson.recipe["rank"])
    plain = lora.with_new_adapter(base, lesson.recipe)
    config = lora.config_of(lora.saved(plain))
    model = split(plain.unload(), lesson.recipe["rank"] // 2)
    if lesson.before:
        model.load_state_dict(load(lesson.before[STATE]), strict=False)
    steps = lora.train(model, lesson.new, lesson.recipe)
    learned = {name: weight.detach() for name, weight in model.named_parameters() if weight.requires_grad}
    files = lora.files_of(change(model, config["lora_alpha"] / config["r"]), config)
    return Learned(steps, {**files, STATE: save(learned, {"format": "pt"})}, anew=not lesson.before)


def check(base: torch.nn.Module, rank: int) -> None:
    """UserError where the directions cannot be had."""
    if rank % 2:
        raise UserError(f"rank {rank}", "osf learns rank/2 directions", "take an even rank")
    if not all(weight.is_floating_point() for weight in base.parameters()):
        raise UserError("strategy osf", "quantised weights cannot be decomposed", "take quantization: none")


def split(base: torch.nn.Module, directions: int) -> PeftModel:
    """The base with so many of each layer's smallest singular directions to learn, in fp32.

    The SVD is that of the weights in fp32; afterwards they have their own precision again. (PEFT would cast the directions of
    weights of 16 bits after it has put its projection on their gradients, and lose it.)
    """
    linear = ((name, part) for name, part in base.named_modules() if isinstance(part, torch.nn.Linear))
    smaller = {name.rsplit(".", 1)[-1]: min(part.weight.shape) for name, part in linear if name != "lm_head"}
    frozen = {name: size - directions for name, size in smaller.items()}
    dtype = base.dtype
    config = OSFConfig(target_modules="all-linear", rank_pattern=frozen, task_type="CAUSAL_LM")
    model = get_peft_model(base.float(), config)
    for weight in model.parameters():
        if not weight.requires_grad:
            weight.data = weight.data.to(dtype)
    for layer in model.modules():
        if isinstance(layer, OSFLayer):
            layer.cast_input_dtype_enabled = (
                True  # which PEFT's own disable_input_dtype_casting asks every layer for
            )
    return model


def change(model: PeftModel, scale: float) -> merge.Factors:
    """U S V - U0 S0 V0 of each layer, as factors of an adapter of that scale."""
    layers = {name: layer for name, layer in model.named_modules() if isinstance(layer, OSFLayer)}
    return {name: _change(layer, scale) for name, layer in sorted(layers.items())}


def _change(layer: OSFLayer, scale: float) -> tuple[torch.Tensor, torch.Tensor]:
    now, kinds = layer.osf_svd_params[ADAPTER], ("U", "S", "V")
    u, s, v = (now[f"{kind}_low"].detach() for kind in kinds)
    u0, s0, v0 = (getattr(layer, f"_osf_{kind}_low_init")[ADAPTER] for kind in kinds)
    return torch.cat([v, v0]), torch.cat([u * s, -u0 * s0], dim=1) / scale
