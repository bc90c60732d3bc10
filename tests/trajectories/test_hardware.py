"""What the machine lacks is told in words."""

import platform
import subprocess
import sys
from importlib import metadata
from pathlib import Path

import pytest

from scripts.errors import UserError
from scripts.trajectories import checkpoint, hardware
from tests.training import tiny


def test_auto_is_bfloat16_where_the_processor_has_its_products():
    """Held against what Linux says of the processor; a precision that is named stays."""
    said = Path("/proc/cpuinfo")
    if not said.exists() or platform.machine() != "x86_64":
        pytest.skip("only Linux on x86_64 names the instructions of its processor so")
    there = bool({"avx512_bf16", "amx_bf16"} & set(said.read_text().split()))
    assert hardware.settled({**tiny.MODEL, "dtype": "auto"}) == {
        **tiny.MODEL,
        "dtype": "bfloat16" if there else "float32",
    }
    assert hardware.settled({**tiny.MODEL, "dtype": "bfloat16"})["dtype"] == "bfloat16"


@pytest.mark.parametrize("device", ["cuda", "mps"])
def test_a_device_that_is_not_there_is_told_before_anything_is_loaded(device, tmp_path, monkeypatch):
    import torch

    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    monkeypatch.setattr(torch.backends.mps, "is_available", lambda: False)
    with pytest.raises(UserError, match=rf"^device: {device}: PyTorch .* finds none.*Fix: write device: cpu"):
        checkpoint.load(tmp_path, {**tiny.MODEL, "device": device}, "eager")


def test_a_quantizer_that_is_not_installed_is_named(monkeypatch):
    def missing(name):
        raise metadata.PackageNotFoundError(name)

    monkeypatch.setattr(hardware.metadata, "version", missing)
    assert hardware.quantizer(tiny.MODEL) == {}
    with pytest.raises(UserError, match=r"^quantization: nf4: the package bitsandbytes is not installed"):
        hardware.quantizer({**tiny.MODEL, "quantization": "nf4"})


@pytest.mark.parametrize("quantization", ["none", "nf4"])
def test_bitsandbytes_is_read_by_the_jobs_alone_that_keep_weights_in_4_bits(quantization):
    """peft imports it wherever it is installed: seconds of every job. In an interpreter of its own, since this one has it."""
    pytest.importorskip("bitsandbytes", reason="it is installed on Linux only")
    block = {**tiny.MODEL, "quantization": quantization}
    asked = f"""
import sys
from scripts.trajectories.hardware import settled
settled({block})
if {quantization == "none"}:
    import peft  # does without
print(sys.modules.get("bitsandbytes", "free"))
"""
    done = subprocess.run([sys.executable, "-c", asked], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == ("None" if quantization == "none" else "free")
