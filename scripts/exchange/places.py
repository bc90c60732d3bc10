"""Which files a study imports, by the block `imports`: a pattern of paths for each repository."""

import glob
from collections.abc import Mapping

from scripts.benchmark.places import expand
from scripts.errors import UserError


def imported_files(imports: Mapping[str, str], repo: str) -> list[str]:
    """The files of a repository's pattern, sorted; UserError where there is no pattern, or no file fits it."""
    if repo not in imports:
        fix = f"add imports: {{{repo}: a pattern like runs/**/*.traj.json}}"
        raise UserError("config, key imports", f"it does not say where sessions of {repo} are", fix)
    found = sorted(set(glob.glob(expand(imports[repo]), recursive=True)))
    if not found:
        fix = "give a path of *.traj.json files; ** stands for any folders"
        raise UserError(f"config, key imports.{repo}", f"no file fits {imports[repo]!r}", fix)
    return found


def check_form(form: str, model: str) -> None:
    """UserError if a model's scaffold has no bash, in which imported sessions could be said."""
    if form != "fenced":
        where, what = (
            f"config, key models.{model}.scaffold",
            "imported sessions are bash commands, which it cannot say",
        )
        raise UserError(where, what, "write another block of the model with scaffold: bash")
