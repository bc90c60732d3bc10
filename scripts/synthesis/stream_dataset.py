"""Rule stream_dataset: the training sets of several repositories, one after the other, as one stream of sessions.

Rule script: input datasets; output dataset; params sizes, the training tasks of each part.
"""

from collections import Counter
from collections.abc import Sequence
from itertools import accumulate
from typing import Any

from scripts.files import read_jsonl, sha256_of, write_jsonl
from scripts.jobs import job

COUNTS = ("sessions", "examples", "actions_in", "actions_out", "turns_too_long", "answers")


def strung(parts: Sequence[list[dict]], sizes: Sequence[int]) -> list[dict]:
    """Header and examples of the stream: a part's positions count on from where the part before ends.

    sizes: positions of each part, used or not.
    """
    begins = [0, *accumulate(sizes)][:-1]
    rows = [
        {**row, "position": row["position"] + begin}
        for begin, (_, *rows) in zip(begins, parts, strict=True)
        for row in rows
    ]
    return [header([part[0] for part in parts]), *rows]


def header(headers: Sequence[dict]) -> dict:
    """The parts' counts in all, and a hash of their sources."""
    counts: Counter[str] = Counter()
    for one in headers:
        counts.update({name: one[name] for name in COUNTS})
    sources = [one["source_sha256"] for one in headers]
    return {"source_sha256": sha256_of(sources), "source": headers[0]["source"], **counts}


def main(snakemake: Any) -> None:
    """Read the rule's inputs, string them together, write its output."""
    with job(snakemake) as log:
        parts = [read_jsonl(path) for path in snakemake.input.datasets]
        rows = strung(parts, snakemake.params.sizes)
        log.info("%d examples of %d parts", len(rows) - 1, len(parts))
        write_jsonl(snakemake.output.dataset, rows)


if __name__ == "__main__":
    main(snakemake)  # noqa: F821
