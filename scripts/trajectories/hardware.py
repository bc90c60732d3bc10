"""What a model's block asks of the machine: a device, a precision, and the library that keeps weights in 4 bits."""

import platform
import resource
import sys
from importlib import metadata
from typing import Any

from scripts.errors import UserError


def check_device(device: str) -> None:
    """UserError where this machine has no such device: told before the weights are read, and in words."""
    import torch

    there = {"cuda": torch.cuda.is_available, "mps": torch.backends.mps.is_available}
    if device in there and not there[device]():
        fix = "write device: cpu, or run where PyTorch sees the device (on a cluster: gpu: 1 in the model's block)"
        raise UserError(f"device: {device}", f"PyTorch {torch.__version__} finds none on this machine", fix)


def settled(block: dict) -> dict:
    """A model's block with its precision decided: `auto` is bfloat16 where the device computes in it, and float32 elsewhere.

    Asked in the job, because that may run on another machine. What it becomes is in every key, on every card and in the
    conditions of a session, so that arms played in unlike precisions are not compared.
    """
    _leave_out_quantizer(block)
    if block["dtype"] != "auto":
        return block
    return {**block, "dtype": "bfloat16" if computes_bfloat16(block["device"]) else "float32"}


def _leave_out_quantizer(block: dict) -> None:
    """Spare a job that needs no 4-bit weights bitsandbytes, which peft imports wherever it is installed: 3 of its 10 seconds."""
    if block["quantization"] == "none" and "peft" not in sys.modules:
        sys.modules.setdefault("bitsandbytes", None)  # Python's way to say that there is no such module


def computes_bfloat16(device: str) -> bool:
    """Whether a device has instructions for products in bfloat16. PyTorch takes it without them, up to 80 times slower than float32."""
    import torch

    if device == "cuda":
        return torch.cuda.is_bf16_supported(including_emulation=False)
    if device == "mps":
        return True
    if platform.machine().lower() in ("x86_64", "amd64"):
        return torch.cpu._is_avx512_bf16_supported() or torch.cpu._is_amx_tile_supported()
    return bool(torch.ops.mkldnn._is_mkldnn_bf16_supported())


def peak_mb(device: str) -> float | None:
    """Most megabytes that PyTorch held on a GPU since this process began; None on a device that keeps no such count."""
    import torch

    return torch.cuda.max_memory_allocated() / 2**20 if device == "cuda" else None


def resident_mb() -> float:
    """Most megabytes of the machine's memory that this process held since it began."""
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak / (2**20 if sys.platform == "darwin" else 2**10)  # bytes there, KiB here


def quantizer(block: dict) -> dict[str, str]:
    """The library that keeps a block's weights in 4 bits, with its version: it rounds, so it is part of the result. None: empty.

    Raises:
        UserError: it is not installed.
    """
    if block["quantization"] == "none":
        return {}
    try:
        return {"bitsandbytes": metadata.version("bitsandbytes")}
    except metadata.PackageNotFoundError as error:
        where, what = f"quantization: {block['quantization']}", "the package bitsandbytes is not installed"
        raise UserError(where, what, "pip install bitsandbytes (Linux, Windows), or write none") from error


def nf4(dtype: Any) -> Any:
    """transformers' configuration of 4-bit weights."""
    from transformers import BitsAndBytesConfig

    return BitsAndBytesConfig(
        load_in_4bit=True,
        bnb_4bit_quant_type="nf4",
        bnb_4bit_compute_dtype=dtype,
        bnb_4bit_use_double_quant=True,
    )
