"""What a session costs, base against each arm."""

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from scripts.report.style import COLOURS, MARKERS, QUIET, arm_legend, handle, headline, panels, row_name


def effort(summary: pd.DataFrame) -> Figure:
    """Steps and tokens a session takes, base against each arm: over all tasks, and where both arms resolve the task."""
    tested = summary[summary["tasks"] > 0]
    figure, [axes] = panels(1, 2, 8.6, 1.7 + 0.38 * max(len(tested), 1), sharey=True)
    labels = {"steps": "executed actions per session", "tokens": "tokens per session, sent and produced"}
    for axis, (measure, label) in zip(axes, labels.items(), strict=True):
        for level, (_, row) in enumerate(tested.iterrows()):
            _dumbbell(axis, level, row, measure)
        axis.set_xlabel(label)
        axis.set_xlim(0, 1.1 * tested[[measure, f"{measure}_base"]].max().max() if len(tested) else 1)
        axis.grid(axis="y", visible=False)
    axes[0].set_yticks(range(len(tested)), [row_name(row, summary) for _, row in tested.iterrows()])
    axes[0].set_ylim(max(len(tested), 1) - 0.4, -0.6)
    handles, names = arm_legend(tested, filled=True)
    hollow = handle("skill", False)
    figure.legend(
        [*handles, hollow], [*names, "hollow: tasks that both resolve"], loc="outside lower center", ncols=5
    )
    headline(
        figure,
        _fewer(tested),
        "Means over test tasks. Fewer steps over all tasks can also mean giving up early.",
    )
    return figure


def _dumbbell(axes: Axes, level: float, row: pd.Series, measure: str) -> None:
    """Base to arm over all tasks (filled), and below it over the tasks both resolve (hollow)."""
    for suffix, shift, filled in (("", -0.1, True), ("_both", 0.22, False)):
        base, arm = row[f"{measure}_base{suffix}"], row[f"{measure}{suffix}"]
        if pd.isna(base):
            continue
        axes.plot([base, arm], [level + shift] * 2, color="#bbbbbb", linewidth=2 if filled else 1, zorder=1)
        for value, name in ((base, "base"), (arm, row["arm"])):
            face = COLOURS[name] if filled else "white"
            size = 6.5 if filled else 4.5
            axes.plot(
                value,
                level + shift,
                MARKERS[name],
                color=COLOURS[name],
                markerfacecolor=face,
                markersize=size,
            )
    if row["tasks_both_resolve"]:
        end = max(row[f"{measure}_base_both"], row[f"{measure}_both"])
        said = f"n = {row['tasks_both_resolve']:.0f}"
        axes.annotate(
            said,
            (end, level + 0.22),
            xytext=(6, 0),
            textcoords="offset points",
            va="center",
            fontsize=7.5,
            color=QUIET,
        )


def _fewer(tested: pd.DataFrame) -> str:
    fewer = (tested["steps"] < tested["steps_base"]).sum()
    return f"Sessions take fewer steps than base's in {fewer} of {len(tested)} arms"
