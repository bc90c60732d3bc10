"""One look for all figures, and SVG files that are equal where the data are.

Colours are Okabe and Ito's, told apart by every common form of colour blindness; shape says the same again.
"""

import io
from pathlib import Path

import matplotlib

matplotlib.use("Agg")

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from scripts.files import atomic_write

ARMS = ("base", "knowledge", "skill", "both")
COLOURS = {"base": "#6b6b6b", "knowledge": "#E69F00", "skill": "#0072B2", "both": "#009E73"}
MARKERS = {"base": "o", "knowledge": "s", "skill": "D", "both": "^"}
QUIET = "#6b6b6b"
STYLE = {
    **{
        "font.size": 9,
        "axes.titlesize": 9.5,
        "axes.labelsize": 9,
        "xtick.labelsize": 8.5,
        "ytick.labelsize": 8.5,
    },
    **{
        "axes.spines.top": False,
        "axes.spines.right": False,
        "axes.titlelocation": "left",
        "axes.titlepad": 8,
    },
    **{"axes.grid": True, "grid.color": "#e3e3e3", "grid.linewidth": 0.6, "axes.axisbelow": True},
    **{"legend.frameon": False, "legend.fontsize": 8.5, "figure.dpi": 150, "svg.hashsalt": "rehearsal"},
}
NARROWEST = 8.2  # inches: what the longest headline needs
SAVED = {"Date": None, "Creator": "rehearsal"}


def panels(
    rows: int, columns: int, width: float, height: float, **options: object
) -> tuple[Figure, list[list[Axes]]]:
    """A figure of rows x columns axes in the house style; sizes in inches, never narrower than a headline."""
    plt.rcParams.update(STYLE)
    size = (max(width, NARROWEST), height)
    figure, axes = plt.subplots(rows, columns, figsize=size, squeeze=False, layout="constrained", **options)
    return figure, axes.tolist()


def headline(figure: Figure, said: str, detail: str) -> None:
    """What is seen, in bold, above what was measured."""
    height = figure.get_figheight()
    figure.get_layout_engine().set(rect=(0, 0, 1, 1 - 0.55 / height))
    figure.text(0.012, 1 - 0.08 / height, said, ha="left", va="top", fontsize=11, fontweight="bold")
    figure.text(0.012, 1 - 0.32 / height, detail, ha="left", va="top", fontsize=8.5, color="#444444")


def save(figure: Figure, path: str) -> None:
    """Write SVG or PNG by the path's ending, without a date or a random id in it."""
    buffer = io.BytesIO()
    kind = Path(path).suffix[1:]
    figure.savefig(buffer, format=kind, metadata=SAVED if kind == "svg" else None)
    plt.close(figure)
    atomic_write(path, buffer.getvalue())


def handle(arm: str, filled: bool) -> Line2D:
    """A legend's mark of an arm."""
    face = COLOURS[arm] if filled else "white"
    return Line2D([], [], marker=MARKERS[arm], linestyle="", color=COLOURS[arm], markerfacecolor=face)


def arm_legend(rows: pd.DataFrame, filled: bool = False) -> tuple[list[Line2D], list[str]]:
    """Marks and names of base and of the arms in a table."""
    present = [arm for arm in ARMS if arm == "base" or arm in set(rows["arm"])]
    return [handle(arm, filled or arm != "base") for arm in present], present


def row_name(row: pd.Series, summary: pd.DataFrame) -> str:
    """Recipe and arm, and repo and model where a phase has several."""
    place = f"\n{row['repo']}, {row['model']}" if len(unique(summary, ["repo", "model"])) > 1 else ""
    return f"{row['recipe']}, {row['arm']}{place}"


def unique(table: pd.DataFrame, names: list[str]) -> list[tuple]:
    """Distinct values of some columns, in the order of the table."""
    return list(table[names].drop_duplicates().itertuples(index=False, name=None))


def where(table: pd.DataFrame, **values: str) -> pd.DataFrame:
    """The rows with these values."""
    return table[np.logical_and.reduce([table[name] == value for name, value in values.items()])]
