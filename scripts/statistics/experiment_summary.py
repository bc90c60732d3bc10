"""What a registered experiment of training strategies found: a row per configuration, its curves, and the registered criteria.

Rule script: input matrices (retention_matrix.csv), bases (retention_base.csv, one a repository, model and seed), cards;
params experiment (its block of the configuration), statistics; output summary, curves, levels, verdict. Nothing here is measured in
seconds: equal inputs, equal bytes.
"""

import json
from collections.abc import Mapping, Sequence
from itertools import groupby
from pathlib import Path
from typing import Any

from scripts.files import atomic_write
from scripts.jobs import job
from scripts.measures import metrics
from scripts.measures.tables import read_table, to_csv
from scripts.statistics import experiment_columns, experiment_curves, experiment_rows, registered
from scripts.statistics.chains import Kept, averaged
from scripts.statistics.comparisons import Settings
from scripts.statistics.pairs import by_checkpoint
from scripts.statistics.phase_summary import rounded
from scripts.workflow.experiments import by_recipe, chains, references

NUMBERS = ("checkpoint", "origin_position", "pairs", "retention", "token_accuracy", "exact_action", "nll")


def gathered(experiment: Mapping[str, Any], matrices: Sequence[str], cards: Sequence[str]) -> list[Kept]:
    """The chains of an experiment with their files, in the order of the plan."""
    known = by_recipe(experiment)
    found = []
    for chain, matrix in zip(chains(experiment), matrices, strict=True):
        own = [card for card in cards if card.startswith(f"{chain.folder}/")]
        ordered = sorted(own, key=lambda card: int(Path(card).parent.name))
        contents = [json.loads(Path(card).read_text()) for card in ordered]
        found.append(
            Kept(chain.repo, chain.model, known[chain.recipe], contents, read_table(matrix, NUMBERS))
        )
    return found


def known_before(experiment: Mapping[str, Any], bases: Sequence[str]) -> list[float | None]:
    """Mean retention of the base over the sessions, for each repository and model; None where none has a held-out turn.

    A seed has held-out turns of its own, so that a session is averaged over them first, as in the chains.
    """
    asked = zip(references(experiment), bases, strict=True)
    found = []
    for _, place in groupby(asked, key=lambda one: (one[0].repo, one[0].model)):
        tables = [by_checkpoint(read_table(base, NUMBERS), "retention").get(0, {}) for _, base in place]
        found.append(metrics.mean(averaged(tables).values()))
    return found


def places(kept: Sequence[Kept]) -> list[list[list[Kept]]]:
    """By repository and model, the chains of each configuration (which differ in their seeds)."""
    return [
        [list(group) for _, group in groupby(place, key=lambda chain: chain.variant.config)]
        for _, place in groupby(kept, key=lambda chain: (chain.repo, chain.model))
    ]


def main(snakemake: Any) -> None:
    """Read the rule's inputs, compare, write its outputs."""
    with job(snakemake) as log:
        name, block = snakemake.wildcards.experiment, dict(snakemake.params.experiment)
        settings, output = Settings(**snakemake.params.statistics), snakemake.output
        kept = gathered(block, snakemake.input.matrices, snakemake.input.cards)
        bases = known_before(block, snakemake.input.bases)
        rows, curves, levels, found = [], [], [], []
        for place, base in zip(places(kept), bases, strict=True):
            own = experiment_rows.above_base(experiment_rows.rows(place, block, settings), base)
            rows += own
            curves += experiment_curves.curves(place, own, settings)
            levels += experiment_curves.levels(place, block, settings)
            found.append(registered.verdict(place, own, block, settings))
        atomic_write(output.summary, to_csv(rows, experiment_columns.columns(block)))
        atomic_write(output.curves, to_csv(curves, experiment_curves.COLUMNS))
        atomic_write(output.levels, to_csv(levels, experiment_curves.LEVEL_COLUMNS))
        content = {"experiment": name, "title": block["title"], "places": found}
        atomic_write(output.verdict, json.dumps(rounded(content), indent=1, ensure_ascii=False) + "\n")
        for place in found:
            for sentence in place["sentences"]:
                log.info(sentence)


if __name__ == "__main__":
    main(snakemake)  # noqa: F821
