"""Put the rule graph that Snakemake prints (mermaid) into a page, between its marks."""

import re
import sys
from pathlib import Path

from scripts.errors import UserError
from scripts.files import atomic_write

START, END = "<!-- rulegraph: made by `make rulegraph` -->", "<!-- end of rulegraph -->"


def with_picture(page: str, graph: str) -> str:
    """The page with a new graph: its rules by their names, without Snakemake's title and colours.

    Raises:
        UserError: the page lacks the marks.
    """
    if not (page.count(START) == page.count(END) == 1):
        raise UserError(
            "README.md", "the marks of the rule graph are missing", f"add the lines {START} and {END}"
        )
    before, after = page.split(START)[0], page.split(END)[1]
    return "\n".join(
        [f"{before}{START}", "```mermaid", "flowchart TB", *arrows(graph), "```", f"{END}{after}"]
    )


def arrows(graph: str) -> list[str]:
    """The lines of a graph, sorted: Snakemake numbers the rules and orders the arrows anew each time."""
    names = dict(re.findall(r"^\s*(id\d+)\[(.+)\]$", graph, re.MULTILINE))
    pairs = re.findall(r"^\s*(id\d+) --> (id\d+)$", graph, re.MULTILINE)
    alone = names.keys() - {end for pair in pairs for end in pair}
    return sorted([f"\t{names[a]} --> {names[b]}" for a, b in pairs] + [f"\t{names[each]}" for each in alone])


def main(file: str) -> None:
    """Read a graph from standard input and put it into a file."""
    try:
        atomic_write(file, with_picture(Path(file).read_text(), sys.stdin.read()))
    except UserError as error:
        sys.exit(f"error: {error}")


if __name__ == "__main__":
    main(sys.argv[1])
