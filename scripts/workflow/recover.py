"""Make folders fit for the next run after a run was killed: no orphans, no lock. `make` calls this before it starts one."""

import subprocess
import sys
from pathlib import Path

from scripts.errors import UserError
from scripts.workflow.orphans import end_orphans


def recover(workdir: Path) -> int:
    """End the orphans of a folder and remove the lock of their Snakemake; return how many processes were ended.

    Raises:
        UserError: a Snakemake is running in the folder.
    """
    ended = end_orphans(workdir)
    if any((workdir / ".snakemake" / "locks").glob("*")):
        unlock = [
            sys.executable,
            "-m",
            "snakemake",
            "--unlock",
            "--quiet",
            "all",
            "--directory",
            str(workdir),
        ]
        subprocess.run(unlock, check=True, capture_output=True)
        print(f"{workdir.resolve()}: a run was killed here; {ended} processes ended, lock removed")
    return ended


def main(folders: list[str]) -> None:
    for folder in filter(Path.is_dir, map(Path, folders)):
        try:
            recover(folder)
        except UserError as error:
            sys.exit(f"error: {error}")


if __name__ == "__main__":
    main(sys.argv[1:])
