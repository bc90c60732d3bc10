"""What a phase found: one row per repo, model, recipe and arm, the splits and the tests behind it, and the verdict.

Rule script: input runs, retention, cards, splits; params phase (its block of the configuration), sources (recipe: own, expert or
permuted), statistics; output summary, splits, tests, verdict. Nothing here is measured in seconds: equal inputs, equal bytes.
"""

import json
from collections.abc import Sequence
from itertools import groupby
from pathlib import Path
from typing import Any

from scripts.files import atomic_write
from scripts.jobs import job
from scripts.measures.tables import to_csv
from scripts.statistics import comparisons, readings
from scripts.statistics.comparisons import Settings
from scripts.statistics.pairs import ADAPTER_ARMS, Entry, load
from scripts.statistics.rows import SPLIT_COLUMNS, split_row, summary_columns, summary_row
from scripts.workflow.plan import runs_of


def summarise(plan: Sequence[Entry], settings: Settings) -> tuple[list[dict], list[dict], list[dict]]:
    """Rows of summary.csv, splits.csv and tests.csv in the order of the plan."""
    summary, by_split, tests, groups = [], [], [], []
    for _, group in groupby(plan, key=lambda entry: entry.group):
        splits = [load(entry) for entry in group]
        groups.append(splits)
        rows = [split_row(split, settings) for split in splits]
        found = comparisons.comparisons(splits, settings)
        summary.append(summary_row(splits, rows, found, settings))
        by_split += rows
        tests += found
    tests = comparisons.adjust([*tests, *comparisons.crossed(groups)])
    return comparisons.with_holm(summary, tests), by_split, tests


def entries(phase: dict, cards: Sequence[str]) -> list[Entry]:
    """The comparisons a phase asks for and their files; a recipe's cards are its half and full checkpoint, or the full one."""
    found = []
    for run in runs_of(phase):
        folder = f"{run.recipe_folder}/adapters/"
        own = [card for card in cards if card.startswith(folder)] if run.arm in ADAPTER_ARMS else []
        full = max(own, key=lambda card: int(Path(card).parent.name), default=None)
        found.append(
            Entry(
                **run._asdict(),
                base=f"results/{run.repo}/{run.model}/base/runs.csv",
                runs=f"{run.folder}/runs.csv",
                split_file=f"results/{run.repo}/splits/{run.split}.json",
                retention=f"{run.recipe_folder}/retention.csv" if full else None,
                card=full,
            )
        )
    return found


def rounded(value: Any) -> Any:
    """The same JSON value with floats at six significant digits: summation order is no result."""
    if isinstance(value, dict):
        return {key: rounded(item) for key, item in value.items()}
    if isinstance(value, list):
        return [rounded(item) for item in value]
    return float(f"{value + 0.0:.6g}") if isinstance(value, float) else value


def main(snakemake: Any) -> None:
    with job(snakemake) as log:
        params, output = snakemake.params, snakemake.output
        settings = Settings(**params.statistics)
        summary, splits, tests = summarise(entries(params.phase, snakemake.input.cards), settings)
        verdict = readings.verdict(
            snakemake.wildcards.phase, params.phase["splits"], summary, params.sources, settings
        )
        columns = summary_columns(sorted({*"ABCDE", *params.phase["splits"]}))
        atomic_write(output.summary, to_csv(summary, columns))
        atomic_write(output.splits, to_csv(splits, SPLIT_COLUMNS))
        atomic_write(output.tests, to_csv(tests, comparisons.COLUMNS))
        atomic_write(output.verdict, json.dumps(rounded(verdict), indent=1, ensure_ascii=False) + "\n")
        for row in verdict["rows"]:
            log.info(row["sentence"])


if __name__ == "__main__":
    main(snakemake)  # noqa: F821
