"""Rule mine_repository: a user's own repository, or a package of the registry, as a benchmark like the embedded one."""

import csv
import io
import logging
import tempfile
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

from scripts.benchmark.arrange import spread
from scripts.benchmark.environments import mined
from scripts.benchmark.laboratory import Laboratory, Original
from scripts.benchmark.mine import benchmark, records, trees, with_dependencies
from scripts.benchmark.mirror import mirror
from scripts.benchmark.own_candidate import Caught, caught
from scripts.benchmark.own_code import Code, read_code
from scripts.benchmark.own_suite import Suite, probe, sources, test_files
from scripts.benchmark.own_trials import Trial, draw, hunt
from scripts.benchmark.repository import write_bundle
from scripts.benchmark.runtimes import interpreters
from scripts.benchmark.runtimes.local import Local
from scripts.errors import UserError
from scripts.files import atomic_write, canonical_json
from scripts.jobs import job
from scripts.trajectories.limits import Limits

CACHE = Path("results/cache")
LEAST = 300  # candidates that the order is drawn from, so that it changes little with the number of tasks
TIMES = 3

log = logging.getLogger(__name__)


Make = Callable[[Code, dict, Path, str], Laboratory]


def laboratory(code: Code, block: dict, cache: Path, where: str) -> Laboratory:
    """The repository as it is, in an environment of its own.

    Raises:
        UserError: there is no such interpreter, or the repository or a requirement cannot be installed.
    """
    place = mirrored(code, cache)
    specs = mined([Original().id], block["python"], block["requirements"])
    instead = "set `python` to a version that is here, or leave it out"
    interpreters.find(specs["versions"]["mined"]["python"], f"{where}.python", instead)
    log.info("installing %s with %s", code.origin, ", ".join(block["requirements"]) or "nothing else")
    if failure := (runtime := Local(specs, place, cache)).failure(Original()):
        fix = "look at `requirements`, `python` and `code`; installing it by hand shows the whole output"
        raise UserError(where, failure, fix)
    return Laboratory(place, runtime, Limits(**block["limits"]))


def mirrored(code: Code, cache: Path) -> Path:
    """A bare repository that holds the files as they are."""
    with tempfile.TemporaryDirectory() as folder:
        write_bundle({Original().id: code.files}, bundle := Path(folder) / "original.bundle")
        return mirror(bundle, cache / "mirrors")


def search(
    code: Code, suite: Suite, files: list[str], place: Laboratory, block: dict, threads: int, where: str
) -> list[Caught]:
    """Fair bugs in the order in which they were tried, as many as are needed or as there are."""
    wanted = max(LEAST, TIMES * block["tasks"])
    found: list[Caught | str] = []

    def enough(done: list[Trial]) -> bool:
        found.extend(caught(trial, code, suite) for trial in done[len(found) :])
        total = sum(isinstance(each, Caught) for each in found)
        log.info("%d bugs tried, %d make fair tasks", len(done), total)
        return total >= wanted

    trials = draw(sources(code, suite, files), suite, block["seed"])
    log.info("%d bugs drawn", len(trials))
    hunt(place, trials, suite, enough, threads, where)
    for reason, number in Counter(each for each in found if isinstance(each, str)).most_common():
        log.info("%d are no tasks: %s", number, reason)
    return [each for each in found if isinstance(each, Caught)]


def build(
    name: str, block: dict, bundle: Path, threads: int, cache: Path, make: Make = laboratory
) -> tuple[dict, dict[str, str]]:
    """Write the bundle of base commits; returns the benchmark, and the tests that are not used with the reasons.

    Args:
        block: the repository's block, its limits those of the sandbox alone.
        make: makes the place where the tests run.

    Raises:
        UserError: the repository cannot be had, has no tests that pass, or they find no bug.
    """
    where, start = f"repos.{name}", time.monotonic()
    code = read_code(block["code"], cache, f"{where}.code")
    files = test_files(code, block["tests"], f"{where}.tests")
    place = make(code, block, cache, where)
    suite = probe(place, files, place.limits.cpu_seconds, f"{where}.tests")
    log.info(
        "%d tests pass, %d are not used (%.0f s)",
        len(suite.tests),
        len(suite.left_out),
        time.monotonic() - start,
    )
    order = spread(search(code, suite, files, place, block, threads, where), block["seed"])
    if not order:
        raise UserError(
            f"{where}.tests", f"the tests of {code.origin} find no bug that makes a task", "add tests"
        )
    chosen = {f"mined__{name}-{number:03}": bug for number, bug in enumerate(order, 1)}
    commits = write_bundle(trees(chosen, code.files), bundle)
    rows = with_dependencies(records(f"mined/{name}", chosen, commits))
    return benchmark(name, f"mined/{name}", rows, code.origin), suite.left_out


def as_table(left_out: dict[str, str]) -> str:
    """left_out_tests.csv: test, reason."""
    text = io.StringIO()
    csv.writer(text, lineterminator="\n").writerows([("test", "reason"), *sorted(left_out.items())])
    return text.getvalue()


def main(snakemake: Any) -> None:
    with job(snakemake):
        block, output, start = snakemake.params.block, snakemake.output, time.monotonic()
        bundle, threads = Path(output.bundle), snakemake.threads
        found, left_out = build(snakemake.wildcards.repo, block, bundle, threads, CACHE)
        for test, reason in left_out.items():
            log.warning("not used: %s: %s", test, reason)
        atomic_write(output.benchmark, canonical_json(found) + "\n")
        atomic_write(output.left_out, as_table(left_out))
        log.info("%d tasks in %.0f s", found["metadata"]["total_tasks"], time.monotonic() - start)


if __name__ == "__main__":
    main(snakemake)  # noqa: F821
