"""Rule experiment_figures: what the configurations of an experiment kept, lost and cost.

Rule script: input summary, curves, matrices (retention_matrix.csv of every chain); params experiment, statistics; output matrix, comparison,
each SVG or PNG by its ending.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from scripts.jobs import job
from scripts.measures.tables import read_table
from scripts.report.style import headline, panels, save
from scripts.report.training import heat
from scripts.workflow.experiments import by_recipe

NUMBERS = (
    *("retention", "retention_low", "retention_high", "retention_base"),
    *("forgetting", "forgetting_low", "forgetting_high"),
)
COLOURS = {"reference": "#009E73", "baseline": "#D55E00", "control": "#999999", "candidate": "#0072B2"}
ACROSS = 4


def matrix(tables: Mapping[str, pd.DataFrame]) -> Figure:
    """Retention of each origin session (column) after each consolidation (row), a panel a configuration, seeds averaged."""
    across = min(ACROSS, max(len(tables), 1))
    down = -(-max(len(tables), 1) // across)
    figure, axes = panels(down, across, 1.2 + 3.1 * across, 1.4 + 1.5 * down, sharex=True, sharey=True)
    flat = [axis for line in axes for axis in line]
    points = sorted({int(point) for table in tables.values() for point in table["checkpoint"]})
    image = None
    for axis, (config, table) in zip(flat, tables.items(), strict=False):
        image = heat(axis, table, points) or image
        axis.set_title(config)
    for axis in flat[len(tables) :]:
        axis.set_visible(False)
    for axis in axes[-1]:
        axis.set_xlabel("training session")
    if image is not None:
        figure.colorbar(image, ax=flat, label="retention (%)", shrink=0.8, pad=0.02)
    detail = "Share of right argument tokens in the held-out replies of each session; grey: not learned yet."
    headline(figure, "What each adapter still knows of each session", detail)
    return figure


def comparison(summary: pd.DataFrame, curves: pd.DataFrame, confidence: float) -> Figure:
    """Retention and forgetting of every configuration with intervals, and what each consolidation read."""
    figure, axes = panels(1, 3, 12.5, 1.9 + 0.27 * len(summary), width_ratios=[1, 1, 1.1])
    intervals(axes[0][0], summary, "retention", "retention at the end (%)")
    floor(axes[0][0], summary)
    intervals(axes[0][1], summary, "forgetting", "forgetting (points of retention)")
    axes[0][1].set_yticklabels([])
    axes[0][1].axvline(0, color="#999999", linewidth=0.8)
    costs(axes[0][2], summary, curves)
    detail = (
        f"Means over sessions with {100 * confidence:.0f} % bootstrap intervals; dotted: the base without training; "
        "right: tokens each consolidation read."
    )
    headline(figure, losses(summary), detail)
    return figure


def intervals(axes: Axes, summary: pd.DataFrame, measure: str, label: str) -> None:
    """A dot and an interval a configuration, in the order of the table."""
    for place, row in enumerate(summary.to_dict("records")):
        style = {"color": COLOURS[row["role"]], "marker": "o", "capsize": 2, "linestyle": ""}
        value = 100 * row[measure]
        reach = [[value - 100 * row[f"{measure}_low"]], [100 * row[f"{measure}_high"] - value]]
        axes.errorbar([value], [place], xerr=reach, **style)
    axes.set_yticks(range(len(summary)), list(summary["config"]))
    axes.invert_yaxis()
    axes.set_xlabel(label)


def floor(axes: Axes, summary: pd.DataFrame) -> None:
    """What the base retains without any training: retention does not begin at 0."""
    for base in summary["retention_base"].dropna().unique():
        axes.axvline(100 * base, color="#555555", linewidth=1.2, linestyle=":")


def costs(axes: Axes, summary: pd.DataFrame, curves: pd.DataFrame) -> None:
    """Tokens per consolidation over the sessions so far."""
    rows = curves[curves["curve"] == "tokens_of_consolidation"]
    roles = dict(zip(summary["config"], summary["role"], strict=True))
    for config, own in rows.groupby("config", sort=False):
        axes.plot(
            own["x"].astype(float), own["value"] / 1000, color=COLOURS[roles[config]], marker=".", alpha=0.8
        )
    axes.set_xticks(sorted(set(rows["x"].astype(float))))
    axes.set_xlabel("sessions so far")
    axes.set_ylabel("thousand tokens read")
    axes.set_ylim(bottom=0)
    for role in [role for role in COLOURS if role in set(roles.values())]:
        axes.plot([], [], color=COLOURS[role], label=role)
    axes.legend(loc="upper left")


def losses(summary: pd.DataFrame) -> str:
    """The headline: what naive training loses and what the reference does; the best of many candidates would flatter itself."""
    known = summary.dropna(subset="forgetting").set_index("role")["forgetting"]
    naive, upper = (
        [100 * value for value in known[known.index == role]] for role in ("baseline", "reference")
    )
    if not naive:
        return "Naive training has no result"
    said = f"Naive training forgets {naive[0]:.1f} points of retention"
    return f"{said}, the reference {upper[0]:.1f}" if upper else said


def read_matrices(paths: list[str], experiment: Mapping[str, Any]) -> dict[str, pd.DataFrame]:
    """By configuration its matrix; seeds are averaged by the heat map. Only the first repository and model are shown."""
    known = by_recipe(experiment)
    found: dict[str, list[pd.DataFrame]] = {}
    for path in paths:
        _, repo, model, _, recipe, _ = Path(path).parts[-6:]
        if (repo, model) == (experiment["repos"][0], experiment["models"][0]):
            table = read_table(path, ("checkpoint", "origin_position", "retention"))
            found.setdefault(known[recipe].config, []).append(table)
    return {config: pd.concat(tables) for config, tables in found.items()}


def main(snakemake: Any) -> None:
    """Read the rule's inputs, draw, write its outputs."""
    with job(snakemake):
        given, experiment = snakemake.input, snakemake.params.experiment
        summary = read_table(given.summary, NUMBERS)
        first = (summary["repo"] == experiment["repos"][0]) & (summary["model"] == experiment["models"][0])
        chosen = summary[first & (summary["status"] == "trained")]
        curves = read_table(given.curves, ("value",))
        curves = curves[
            (curves["repo"] == experiment["repos"][0]) & (curves["model"] == experiment["models"][0])
        ]
        save(matrix(read_matrices(list(given.matrices), experiment)), snakemake.output.matrix)
        confidence = snakemake.params.statistics["confidence"]
        save(comparison(chosen, curves, confidence), snakemake.output.comparison)


if __name__ == "__main__":
    main(snakemake)  # noqa: F821
