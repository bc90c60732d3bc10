"""Figures about the adapters: how the loss fell, and what each checkpoint kept of each session."""

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from scripts.report.style import QUIET, headline, panels

Tables = Mapping[tuple[str, str, str, str], pd.DataFrame]  # by repo, model, recipe, split
LINES = ("-", "--", "-.", ":", (0, (5, 1, 1, 1, 1, 1)))
COLOURS = ("#0072B2", "#E69F00", "#009E73", "#D55E00", "#CC79A7", "#56B4E9")


def loss(tables: Tables) -> Figure:
    """Training loss of the full checkpoint over optimiser steps; a panel a recipe, a line a split."""
    recipes = list(dict.fromkeys(key[:3] for key in tables))
    figure, axes = panels(1, max(len(recipes), 1), 1.4 + 3.1 * max(len(recipes), 1), 3.6, sharey=True)
    for axis, recipe in zip(axes[0], recipes, strict=False):
        chosen = {key[3]: table for key, table in tables.items() if key[:3] == recipe}
        _losses(axis, chosen)
        axis.set_title(_title(recipe, recipes))
    axes[0][0].set_ylabel("loss (nats per supervised token)")
    headline(
        figure,
        _fell(tables),
        "Mean loss of each optimiser step while training the full checkpoint, one line a split.",
    )
    return figure


def retention(tables: Tables) -> Figure:
    """Retention at each checkpoint (row) of each training session (column); a panel a recipe and split."""
    recipes = list(dict.fromkeys(key[:3] for key in tables))
    splits = sorted({key[3] for key in tables})
    rows, columns = max(len(splits), 1), max(len(recipes), 1)
    figure, axes = panels(rows, columns, 1.6 + 3.6 * columns, 1.5 + 0.82 * rows, sharex=True)
    image = None
    for row, split in enumerate(splits):
        for column, recipe in enumerate(recipes):
            axis = axes[row][column]
            image = heat(axis, tables.get((*recipe, split))) or image
            axis.set_title(f"{_title(recipe, recipes)}, split {split}")
    for axis in axes[-1]:
        axis.set_xlabel("training session, by position in the training half")
    if image is not None:
        figure.colorbar(
            image, ax=[axis for line in axes for axis in line], label="retention (%)", shrink=0.8, pad=0.02
        )
    headline(
        figure,
        _kept(tables),
        "Share of right argument tokens in the held-out turns of each training session; grey: not measured.",
    )
    return figure


def _losses(axes: Axes, by_split: Mapping[str, pd.DataFrame]) -> None:
    for number, (split, table) in enumerate(sorted(by_split.items())):
        style = {"color": COLOURS[number % len(COLOURS)], "linestyle": LINES[number % len(LINES)]}
        if len(table):
            axes.plot(table["step"], table["loss"], linewidth=1.3, label=f"split {split}", **style)
    if any(len(table) for table in by_split.values()):
        axes.legend(loc="upper right")
    else:
        _nothing(axes, "not trained")
    axes.set_xlabel("optimiser step")
    axes.set_ylim(bottom=0)


def heat(axes: Axes, table: pd.DataFrame | None, rows: Sequence[int] = ()) -> object | None:
    """The matrix of one recipe and split; None, and a word, where nothing was measured.

    rows: checkpoints to show, measured or not, where panels share their rows; else those of the table.
    """
    axes.grid(visible=False)
    if table is None or table["retention"].dropna().empty:
        _nothing(axes, "not trained", own_ticks=not rows)
        return None
    matrix = table.pivot_table(
        index="checkpoint", columns="origin_position", values="retention", dropna=False
    )
    matrix = matrix.reindex(index=rows or None, columns=range(1, int(matrix.columns.max()) + 1))
    axes.set_facecolor("#d9d9d9")
    image = axes.imshow(100 * matrix, aspect="auto", cmap="cividis", vmin=0, vmax=100, interpolation="none")
    axes.set_yticks(range(len(matrix)), [f"after {int(point)}" for point in matrix.index])
    marks = [mark for mark in range(1, matrix.shape[1] + 1) if mark == 1 or mark % 5 == 0]
    axes.set_xticks([mark - 1 for mark in marks], [str(mark) for mark in marks])
    return image


def _nothing(axes: Axes, word: str, own_ticks: bool = True) -> None:
    axes.text(0.5, 0.5, word, transform=axes.transAxes, ha="center", va="center", color=QUIET, style="italic")
    axes.spines[:].set_visible(False)
    if own_ticks:
        axes.set_yticks([])
        axes.tick_params(bottom=False)


def _title(recipe: tuple[str, str, str], recipes: list[tuple[str, str, str]]) -> str:
    several = len({key[:2] for key in recipes}) > 1
    return f"{recipe[2]} · {recipe[0]}, {recipe[1]}" if several else recipe[2]


def _fell(tables: Tables) -> str:
    ends = [table["loss"].iloc[[0, -1]].tolist() for table in tables.values() if len(table)]
    if not ends:
        return "No adapter was trained"
    first, last = np.mean(ends, axis=0)
    return f"The loss falls from {first:.2f} to {last:.2f} on average over {len(ends)} trainings"


def _kept(tables: Tables) -> str:
    last = [table[table["checkpoint"] == table["checkpoint"].max()]["retention"] for table in tables.values()]
    values = pd.concat(last).dropna() if last else pd.Series(dtype=float)
    if values.empty:
        return "Retention was not measured"
    return f"After the last session {100 * values.mean():.0f} % of held-out argument tokens are right"
