"""Figures that compare the arms with base: resolve rates and forward transfer."""

from collections.abc import Sequence

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from scripts.report.style import (
    COLOURS,
    MARKERS,
    QUIET,
    arm_legend,
    headline,
    panels,
    row_name,
    unique,
    where,
)

GROUP = ["repo", "model", "recipe", "arm"]


def resolve_rate(summary: pd.DataFrame, splits: pd.DataFrame) -> Figure:
    """Resolve rate of each arm on each split's test tasks with its interval; a panel a recipe, a row a repo and model."""
    places, recipes = unique(splits, ["repo", "model"]), unique(splits, ["recipe"])
    width = max(1.0 + len(recipes) * (1.3 + 0.42 * splits["split"].nunique()), 6.5)
    figure, axes = panels(len(places), len(recipes), width, 1.2 + 2.5 * len(places), sharey=True)
    for row, (repo, model) in enumerate(places):
        for column, (recipe,) in enumerate(recipes):
            _rates(axes[row][column], where(splits, repo=repo, model=model, recipe=recipe))
            axes[row][column].set_title(recipe if len(places) == 1 else f"{recipe} · {repo}, {model}")
        axes[row][0].set_ylabel("test tasks resolved (%)")
    top = splits[["resolve_rate_high", "resolve_rate_base_high"]].max().max()
    axes[0][0].set_ylim(-2, 104 * top if top > 0 else 100)
    figure.legend(*arm_legend(splits), loc="outside lower center", ncols=4)
    headline(
        figure,
        _best(summary),
        "Share of test tasks resolved, with Wilson intervals; n: test tasks of the split.",
    )
    return figure


def forward_transfer(summary: pd.DataFrame, splits: pd.DataFrame) -> Figure:
    """Gain over base of every recipe and arm: each split with its interval, then all tasks once, with the p that decides."""
    parts = [(row, where(splits, **row[GROUP].to_dict())) for _, row in summary.iterrows()]
    lines = sum(1.6 + len(part) + (len(part) > 1) for _, part in parts)
    figure, [[axes]] = panels(1, 1, 7.6, 1.3 + 0.22 * lines)
    level, ticks = 0.0, []
    for row, part in parts:
        _group_name(axes, level, row_name(row, summary))
        for _, split in part.iterrows() if len(part) > 1 else ():
            level += 1
            ticks.append(
                (level, f"{split['split']} (n = {split['tasks']:.0f})" if split["tasks"] else split["split"])
            )
            _split_line(axes, level, split)
        level += 1
        name = "all tasks" if len(part) > 1 else f"split {part['split'].iloc[0]}"
        ticks.append((level, f"{name} (n = {row['tasks']:.0f})"))
        _whole_line(axes, level, row)
        level += 1.6
    axes.axvline(0, color="black", linewidth=0.8)
    axes.set_yticks(*zip(*ticks, strict=True))
    axes.set_ylim(level - 0.8, -0.8)
    axes.set_xlim(*_room(splits))
    axes.grid(axis="y", visible=False)
    axes.set_xlabel("gain in resolve rate over base (points)")
    detail = "Intervals are bootstrapped over tasks; p is the permutation test's, after Holm. All tasks: each once, averaged over its splits."
    headline(figure, _gain(summary), detail)
    return figure


def _rates(axes: Axes, rows: pd.DataFrame) -> None:
    """Within each split base and the arms that were run on it, side by side."""
    names = sorted(rows["split"].unique())
    for place, name in enumerate(names):
        tested = rows[(rows["split"] == name) & (rows["tasks"] > 0)]
        if tested.empty:
            axes.text(
                place,
                0,
                "no result",
                rotation=90,
                ha="center",
                va="bottom",
                fontsize=8,
                color=QUIET,
                style="italic",
            )
        shown = [("base", row, "_base") for _, row in tested.head(1).iterrows()]
        shown += [(row["arm"], row, "") for _, row in tested.iterrows()]
        for offset, (arm, row, suffix) in zip(_dodge(len(shown)), shown, strict=True):
            _point(
                axes,
                place + offset,
                [100 * row[f"resolve_rate{suffix}{end}"] for end in ("", "_low", "_high")],
                arm,
            )
    sizes = rows.groupby("split")["tasks"].max()
    axes.set_xticks(
        range(len(names)), [f"{name}\nn = {sizes[name]:.0f}" if sizes[name] else name for name in names]
    )
    axes.set_xlim(-0.6, len(names) - 0.4)
    axes.grid(axis="x", visible=False)


