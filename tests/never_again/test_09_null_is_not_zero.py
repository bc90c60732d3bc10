"""Fault 9: an undefined number was reported as 0 and read as a finding. Here: a result that was never measured."""

from scripts.measures.tables import to_csv
from scripts.statistics.phase_summary import summarise
from scripts.statistics.rows import SPLIT_COLUMNS, summary_columns
from tests.statistics.simulate import SETTINGS, plan, write_study

MEASURED = (
    "resolve_rate",
    "forward_transfer_mean",
    "forgetting_mean",
    "cl_f_beta",
    "effect",
    "p_permutation",
    "steps",
)


def test_a_recipe_without_data_has_empty_fields_in_every_table(tmp_path, monkeypatch) -> None:
    monkeypatch.chdir(tmp_path)
    arms = {("full-replay", "skill"): dict.fromkeys("ABCDE", "no usable trajectory")}
    phase = write_study(40, dict.fromkeys(range(1, 41), 0.0), arms)
    summary, splits, tests = summarise(plan(phase), SETTINGS)
    header, line = to_csv(summary, summary_columns("ABCDE")).splitlines()
    fields = dict(zip(header.split(","), line.split(","), strict=True))
    assert [fields[name] for name in MEASURED] == [""] * len(MEASURED)
    assert [fields[f"forward_transfer_{split}"] for split in "ABCDE"] == [""] * 5 and fields["reading"] == ""
    assert (fields["trained"], fields["missing_pairs"]) == ("0", "0") and not tests
    header, *lines = to_csv(splits, SPLIT_COLUMNS).splitlines()
    place = header.split(",").index("forward_transfer")
    assert [line.split(",")[place] for line in lines] == [""] * 5
