"""The configuration, checked before the DAG is built: every fault with its file, line, key, value and remedy."""

import difflib
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

import yaml
from jsonschema import Draft202012Validator
from jsonschema.exceptions import ValidationError, best_match

from scripts.errors import UserError
from scripts.workflow.experiments import made, variants
from scripts.workflow.references import Fault, reference_faults

Keys = Sequence[str | int]


def faults(config: dict, files: Sequence[Path], schema: dict, scaffolds: Iterable[str]) -> list[UserError]:
    """Everything wrong with a merged configuration; names are only looked up where the shapes are right.

    Args:
        files: the files it was merged from, the last one winning; they are asked for the line of each fault.
        schema: JSON Schema whose descriptions complete the sentence "write ...".
        scaffolds: names a model's scaffold may have.
    """
    found = [fault(error) for error in Draft202012Validator(schema).iter_errors(config)]
    found = found or list(reference_faults(config, set(scaffolds)))
    found = found or list(grid_faults(config, schema))
    return list(
        {str(error): error for error in (UserError(place(f[0], files), *f[1:]) for f in found)}.values()
    )


def grid_faults(config: dict, schema: dict) -> Iterator[Fault]:
    """Faults of the recipes that the grids of experiments name: a value that the recipe's key may not have."""
    validator = Draft202012Validator({"$ref": "#/$defs/recipe", "$defs": schema["$defs"]})
    for name, experiment in config.get("experiments", {}).items():
        for variant in variants(experiment):
            for error in validator.iter_errors(made(config["recipes"][variant.parent], variant)):
                keys, what, fix = fault(error)
                yield ["experiments", name, "recipes", variant.parent, ".".join(map(str, keys))], what, fix


def broken(file: Path) -> UserError | None:
    """Why a file is no YAML mapping with distinct keys, or None."""
    fix = "mend that line; indent with spaces, and put text with a colon or a brace in quotes"
    try:
        root = yaml.compose(file.read_text(), yaml.SafeLoader)
    except FileNotFoundError:
        return UserError(str(file), "there is no such file", "name a file of studies/")
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        mark = getattr(error, "problem_mark", None)
        where = f"{file}, line {mark.line + 1}" if mark else str(file)
        return UserError(where, f"not YAML ({getattr(error, 'problem', None) or error})", fix)
    if not isinstance(root, yaml.MappingNode):
        return UserError(str(file), "not a mapping of keys to values", "see config.yaml for what it may hold")
    return twice(root, file)


def twice(node: yaml.Node, file: Path) -> UserError | None:
    """The first key that a mapping has twice, of which YAML would silently take the last."""
    seen: set[str] = set()
    children = [value for _, value in node.value] if isinstance(node, yaml.MappingNode) else []
    for key, _ in node.value if children else []:
        if key.value in seen:
            line = key.start_mark.line + 1
            return UserError(f"{file}, line {line}", f"{key.value!r} is there twice", "keep one of the two")
        seen.add(key.value)
    return next(filter(None, (twice(child, file) for child in children)), None)


def fault(error: ValidationError) -> Fault:
    """A JSON Schema error as (keys, what is wrong, what to do)."""
    keys, schema = list(error.absolute_path), error.schema
    if error.validator == "additionalProperties":
        return unknown_key(error)
    if error.validator == "required":
        missing = ", ".join(key for key in error.validator_value if key not in error.instance)
        return keys, f"missing: {missing}", "add it; config.yaml has every key with a comment"
    if error.validator == "propertyNames" or "propertyNames" in error.absolute_schema_path:
        return [*keys, error.instance], f"{error.instance!r} is no name", f"write {schema['description']}"
    if error.context:
        schema = {**schema, "enum": (best_match(error.context).schema or {}).get("enum", [])}
    names = f": {', '.join(map(str, schema['enum']))}" if schema.get("enum") else ""
    what = f"{error.instance!r} does not fit" if error.instance is not None else "there is no value"
    return keys, what, f"write {schema.get('description', error.message)}{names}"


def unknown_key(error: ValidationError) -> Fault:
    known = list(error.schema["properties"])
    key = next(key for key in error.instance if key not in known)
    return [*error.absolute_path, key], "unknown key", nearest(str(key), known)


def nearest(name: str, known: Sequence[str]) -> str:
    """The likeliest of the known names, and all of them."""
    close = difflib.get_close_matches(name, known, n=1)
    there = f"use one of {', '.join(known) or 'none'}"
    return f"did you mean {close[0]!r}? Else {there}" if close else there


def place(keys: Keys, files: Sequence[Path]) -> str:
    """File, line and dotted key of a fault; the last file that holds the key is the one that counts."""
    spots = [(*depth_and_line(keys, file), file) for file in reversed(files)]
    depth, line, file = max(spots, key=lambda spot: spot[0])
    dotted = ".".join(map(str, keys))
    return f"{file}, line {line}, {dotted}" if depth else f"{file}{', ' if dotted else ''}{dotted}"


def depth_and_line(keys: Keys, file: Path) -> tuple[int, int]:
    """How many of the keys a file holds, and the line of the last of them."""
    node, depth, line = yaml.compose(file.read_text(), yaml.SafeLoader), 0, 1
    for key in keys:
        if isinstance(node, yaml.SequenceNode) and isinstance(key, int):
            node = node.value[key]
            at = node
        elif isinstance(node, yaml.MappingNode):
            at, node = next(((k, v) for k, v in node.value if k.value == str(key)), (None, None))
        else:
            at = None
        if at is None:
            break
        depth, line = depth + 1, at.start_mark.line + 1
    return depth, line
