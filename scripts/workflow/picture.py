"""Put the rule graph that Snakemake prints (mermaid) into a page, between its marks."""

import sys
from pathlib import Path

from scripts.errors import UserError
from scripts.files import atomic_write

START, END = "<!-- rulegraph: made by `make rulegraph` -->", "<!-- end of rulegraph -->"


def with_picture(page: str, graph: str) -> str:
    """The page with a new graph; colours and title are left out, for they are Snakemake's and not ours.

    Raises:
        UserError: the page lacks the marks.
    """
    if not (page.count(START) == page.count(END) == 1):
        raise UserError(
            "README.md", "the marks of the rule graph are missing", f"add the lines {START} and {END}"
        )
    lines = graph.splitlines()
    kept = [
        line
        for line in lines[lines.index("flowchart TB") :]
        if line and not line.lstrip().startswith("style")
    ]
    before, after = page.split(START)[0], page.split(END)[1]
    return "\n".join([f"{before}{START}", "```mermaid", *kept, "```", f"{END}{after}"])


def main(file: str) -> None:
    """Read a graph from standard input and put it into a file."""
    try:
        atomic_write(file, with_picture(Path(file).read_text(), sys.stdin.read()))
    except UserError as error:
        sys.exit(f"error: {error}")


if __name__ == "__main__":
    main(sys.argv[1])
