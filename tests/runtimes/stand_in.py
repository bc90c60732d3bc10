"""A small image in the layout of the benchmark's, made of this machine's own programs: engines can be tried without a registry."""

import shutil
import subprocess
from pathlib import Path

PROGRAMS = ("bash", "cat", "env", "grep", "head", "id", "ls", "setsid", "sleep", "tail", "tar", "touch")
# conda's script does as much to PATH; what else it does needs conda
ACTIVATE = "PATH=/opt/miniconda3/envs/$1/bin:$PATH\n"


def root(folder: Path) -> Path:
    """Fill a folder with the programs, the libraries they load, `activate`, and a compiled file in /testbed."""
    for name in PROGRAMS:
        program = Path(shutil.which(name) or f"/bin/{name}")
        for file in (program, *libraries(program)):
            place = folder / "bin" / name if file == program else folder / file.relative_to("/")
            place.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(file, place)
    (folder / "bin/sh").symlink_to("bash")
    for name in ("etc", "tmp", "testbed/kit", "testbed/.git", "opt/miniconda3/bin"):
        (folder / name).mkdir(parents=True)
    (folder / "opt/miniconda3/bin/activate").write_text(ACTIVATE)
    (folder / "testbed/kit/fast.so").write_text("compiled")
    (folder / "testbed/.git/HEAD").write_text("the image's own history")
    return folder


def libraries(program: Path) -> list[Path]:
    """The shared libraries that a program loads, its loader among them."""
    lines = subprocess.check_output(["ldd", program], text=True).splitlines()
    words = (line.split("=>")[-1].split() for line in lines)
    return [Path(found[0]) for found in words if found and found[0].startswith("/")]
