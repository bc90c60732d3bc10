"""The configuration, checked before the DAG is built: every fault with its file, line, key, value and remedy."""

import math
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

import yaml
from jsonschema import Draft202012Validator, validators
from jsonschema.exceptions import ValidationError, best_match

from scripts.errors import UserError
from scripts.workflow.experiments import made, variants
from scripts.workflow.references import Fault, likeliest, reference_faults, unfit_ranks

Keys = Sequence[str | int]


def is_integer(_: object, value: object) -> bool:
    """JSON Schema takes 40.0 for an integer; what counts with it does not."""
    return isinstance(value, int) and not isinstance(value, bool)


def is_number(_: object, value: object) -> bool:
    """YAML has .nan and .inf, which no key means."""
    return isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)


TYPES = Draft202012Validator.TYPE_CHECKER.redefine("integer", is_integer).redefine("number", is_number)
Validator = validators.extend(Draft202012Validator, type_checker=TYPES)


def faults(config: dict, files: Sequence[Path], schema: dict, scaffolds: Iterable[str]) -> list[UserError]:
    """Everything wrong with a merged configuration; names are only looked up where the shapes are right.

    Args:
        files: the files it was merged from, the last one winning; they are asked for the line of each fault.
        schema: JSON Schema whose descriptions complete the sentence "write ...".
        scaffolds: names a model's scaffold may have.
    """
    found = [fault(error) for error in Validator(schema).iter_errors(config)]
    found = found or list(reference_faults(config, set(scaffolds)))
    found = found or list(grid_faults(config, schema)) or list(unfit_ranks(config))
    return list(
        {str(error): error for error in (UserError(place(f[0], files), *f[1:]) for f in found)}.values()
    )


def grid_faults(config: dict, schema: dict) -> Iterator[Fault]:
    """Faults of the recipes that the grids of experiments name: a value that the recipe's key may not have."""
    validator = Validator({"$ref": "#/$defs/recipe", "$defs": schema["$defs"]})
    for name, experiment in config.get("experiments", {}).items():
        for variant in variants(experiment):
            for error in validator.iter_errors(made(config["recipes"][variant.parent], variant)):
                keys, what, fix = fault(error)
                inner = [".".join(map(str, keys))] if keys else []
                yield ["experiments", name, "recipes", variant.parent, *inner], what, fix


def broken(file: Path) -> UserError | None:
    """Why a file is no YAML mapping of plain values under distinct keys, or None."""
    try:
        text = file.read_text(encoding="utf-8")
        root = yaml.compose(text, yaml.SafeLoader)
        if not isinstance(root, yaml.MappingNode):
            what = "not a mapping of keys to values"
            return UserError(str(file), what, "see config.yaml for what it may hold")
        if found := strange(root, file):
            return found
        yaml.safe_load(text)
    except FileNotFoundError:
        return UserError(str(file), "there is no such file", "name a file of studies/")
    except OSError as error:
        return UserError(str(file), f"it cannot be read ({error.strerror})", "name a file of studies/")
    except (yaml.YAMLError, ValueError) as error:  # ValueError: bytes that are no text, a date that is none
        return no_yaml(file, error)
    return None


def no_yaml(file: Path, error: yaml.YAMLError | ValueError) -> UserError:
    """What YAML itself finds wrong, with its line."""
    mark = getattr(error, "problem_mark", None)
    where = f"{file}, line {mark.line + 1}" if mark else str(file)
    fix = "mend that line; indent with spaces, and put text with a colon or a brace in quotes"
    return UserError(where, f"not YAML ({getattr(error, 'problem', None) or error})", fix)


def strange(node: yaml.Node, file: Path, above: tuple[int, ...] = ()) -> UserError | None:
    """The first thing that YAML allows and no configuration means: a key that is there twice, of which the last would be taken, a
    key that is a list or a mapping, a block inside itself.
    """
    where = f"{file}, line {node.start_mark.line + 1}"
    if id(node) in above:
        return UserError(where, "its anchor stands inside its own block", "write the block out")
    found = strange_key(node, file) if isinstance(node, yaml.MappingNode) else None
    below = (strange(child, file, (*above, id(node))) for child in children(node))
    return found or next(filter(None, below), None)


def children(node: yaml.Node) -> list[yaml.Node]:
    """The values in a mapping or a list."""
    if isinstance(node, yaml.MappingNode):
        return [value for _, value in node.value]
    return node.value if isinstance(node, yaml.SequenceNode) else []


def strange_key(node: yaml.MappingNode, file: Path) -> UserError | None:
    """The first key of a mapping that is no word, or is there twice."""
    seen: set[str] = set()
    for key, _ in node.value:
        where = f"{file}, line {key.start_mark.line + 1}"
        if not isinstance(key, yaml.ScalarNode):
            return UserError(where, "a key is a list or a mapping", "write a word before the colon")
        if key.value in seen:
            return UserError(where, f"{key.value!r} is there twice", "keep one of the two")
        seen.add(key.value)
    return None


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
    if error.validator == "uniqueItems":
        what = f"{error.instance!r} holds a value twice"
    return keys, what, f"write {schema.get('description', error.message)}{names}"


def unknown_key(error: ValidationError) -> Fault:
    known = list(error.schema["properties"])
    key = next(key for key in error.instance if key not in known)
    return [*error.absolute_path, key], "unknown key", nearest(str(key), known)


def nearest(name: str, known: Sequence[str]) -> str:
    """The likeliest of the known names, and all of them."""
    return f"{likeliest(name, known)}use one of {', '.join(known) or 'none'}"


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
