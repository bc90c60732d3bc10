"""A phase's results as a page that reads without a glossary.

Rule script: input summary, splits, verdict, audits; output table, an HTML file that needs nothing beside it.
"""

from collections.abc import Callable, Mapping, Sequence
from html import escape
from pathlib import Path
from typing import Any

import pandas as pd

from scripts.files import atomic_write, read_json
from scripts.jobs import job
from scripts.report import audit
from scripts.report.figures import read
from scripts.report.style import unique

Cell = Callable[[pd.Series], str]
STYLE = """
body { font: 15px/1.5 system-ui, sans-serif; color: #1a1a1a; margin: 2rem auto; max-width: 78rem; padding: 0 1rem; }
h2 { margin: 2.2rem 0 .4rem; font-size: 1.15rem; }
div { overflow-x: auto; }
table { border-collapse: collapse; font-variant-numeric: tabular-nums; font-size: 14px; }
th { text-align: right; vertical-align: bottom; border-bottom: 2px solid #444; padding: .3rem .7rem; font-weight: 600; }
td { text-align: right; border-bottom: 1px solid #e0e0e0; padding: .3rem .7rem; white-space: nowrap; }
th.name, td.name { text-align: left; }
p, li { max-width: 62rem; }
.note { color: #555; font-size: 14px; }
.yes { color: #00694d; } .no { color: #a33b00; }
"""
NOTES = (
    "Rates and gains count every task once, averaged over its runs and the splits that test it. "
    "p is the sign-flip permutation test on per-task mean differences, two-sided; after Holm's adjustment over the rows it "
    "decides. Brackets are intervals. "
    "“–” means not measured, never zero. Fresh: no other task concerns the same function; recurring: another one does, so "
    "that a gain there may be memory. Steps and tokens say something about efficiency only where the resolve rate does not fall."
)


def page(
    summary: pd.DataFrame,
    splits: pd.DataFrame,
    verdict: dict[str, Any],
    audits: Mapping[str, pd.DataFrame] | None = None,
) -> str:
    """The HTML text: what it says in sentences, then the numbers over all splits, per split, by stratum; the tasks last."""
    title = f"Results of {verdict['phase']}"
    sentences = "".join(f"<li>{escape(row['sentence'])}</li>" for row in verdict["rows"])
    controls = "".join(
        f"<li>{_mark(row['holds'])} {escape(row['sentence'])}</li>" for row in verdict["controls"]
    )
    parts = [
        f"<h1>{escape(title)}</h1>",
        f"<h2>What it says</h2><ul>{sentences}</ul>",
        f"<h2>Can it be believed?</h2><ul>{controls}</ul>",
        f"<h2>Each arm against base</h2>{table(summary, [*_names(summary), *OVERALL])}",
        f"<h2>Gain on each split, in points</h2>{table(summary, [*_names(summary), *_split_columns(splits)])}",
        f"<h2>By kind of task</h2>{table(summary, [*_names(summary), *_strata()])}",
        f"<h2>Effort per session</h2>{table(summary, [*_names(summary), *EFFORT])}",
        f'<p class="note">{escape(NOTES)}</p>',
        audit.section(audits or {}),
    ]
    head = f'<meta charset="utf-8"><title>{escape(title)}</title><style>{STYLE}</style>'
    return f'<!doctype html><html lang="en"><head>{head}</head><body>{"".join(parts)}</body></html>\n'


def table(rows: pd.DataFrame, columns: Sequence[tuple[str, Cell]]) -> str:
    """An HTML table of headings and what each writes for a row; the first columns name the row."""
    kinds = ["name" if heading in NAMES else "" for heading, _ in columns]
    head = "".join(
        f'<th class="{kind}">{escape(heading)}</th>'
        for kind, (heading, _) in zip(kinds, columns, strict=True)
    )
    body = "".join(
        "<tr>"
        + "".join(
            f'<td class="{kind}">{escape(cell(row))}</td>'
            for kind, (_, cell) in zip(kinds, columns, strict=True)
        )
        + "</tr>"
        for _, row in rows.iterrows()
    )
    return f"<div><table><tr>{head}</tr>{body}</table></div>"


def _text(name: str) -> Cell:
    return lambda row: row[name] or "–"


def _number(name: str, pattern: str = "{:.0f}", scale: float = 1) -> Cell:
    return lambda row: "–" if pd.isna(row[name]) else pattern.format(scale * row[name]).replace("-", "−")


