"""The audit of a phase's tasks as part of its page: in a line per repository, and task by task."""

from collections.abc import Mapping
from html import escape

import pandas as pd

from scripts.measures.tables import read_table

NUMBERS = ("position", "leak_share", "holds_fix")
NOTE = (
    "An issue text holds the fix when at least half of the lines that the gold patch adds stand in it (lines of 12 characters or "
    "more, and not merely moved); the tests without leaky tasks leave out every task with one such line. A task depends on "
    "earlier ones that change the same files. Later: how many items of the split's training half post-date the task."
)


def section(audits: Mapping[str, pd.DataFrame]) -> str:
    """HTML: what was found, and a folded table for each repository; `audits` has one audit.csv a repository."""
    if not audits:
        return ""
    lines = "".join(f"<li>{escape(sentence(name, rows))}</li>" for name, rows in audits.items())
    folded = "".join(tasks(name, rows) for name, rows in audits.items())
    return f'<h2>The tasks</h2><ul>{lines}</ul>{folded}<p class="note">{escape(NOTE)}</p>'


def sentence(name: str, rows: pd.DataFrame) -> str:
    """How many tasks of a repository leak or depend on others, and the names of those that hold their fix."""
    holding = list(rows.loc[rows["holds_fix"] == 1, "task"])
    leaky, dependent = (rows["leak_share"] > 0).sum(), (rows["depends_on"] != "").sum()
    names = f" ({', '.join(holding)})" if holding else ""
    return (
        f"{name}: of {len(rows)} tasks {len(holding)} have an issue text that holds the fix{names}, "
        f"{leaky} one with at least a line of it; {dependent} share a file with an earlier task."
    )


def tasks(name: str, rows: pd.DataFrame) -> str:
    """The folded table of one repository."""
    splits = [column.removeprefix("later_") for column in rows if column.startswith("later_")]
    heads = ["#", "Task", "Date", "Difficulty", "Fix in the issue, %", "Files shared", "Earlier tasks"]
    head = "".join(f'<th class="{kind(word)}">{escape(word)}</th>' for word in heads)
    head += "".join(f"<th>Later, {escape(split)}</th>" for split in splits)
    body = "".join(f"<tr>{cells(row, splits)}</tr>" for _, row in rows.iterrows())
    table = f"<div><table><tr>{head}</tr>{body}</table></div>"
    return f"<details><summary>Each task of {escape(name)}</summary>{table}</details>"


def kind(heading: str) -> str:
    return "name" if heading in ("Task", "Date", "Difficulty") else ""


def cells(row: pd.Series, splits: list[str]) -> str:
    """One task's cells; what does not apply is a dash, never zero."""
    share = "–" if pd.isna(row["leak_share"]) else f"{100 * row['leak_share']:.0f}"
    names = (row["task"], row["created_at"][:10], row["difficulty"])
    counts = (share, len(row["shared_files"].split()), len(row["depends_on"].split()))
    later = (row[f"later_{split}"] or "–" for split in splits)
    found = [f"<td>{row['position']:.0f}</td>"]
    found += [f'<td class="name">{escape(word)}</td>' for word in names]
    return "".join(found + [f"<td>{value}</td>" for value in (*counts, *later)])


def read(path: str) -> pd.DataFrame:
    """An audit.csv."""
    return read_table(path, NUMBERS)
