#!/usr/bin/env -S python3 -S -E
"""The commands of the `tools` scaffold, run inside the sandbox: search, view, edit, submit.

Standard library only, and any Python from 3.5 on, because it runs on the interpreter of the task. Each command is this
file under another name. Return code 0 is success; a failed command says on one line what to do instead.
"""

import ast
import io
import json
import os
import re
import sys

SUBMITTED = "COMPLETE_TASK_AND_SUBMIT_FINAL_OUTPUT"
SEPARATOR = "======="
FENCE_REMOVED = "(fence removed)"
SETTINGS = {"view_lines": 40, "fuzzy_edit": False, "strip_fences": False, "forgiving": False}
SKIPPED = {".git", "__pycache__", ".pytest_cache", "node_modules"}


class Refused(Exception):
    """What the agent asked for cannot be done; the text says what can."""


def read_lines(path):
    """Lines of a text file with their line ends, as they are in the file."""
    if not os.path.isfile(path):
        raise Refused("no file {}".format(path))
    with open(path, encoding="utf-8", errors="surrogateescape", newline="") as file:
        return list(file)


def numbered(lines, start, end):
    """Lines start to end (1-based, inclusive), each with its number."""
    return "".join("{} {}\n".format(n, lines[n - 1].rstrip("\r\n")) for n in range(start, end + 1))


def search(args, body):
    """search WORD [PATH]: where a name is defined, or else the lines that hold the text; at most ten places."""
    if not 1 <= len(args) <= 2:
        raise Refused("usage: search WORD [PATH]")
    top = args[1] if len(args) == 2 else "."
    found = list(occurrences(args[0], top))
    if not found and SETTINGS["forgiving"]:
        found = list(occurrences(known_start(args[0], top), top))
    named = [hit for hit in found if defines(hit[2], args[0])]
    shown = ["{}:{}".format(path, number) for path, number, _ in named]
    shown = shown or ["{}:{}: {}".format(path, number, line.strip()) for path, number, line in found]
    more = ["{} more places".format(len(shown) - 10)] if len(shown) > 10 else []
    if not shown:
        raise Refused("nothing found for {}".format(args[0]))
    return "\n".join(shown[:10] + more) + "\n"


DEFINITION = re.compile(r"\s*(?:async\s+)?(?:def|class)\s+(\w+)")


def defines(line, word):
    """Whether a line defines the word, or (forgiving) a name that the word only continues."""
    name = DEFINITION.match(line)
    return bool(name) and (
        name.group(1) == word or (SETTINGS["forgiving"] and word.startswith(name.group(1) + "_"))
    )


def known_start(word, top):
    """`def ` and the longest defined name that a word continues, so that a name with a tail is found all the same."""
    lines = [line for _, _, line in occurrences("def ", top) if defines(line, word)]
    return max((DEFINITION.match(line).group(0).strip() for line in lines), key=len, default=word)


def occurrences(text, top):
    """(path, line number, line) of every line of a Python file under `top` that holds the text."""
    if not os.path.exists(top):
        raise Refused("no path {}".format(top))
    for path in [top] if os.path.isfile(top) else python_files(top):
        for number, line in enumerate(read_lines(path), 1):
            if text in line:
                yield path, number, line


def python_files(top):
    """Paths of the Python files below a folder, sorted, without version control and caches."""
    for folder, folders, files in os.walk(top):
        folders[:] = sorted(set(folders) - SKIPPED)
        for name in sorted(files):
            path = os.path.normpath(os.path.join(folder, name))
            if name.endswith(".py") and os.path.isfile(path):
                yield path


def view(args, body):
    """view FILE [START [END]]: numbered lines. Without END, the block that begins at START; always at most view_lines."""
    if not 1 <= len(args) <= 3:
        raise Refused("usage: view FILE START END")
    lines = read_lines(file_named(args[0]))
    start = line_number(args[1], lines) if len(args) > 1 else 1
    end = whole_number(args[2]) if len(args) > 2 else block_end(lines, start) if len(args) > 1 else len(lines)
    end = min(end, len(lines), start + SETTINGS["view_lines"] - 1)
    if end < start:
        raise Refused("no lines {} to {}; the file has {}".format(start, args[-1], len(lines)))
    return numbered(lines, start, end)


def block_end(lines, start):
    """Last line of the block that begins at a line: as long as lines are indented deeper, blank ones at the end left out."""
    end = start
    for number in range(start + 1, len(lines) + 1):
        line = lines[number - 1]
        if line.strip():
            if indentation(line) <= indentation(lines[start - 1]):
                break
            end = number
    return end


def indentation(line):
    """Leading white space, in characters."""
    return len(line) - len(line.lstrip())


def whole_number(text):
    """A line number as written."""
    if not text.isdigit():
        raise Refused("{} is not a line number".format(text))
    return int(text)


def file_named(path):
    """The path, or (forgiving) the only file of that name where the folder is wrong."""
    if not os.path.exists(path) and SETTINGS["forgiving"]:
        same = [other for other in python_files(".") if os.path.basename(other) == os.path.basename(path)]
        return same[0] if len(same) == 1 else path
    return path


