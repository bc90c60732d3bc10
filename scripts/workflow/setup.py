"""What the Snakefile does before its first rule: set the jobs' environment, refuse a faulty configuration."""

import os
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import yaml
from snakemake.utils import update_config

from scripts.errors import UserError
from scripts.workflow.config import Keys, broken, faults, place

WORKDIR = "REHEARSAL_WORKDIR"  # carried by every job: the folder it works for


def environment(home: str) -> None:
    """Variables of every job: where our modules are, whose job it is (see orphans.py), and quiet libraries."""
    others = os.environ.get("PYTHONPATH", "").split(os.pathsep)
    os.environ["PYTHONPATH"] = os.pathsep.join([home, *(path for path in others if path and path != home)])
    os.environ[WORKDIR] = os.getcwd()
    os.environ["MSWEA_GLOBAL_CONFIG_DIR"] = os.path.abspath("results/cache/mini-swe-agent")
    os.environ |= {"MSWEA_SILENT_STARTUP": "1", "HF_HUB_DISABLE_TELEMETRY": "1", "TQDM_DISABLE": "1"}
    os.environ["TOKENIZERS_PARALLELISM"] = "false"
    os.environ["PYTHONWARNINGS"] = (
        "ignore::FutureWarning:transformers.modeling_utils"  # peft asks in the old way
    )
    os.environ.pop("PYTHONDONTWRITEBYTECODE", None)  # compile our modules once, not in every job


def check_yaml(*files: Path) -> None:
    """Leave with file, line and remedy when a file is no YAML: Snakemake would not say where."""
    refuse([error for file in files if (error := broken(file))])


def check_config(config: dict, paths: Sequence[Path], home: Path) -> None:
    """Leave with every fault of a configuration that was merged from these files."""
    schema = yaml.safe_load((home / "resources/schemas/config.schema.yaml").read_text())
    scaffolds = [path.stem for path in (home / "resources/scaffolds").glob("*.yaml")]
    check_yaml(*paths)
    refuse(faults(config, paths, schema, scaffolds))


def checked(keys: Keys, files: Sequence[Path], check: Callable, *arguments: Any) -> Any:
    """What a check of one key returns; leave where it finds a fault, naming the key's file and line."""
    try:
        return check(*arguments)
    except UserError as error:
        refuse([UserError(place(keys, files), error.what, error.fix)])


def refuse(errors: Sequence[object]) -> None:
    """Print errors, one a line, and leave; a Snakefile that raises would bury them in a traceback."""
    if errors:
        sys.exit("\n".join(f"error: {error}" for error in errors))


def main(files: Sequence[Path], home: Path) -> None:
    """Check files as Snakemake would merge them, the later ones over the earlier."""
    check_yaml(*files)
    config: dict = {}
    for file in files:
        update_config(config, yaml.safe_load(file.read_text()))
    check_config(config, files, home)
    print(f"{' + '.join(map(str, files))}: every key fits")


if __name__ == "__main__":
    main([Path(file) for file in sys.argv[1:]], Path(__file__).parents[2])
