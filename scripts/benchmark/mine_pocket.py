"""Rule mine_pocket: the embedded benchmark, and the commits its tasks start from, out of `pocket`."""

from pathlib import Path
from typing import Any

from scripts.benchmark.arrange import arrange
from scripts.benchmark.mine import benchmark, mine, records, trees, with_dependencies
from scripts.benchmark.repository import write_bundle
from scripts.benchmark.suite import run_tests, subjects
from scripts.errors import UserError
from scripts.files import atomic_write, canonical_json
from scripts.jobs import job

REPO = "pocket/pocket"


def package_files(root: Path) -> dict[str, str]:
    """The package as path -> text, without caches."""
    paths = (
        path for path in sorted(root.rglob("*")) if path.is_file() and path.suffix in (".py", ".md", ".toml")
    )
    return {str(path.relative_to(root)): path.read_text() for path in paths}


def build(root: Path, bundle: Path, seed: int) -> dict:
    """Write the bundle of base commits, return the benchmark; UserError if a test fails without a bug."""
    found = subjects(root)
    for subject in found:
        if broken := [test for test, passed in run_tests(subject, subject.text).items() if not passed]:
            raise UserError(str(root / subject.test_path), f"{broken[0]} fails without any bug", "mend it")
    order = arrange(mine(found), seed)
    chosen = {f"pocket__pocket-{number:03}": bug for number, bug in enumerate(order, 1)}
    commits = write_bundle(trees(chosen, package_files(root)), bundle)
    return benchmark("pocket", REPO, with_dependencies(records(REPO, chosen, commits)))


def main(snakemake: Any) -> None:
    with job(snakemake) as log:
        root = Path(snakemake.params.package)
        found = build(root, Path(snakemake.output.bundle), snakemake.params.seed)
        atomic_write(snakemake.output.benchmark, canonical_json(found) + "\n")
        log.info("%d tasks mined from %s", found["metadata"]["total_tasks"], root)


if __name__ == "__main__":
    main(snakemake)  # noqa: F821