def line_number(text, lines):
    """A line number that the file has."""
    number = whole_number(text)
    if not 1 <= number <= len(lines):
        raise Refused("no line {}; the file has {}".format(number, len(lines)))
    return number


def edit(args, body):
    """edit FILE START [END], new lines below: replace those lines; edit FILE, old ======= new: replace those lines."""
    if not 1 <= len(args) <= 3:
        raise Refused("usage: edit FILE LINE, then the new line")
    path = file_named(args[0])
    lines = read_lines(path)
    wanted = unfenced([line.rstrip("\r\n") for line in io.StringIO(body, newline="")])
    if len(args) == 1:
        start, end, new = by_text(lines, wanted)
    else:
        start = line_number(args[1], lines)
        end = line_number(args[2], lines) if len(args) == 3 else start
        new = wanted
    if end < start:
        raise Refused("line {} comes before line {}".format(end, start))
    return replace(path, lines, start, end, new)


def by_text(lines, wanted):
    """(start, end, new) of an edit by its old lines, which must stand in the file exactly once, whole."""
    if SEPARATOR not in wanted:
        raise Refused("write the old lines, a line {}, and the new lines".format(SEPARATOR))
    middle = wanted.index(SEPARATOR)
    old, new = wanted[:middle], wanted[middle + 1 :]
    for same in [str] + ([str.strip] if SETTINGS["fuzzy_edit"] else []):
        places = matches([line.rstrip("\r\n") for line in lines], old, same)
        if len(places) == 1:
            return places[0] + 1, places[0] + len(old), new
        if len(places) > 1:
            raise Refused("the old lines stand at {} places; give more of them".format(len(places)))
    raise Refused("the old lines are not in the file; view it again")


def matches(lines, old, same):
    """Positions at which all the old lines stand, compared line by line through `same`."""
    wanted = [same(line) for line in old]
    have = [same(line) for line in lines]
    return [
        at for at in range(len(have) - len(wanted) + 1) if wanted and have[at : at + len(wanted)] == wanted
    ]


def replace(path, lines, start, end, new):
    """Put new lines in place of lines start to end and touch no other byte."""
    if SETTINGS["fuzzy_edit"]:
        new = reindented(new, lines[start - 1].rstrip("\r\n"))
    last = lines[end - 1]
    ending = last[len(last.rstrip("\r\n")) :]
    usual = ending or ("\r\n" if lines[0].endswith("\r\n") else "\n")
    fresh = [line + usual for line in new]
    if fresh and end == len(lines):
        fresh[-1] = new[-1] + ending
    if fresh == lines[start - 1 : end]:
        raise Refused("that is what stands there already; nothing was changed")
    changed = lines[: start - 1] + fresh + lines[end:]
    with open(path, "w", encoding="utf-8", errors="surrogateescape", newline="") as file:
        file.write("".join(changed))
    return "replaced from line {}\n".format(start) + syntax(path, changed)


def reindented(new, old):
    """The new lines moved as a block to the indentation of the first line that they replace."""
    if not new or not new[0].strip():
        return new
    have = indentation(new[0])
    want = old[: indentation(old)]
    return [want + line[have:] if line.strip() and not line[:have].strip() else line for line in new]


def unfenced(lines):
    """The lines without a Markdown fence around all of them (a count goes to standard error)."""
    if (
        SETTINGS["strip_fences"]
        and len(lines) >= 2
        and lines[0].startswith("```")
        and lines[-1].strip() == "```"
    ):
        sys.stderr.write(FENCE_REMOVED + "\n")
        return lines[1:-1]
    return lines


def syntax(path, lines):
    """A warning where a Python file does not parse any more."""
    if path.endswith(".py"):
        try:
            ast.parse("".join(lines).encode("utf-8", "surrogateescape"))
        except SyntaxError as error:
            return "syntax error at line {}\n".format(error.lineno)
        except ValueError:
            return "syntax error: null bytes\n"
    return ""


def submit(args, body):
    """submit: the work is done. With arguments it is a sentence, not the command."""
    if args:
        raise Refused("usage: submit")
    return SUBMITTED + "\n"


COMMANDS = {"search": search, "view": view, "edit": edit, "submit": submit}


def main():
    """Run the command whose name this file was called by, with the scaffold's settings that lie beside it."""
    beside = os.path.join(os.path.dirname(os.path.abspath(sys.argv[0])), "settings.json")
    if os.path.exists(beside):
        with open(beside) as file:
            SETTINGS.update(json.load(file))
    name = os.path.basename(sys.argv[0])
    body = io.TextIOWrapper(sys.stdin.buffer, "utf-8", "surrogateescape").read() if name == "edit" else ""
    try:
        said, code = COMMANDS[name](sys.argv[1:], body), 0
    except (Refused, OSError, UnicodeError) as problem:
        said, code = "error: {}\n".format(problem), 1
    sys.stdout.buffer.write(said.encode("utf-8", "surrogateescape"))
    sys.exit(code)


if __name__ == "__main__":
    main()
