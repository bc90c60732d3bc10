"""Figures and table from a simulated study: drawn without error, equal for equal data, honest about what is missing."""

import json
import re
from pathlib import Path
from types import SimpleNamespace
from xml.etree import ElementTree

import matplotlib.pyplot as plt
import pytest

from scripts.files import atomic_write
from scripts.measures.tables import to_csv
from scripts.report import arms, figures, table
from scripts.statistics import readings
from scripts.statistics.phase_summary import summarise
from scripts.statistics.rows import SPLIT_COLUMNS, summary_columns
from tests.statistics.simulate import SETTINGS, draw, plan, write_study

FIGURES = ("resolve_rate", "forward_transfer", "effort", "loss", "retention")
SOURCES = {"expert-replay": "expert", "full-replay": "own"}


def write(arms_of_study: dict) -> dict:
    """A simulated study's tables in the current folder; returns its verdict."""
    base, _ = draw(40, 0.1, 0.0, 0)
    phase = write_study(40, base, arms_of_study)
    summary, splits, _ = summarise(plan(phase), SETTINGS)
    Path("summary.csv").write_text(to_csv(summary, summary_columns("ABCDE")))
    Path("splits.csv").write_text(to_csv(splits, SPLIT_COLUMNS))
    for card in Path("results").rglob("card.json"):
        steps = [{"step": step, "loss": 2 / step} for step in range(1, 6)]
        atomic_write(
            card.with_name("loss.csv"), to_csv(steps if "D" not in card.parts else [], ("step", "loss"))
        )
    return readings.verdict("phase2", phase["splits"], summary, SOURCES, SETTINGS)


def drawn(folder: str) -> dict[str, bytes]:
    """Run the rule; returns the figures' bytes."""
    inputs = {"losses": sorted(map(str, Path("results").rglob("20/loss.csv")))}
    inputs |= {"retention": sorted(map(str, Path("results").rglob("retention.csv")))}
    Path(folder).mkdir()
    files = SimpleNamespace(summary="summary.csv", splits="splits.csv", **inputs)
    output = {name: f"{folder}/{name}.svg" for name in FIGURES}
    figures.main(SimpleNamespace(input=files, output=output, log=[f"{folder}/log"], rule="figures"))
    return {name: Path(path).read_bytes() for name, path in output.items()}


def study() -> dict:
    """Two recipes, one of them without data on split D, and an arm on split A alone."""
    _, gained = draw(40, 0.1, 0.3, 1)
    _, null = draw(40, 0.1, 0.0, 2)
    return {
        ("full-replay", "skill"): null | {"D": "no usable trajectory"},
        ("expert-replay", "knowledge"): {"A": null["A"]},
        ("expert-replay", "skill"): gained,
    }


def words(figure: plt.Figure) -> str:
    figure.canvas.draw()
    return "\n".join(text.get_text() for text in figure.findobj(plt.Text))


def test_figures_are_whole_undated_and_equal_for_equal_data(tmp_path, monkeypatch) -> None:
    monkeypatch.chdir(tmp_path)
    write(study())
    first = drawn("one")
    assert first == drawn("two")
    for name, content in first.items():
        assert ElementTree.fromstring(content).tag.endswith("svg"), name
        assert b"<dc:date>" not in content


def test_figures_say_sizes_and_what_was_not_trained(tmp_path, monkeypatch) -> None:
    monkeypatch.chdir(tmp_path)
    write(study())
    summary, splits = figures.read("summary.csv"), figures.read("splits.csv")
    rates, transfer = words(arms.resolve_rate(summary, splits)), words(arms.forward_transfer(summary, splits))
    assert "n = 20" in rates and "no result" in rates
    assert "not trained: no usable trajectory" in transfer and "all tasks (n = 40)" in transfer
    assert "split A (n = 20)" in transfer and "p = " in transfer
    plt.close("all")


def test_a_study_without_any_result_is_drawn_as_such(tmp_path, monkeypatch) -> None:
    monkeypatch.chdir(tmp_path)
    write({("full-replay", "skill"): dict.fromkeys("AD", "no usable trajectory")})
    for path in Path("results").rglob("loss.csv"):
        path.write_text("step,loss\n")
    assert len(drawn("one")) == 5
    summary, splits = figures.read("summary.csv"), figures.read("splits.csv")
    assert "No arm has a result" in words(arms.resolve_rate(summary, splits))
    plt.close("all")


def test_the_table_has_plain_headings_sentences_and_no_false_zero(tmp_path, monkeypatch) -> None:
    monkeypatch.chdir(tmp_path)
    verdict = write(study())
    html = table.page(figures.read("summary.csv"), figures.read("splits.csv"), verdict)
    for part in (
        "Gain, points",
        "Seeds&#x27; rule",
        "A (past only)",
        "Can it be believed?",
        "full-replay, skill",
        '<td class="">–</td>',
    ):
        assert part in html
    assert "nan" not in html.replace("tenant", "") and "_" not in html.split("</style>")[1]


AUDIT = """task,position,created_at,difficulty,version,leak_share,leaked_lines,holds_fix,shared_files,depends_on,later_A
kit-1,1,2024-01-01T00:00:00+00:00,<15 min fix,,0.75,"a, <b>",1,,,
kit-2,2,2024-01-02T00:00:00+00:00,1-4 hours,,,,0,m.py,kit-1,0
"""


def test_the_page_ends_with_the_audit_of_the_tasks(tmp_path, monkeypatch) -> None:
    monkeypatch.chdir(tmp_path)
    atomic_write("verdict.json", json.dumps(write(study())))
    atomic_write("kit/audit.csv", AUDIT)
    files = SimpleNamespace(
        summary="summary.csv", splits="splits.csv", verdict="verdict.json", audits=["kit/audit.csv"]
    )
    output = SimpleNamespace(table="table.html")
    table.main(SimpleNamespace(input=files, output=output, log=["log"], rule="table"))
    html = Path("table.html").read_text()
    ElementTree.fromstring(re.sub(r"<!doctype html>|<meta[^>]*>", "", html))
    assert (
        "kit: of 2 tasks 1 have an issue text that holds the fix (kit-1), 1 one with at least a line" in html
    )
    assert '<td class="name">&lt;15 min fix</td><td>75</td><td>0</td><td>0</td><td>–</td>' in html
    assert '<td class="name">1-4 hours</td><td>–</td><td>1</td><td>1</td><td>0</td>' in html


@pytest.mark.parametrize("share, said", [(0.125, "+12.5"), (-0.05, "−5.0")])
def test_points_have_a_sign(share: float, said: str) -> None:
    assert arms.points(share) == said
