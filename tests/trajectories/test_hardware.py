"""What the machine lacks is told in words."""

from importlib import metadata

import pytest

from scripts.errors import UserError
from scripts.trajectories import checkpoint, hardware
from tests.training import tiny


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