def _rate(name: str, low: str, high: str, pattern: str = "{:.1f}") -> Cell:
    parts = [_number(column, pattern, 100) for column in (name, low, high)]
    return lambda row: "–" if pd.isna(row[name]) else "{} [{}, {}]".format(*(part(row) for part in parts))


def _arm_rate(suffix: str, stratum: str = "") -> Cell:
    name = f"resolve_rate{suffix}"
    return _rate(f"{name}{stratum}", f"{name}_low{stratum}", f"{name}_high{stratum}")


def _gain(stratum: str = "") -> Cell:
    return _rate(f"effect{stratum}", f"ci_low{stratum}", f"ci_high{stratum}", "{:+.1f}")


def _positive(row: pd.Series) -> str:
    return "–" if pd.isna(row["positive_splits"]) else f"{row['positive_splits']:.0f} of {row['splits']:.0f}"


NAMES = ("Repository", "Model", "Recipe", "Arm", "Seeds' rule", "Not trained")
OVERALL = (
    ("Tasks", _number("tasks")),
    ("Base resolves, %", _arm_rate("_base")),
    ("Arm resolves, %", _arm_rate("")),
    ("Gain, points", _gain()),
    ("p", _number("p_permutation", "{:.2g}")),
    ("p after Holm", _number("p_holm", "{:.2g}")),
    ("Splits with a gain", _positive),
    ("Seeds' rule", _text("reading")),
    ("Smallest gain it could find, points", _number("minimum_detectable_effect", "{:.0f}", 100)),
    ("Forgetting, points", _number("forgetting_mean", "{:.1f}", 100)),
    ("Adapters trained", lambda row: row["trained"] or "–"),
    ("Missing pairs", _number("missing_pairs")),
    ("Not trained", _text("reason")),
)
EFFORT = (
    ("Steps, base", _number("steps_base", "{:.1f}")),
    ("Steps, arm", _number("steps", "{:.1f}")),
    ("Tokens, base", _number("tokens_base", "{:,.0f}")),
    ("Tokens, arm", _number("tokens", "{:,.0f}")),
    ("Successful actions, base, %", _number("tool_efficiency_calls_base", "{:.0f}", 100)),
    ("Successful actions, arm, %", _number("tool_efficiency_calls", "{:.0f}", 100)),
    ("Tasks both resolve", _number("tasks_both_resolve")),
    ("Steps there, base", _number("steps_base_both", "{:.1f}")),
    ("Steps there, arm", _number("steps_both", "{:.1f}")),
)


def _names(summary: pd.DataFrame) -> list[tuple[str, Cell]]:
    names = [("Recipe", _text("recipe")), ("Arm", _text("arm"))]
    several = len(unique(summary, ["repo", "model"])) > 1
    return [("Repository", _text("repo")), ("Model", _text("model")), *names] if several else names


def _split_columns(splits: pd.DataFrame) -> list[tuple[str, Cell]]:
    shares = splits.groupby("split")["post_dating_share"].max()
    notes = {
        name: "" if pd.isna(share) else "past only" if share == 0 else f"{100 * share:.0f} % later"
        for name, share in shares.items()
    }
    return [
        (f"{name} ({note})", _number(f"forward_transfer_{name}", "{:+.1f}", 100))
        for name, note in notes.items()
    ]


def _strata() -> list[tuple[str, Cell]]:
    columns = []
    for stratum in ("fresh", "recurring"):
        columns += [
            (f"Tasks, {stratum}", _number(f"tasks_{stratum}")),
            (f"Base resolves, {stratum}, %", _arm_rate("_base", f"_{stratum}")),
            (f"Arm resolves, {stratum}, %", _arm_rate("", f"_{stratum}")),
            (f"Gain, {stratum}, points", _gain(f"_{stratum}")),
            (f"p, {stratum}", _number(f"p_permutation_{stratum}", "{:.2g}")),
        ]
    return columns


def _mark(holds: bool | None) -> str:
    return {True: '<b class="yes">✓</b>', False: '<b class="no">✗</b>', None: "<b>–</b>"}[holds]


def main(snakemake: Any) -> None:
    with job(snakemake):
        files = snakemake.input
        verdict = read_json(files.verdict)
        audits = {Path(file).parent.name: audit.read(file) for file in files.audits}
        atomic_write(snakemake.output.table, page(read(files.summary), read(files.splits), verdict, audits))


if __name__ == "__main__":
    main(snakemake)  # noqa: F821
