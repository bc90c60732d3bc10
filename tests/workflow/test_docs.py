"""The commands that the documents print can be given as they stand."""

import re
import subprocess

import pytest

from tests.workflow.conftest import ROOT

PAGES = [*ROOT.glob("*.md"), *(ROOT / "docs").glob("*.md")]
BARE = re.compile(r"(?<![\w/])snakemake [^`\n]*(?:results|studies)/")
ELSEWHERE = re.compile(r" --(?:workflow-profile|directory) \S+")  # where it would run: not what it would do


def commands() -> list[str]:
    """Arguments of every call of Snakemake on a line of its own, without what the shell does with the output."""
    calls = [re.findall(r"^\.venv/bin/snakemake (.+)$", page.read_text(), re.M) for page in PAGES]
    return sorted({re.split(r" [#>]", call)[0].strip() for found in calls for call in found})


@pytest.mark.parametrize("command", commands())
def test_what_is_printed_can_be_built(snakemake, command):
    command = command.replace("studies/mine.yaml", "studies/smoke.yaml")
    words = ELSEWHERE.sub("", f" {command}").replace("studies/", f"{ROOT}/studies/")
    shell = subprocess.run(
        ["bash", "-c", f"printf '%s\\n' {words}"], capture_output=True, text=True, check=True
    )
    done = snakemake("-n", *shell.stdout.split())
    assert done.returncode == 0, done.stderr


def test_snakemake_is_called_where_make_puts_it():
    texts = [*PAGES, ROOT / "config.yaml", *(ROOT / "studies").glob("*.yaml")]
    assert {text.name: found for text in texts if (found := BARE.findall(text.read_text()))} == {}


def test_the_search_for_bare_calls_fires():
    assert BARE.search("give `snakemake --cores 1 results/x`") and BARE.search("# snakemake -n studies/a")
    assert not BARE.search(".venv/bin/snakemake -n results/x") and not BARE.search(
        "`snakemake -n` of results/x"
    )


def test_the_cluster_profile_is_named_with_what_it_needs():
    named = [
        page
        for page in [*PAGES, *(ROOT / "studies").glob("*.yaml")]
        if "--workflow-profile" in page.read_text()
    ]
    assert named and all("requirements-slurm.txt" in page.read_text() for page in named)
