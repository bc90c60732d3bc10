"""Which part of a target under results/ is unknown, and which names exist."""

import re
from collections.abc import Iterable, Iterator, Sequence

from scripts.errors import UserError
from scripts.workflow.config import nearest
from scripts.workflow.plan import ARMS, checkpoints, training_size

Outputs = Sequence[tuple[str, str]]


def anything_but(patterns: Iterable[str]) -> str:
    """A regular expression for what no pattern makes below results/, so that the fallback never competes with a rule.

    Args:
        patterns: regular expressions of outputs; named groups become plain ones, since a name may stand only once.
    """
    plain = (re.sub(r"\(\?P=\w+\)", ".+", pattern) for pattern in patterns)
    plain = (re.sub(r"\(\?P<\w+>", "(?:", pattern) for pattern in plain)
    below = sorted({pattern.removeprefix("results/") for pattern in plain if pattern.startswith("results/")})
    return f"(?!{'|'.join(below)}).+"


def unknown_part(path: str, config: dict, outputs: Outputs) -> UserError:
    """The first unknown part of a path below results/ that no rule makes, with the names that exist.

    Args:
        path: as in {repo}/{model}/{split}/{recipe}/{arm}/runs.csv.
        outputs: of each file that a rule makes its path with wildcards, and the regular expression of what these may be.
    """
    path = path.rstrip("/")
    parts, target = path.split("/"), f"results/{path}"
    if path == "report.html":
        return UserError(target, "no rule makes it: Snakemake writes it from finished results", "make report")
    passed = list(zip(parts, levels(parts, config), strict=False))
    for part, (kind, known) in passed:
        is_file = part == parts[-1] and "." in part and kind != "split file"
        if part not in known and not is_file:
            return UserError(target, f"unknown {kind} {part!r}", nearest(part, known))
    inside = names_in(target, outputs) if "." not in parts[-1] else []
    if inside or (len(passed) == len(parts) and parts[-1] in passed[-1][1][1]):
        files = ", ".join(inside) or "docs/architecture.md says where files are"
        return UserError(target, "it is a folder", f"name a file in it: {files}")
    there = names_in("/".join(["results", *parts[:-1]]), outputs)
    return UserError(target, f"no rule makes {parts[-1]!r} there", nearest(parts[-1], there))


def names_in(folder: str, outputs: Outputs) -> list[str]:
    """Names of the files that rules make in a folder, those aside that hold a wildcard."""
    named = ((path.rsplit("/", 1)[-1], pattern) for path, pattern in outputs)
    plain = ((name, pattern) for name, pattern in named if not set("{}") & set(name))
    return sorted({name for name, pattern in plain if re.match(pattern, f"{folder}/{name}")})


def levels(parts: Sequence[str], config: dict) -> Iterator[tuple[str, list[str]]]:
    """What may stand at each place of a path below results/: (kind, names)."""
    repos, phases, splits = list(config["repos"]), list(config["phases"]), list(config["splits"])
    if parts[0].startswith("phase"):
        yield "phase", phases
        return
    if parts[0] == "experiments":
        yield "folder", ["experiments"]
        yield "experiment", list(config.get("experiments", {}))
        return
    repos += config.get("streams", {})
    yield "repo", repos
    if parts[1:2] == ["splits"]:
        yield "folder", ["splits"]
        yield "split file", [f"{split}.json" for split in splits]
        return
    yield "model", list(config["models"])
    yield "split", [*splits, "base", "expert", "habits", "imported"]
    if parts[2] in splits:
        yield "recipe", list(config["recipes"])
        yield "arm", [*ARMS, "adapters"]
        if parts[4:5] == ["adapters"]:
            count = training_size(config, parts[0], parts[2])
            yield "checkpoint", [str(n) for n in checkpoints(count, config["consolidation"])]