def _point(axes: Axes, x: float, values: Sequence[float], arm: str) -> None:
    middle, low, high = values
    colour = COLOURS[arm]
    axes.plot([x, x], [low, high], color=colour, linewidth=1.3, solid_capstyle="butt")
    face = "white" if arm == "base" else colour
    axes.plot(
        x, middle, MARKERS[arm], color=colour, markerfacecolor=face, markersize=5.5, markeredgewidth=1.3
    )


def _group_name(axes: Axes, level: float, name: str) -> None:
    axes.text(
        -0.01, level, name, transform=axes.get_yaxis_transform(), ha="right", va="center", weight="bold"
    )


def _split_line(axes: Axes, level: float, row: pd.Series) -> None:
    if not row["tasks"]:
        axes.text(0, level, f" {row['reason']}", va="center", fontsize=8, color=QUIET, style="italic")
        return
    colour, marker = COLOURS[row["arm"]], MARKERS[row["arm"]]
    axes.plot([100 * row["ci_low"], 100 * row["ci_high"]], [level] * 2, color=colour, linewidth=1, alpha=0.7)
    axes.plot(
        100 * row["forward_transfer"], level, marker, color=colour, markerfacecolor="white", markersize=4.5
    )


def _whole_line(axes: Axes, level: float, row: pd.Series) -> None:
    if not row["tasks"]:
        axes.text(0, level, " no result", va="center", fontsize=8, color=QUIET, style="italic")
        return
    colour, high = COLOURS[row["arm"]], 100 * row["ci_high"]
    axes.plot([100 * row["ci_low"], high], [level] * 2, color=colour, linewidth=2.4)
    axes.plot(100 * row["effect"], level, MARKERS[row["arm"]], color=colour, markersize=7)
    said = f"{points(row['effect'])}, p = {row['p_holm']:.2g}"
    axes.annotate(said, (high, level), xytext=(6, 0), textcoords="offset points", va="center", fontsize=8.5)


def _room(splits: pd.DataFrame) -> tuple[float, float]:
    """Limits in points with room for the words at the right."""
    low, high = 100 * splits["ci_low"].min(), 100 * splits["ci_high"].max()
    if pd.isna(low):
        return -10, 50
    low, high = min(low, 0), max(high, 0)
    return low - 0.05 * (high - low), high + 0.28 * (high - low)


def _dodge(count: int) -> np.ndarray:
    return (np.arange(count) - (count - 1) / 2) * 0.22


def _largest(summary: pd.DataFrame) -> pd.Series | None:
    tested = summary[summary["tasks"] > 0]
    return None if tested.empty else tested.loc[tested["effect"].idxmax()]


def _best(summary: pd.DataFrame) -> str:
    row = _largest(summary)
    if row is None:
        return "No arm has a result"
    return f"{_short(row)} resolves {100 * row['resolve_rate']:.0f} % of tasks, base {100 * row['resolve_rate_base']:.0f} %"


def _gain(summary: pd.DataFrame) -> str:
    row = _largest(summary)
    if row is None:
        return "No arm has a result"
    splits = (
        f", positive in {row['positive_splits']:.0f} of {row['splits']:.0f} splits"
        if row["splits"] > 1
        else ""
    )
    return f"{_short(row)}: {points(row['effect'])} points, p = {row['p_holm']:.2g}{splits}"


def points(share: float) -> str:
    return f"{100 * share:+.1f}".replace("-", "−")


def _short(row: pd.Series) -> str:
    return f"{row['recipe']} ({row['arm']})"
