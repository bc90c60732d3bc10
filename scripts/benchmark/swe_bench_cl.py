"""Rule swe_bench_cl: the benchmark SWE-Bench-CL from one of three sources, each task with its version.

The configuration's block says which: the published JSON, SWE-bench Verified (from which it is derived by the published
rule), or a data set of the hub. The published schema has no `version`, which the environments need: it comes from
SWE-bench Verified and stands in our own block, `rehearsal`.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from scripts.benchmark import published, verified
from scripts.benchmark.download import download
from scripts.benchmark.layout import benchmark
from scripts.benchmark.places import check, digest, expand, is_hub, is_url, needed
from scripts.benchmark.rows import content, digest_of_rows, from_hub
from scripts.errors import UserError, concerning
from scripts.files import atomic_write, canonical_json
from scripts.jobs import job

CORRECT = "correct `sha256` in the configuration, or take the right file"


def obtain(at: str, sha256: str | None, cache: Path) -> tuple[Any, dict]:
    """What a file, URL or data set holds, and the record of where it came from.

    Raises:
        UserError: not there, not reachable, truncated, damaged, or with another checksum than `sha256`.
    """
    place = expand(at)
    if is_hub(place):
        found = from_hub(place, cache / "datasets")
        total = check(digest_of_rows(found), sha256, f"data set {place}", CORRECT)
    else:
        path = download(place, cache / "downloads", sha256) if is_url(place) else Path(place)
        needed(at, path)
        total = check(digest(path), sha256, str(path), CORRECT) if path.is_file() else None
        found = content(path)
    return found, {"at": at, "sha256": total}


def build(source: Mapping[str, str], cache: Path) -> tuple[dict, list[dict]]:
    """The benchmark and the records of its sources, from the block `benchmarks.swe-bench-cl`."""
    found, origin = obtain(source["at"], source.get("sha256"), cache)
    origins = [origin]
    if source["from"] == "verified":
        sequences, rows = verified.derive(found, source["at"]), found
    else:
        sequences, rows = published.sequences(found, source["at"]), []
    if "verified" in source:
        rows, origin = obtain(source["verified"], source.get("verified_sha256"), cache)
        origins.append(origin)
    where = source.get("verified", source["at"])
    return benchmark(with_versions(sequences, rows, where)), origins


def with_versions(sequences: list[dict], rows: list[dict], where: str) -> list[dict]:
    """The sequences with the version of each task; without rows the one it came with, null if it had none.

    Raises:
        UserError: the rows lack a task, or have it with another base commit: they are of another data set.
    """
    if not isinstance(rows, list) or not all(isinstance(row, dict) for row in rows):
        raise UserError(where, "it is no list of rows", verified.AGAIN)
    by_name = {row.get("instance_id"): row for row in rows}
    for sequence in sequences:
        for task in sequence["tasks"]:
            own = (task.get("rehearsal") or {}).get("version")
            task["rehearsal"] = {"version": version(task["metadata"], by_name, where) if rows else own}
    return sequences


def version(metadata: dict, rows: dict[Any, dict], where: str) -> str:
    """The version in a task's row."""
    name = metadata["instance_id"]
    row = rows.get(name, {})
    if not isinstance(row.get("version"), str):
        what = "has no `version`" if row else "is not in it"
        raise UserError(where, f"the task {name} {what}", verified.AGAIN)
    if row.get("base_commit") != metadata["base_commit"]:
        what = f"the task {name} starts from {row.get('base_commit')}, in the benchmark from {metadata['base_commit']}"
        raise UserError(where, what, "take both from the same source")
    return row["version"]


def main(snakemake: Any) -> None:
    with job(snakemake) as log:
        cache = Path(snakemake.output.benchmark).parents[1]
        with concerning("benchmarks.swe-bench-cl"):
            found, origins = build(snakemake.params.source, cache)
        text = canonical_json(found) + "\n"
        atomic_write(snakemake.output.benchmark, text)
        atomic_write(snakemake.output.sources, canonical_json(origins) + "\n")
        numbers = found["metadata"]
        log.info("%d tasks of %d repositories", numbers["total_tasks"], numbers["num_sequences"])


if __name__ == "__main__":
    main(snakemake)  # noqa: F821
