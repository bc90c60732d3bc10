"""What the values of a trajectory may be, looked at in one place, so that what reads them need not doubt their types."""

from typing import Any

from scripts.errors import UserError

ASIS = "give *.traj.json files as mini-swe-agent wrote them"
TEXT, WORDS = (str, None), (str, list, None)
SESSION = {
    "instance_id": TEXT,
    "info": {
        "exit_status": TEXT,
        "submission": TEXT,
        "config": ({"agent": ({"action_regex": TEXT}, None), "environment": ({"cwd": TEXT}, None)}, None),
    },
}


def check(value: Any, shape: Any, path: object, name: str = "") -> None:
    """UserError at the first value that is not of its shape; it names the file and the dotted key.

    A shape is a type, {key: shape} for an object, whatever its other keys are, [shape] for a list of any length, or a
    tuple of these, any of which will do. None stands for null and for a key that is missing.
    """
    shapes = {_kind(each): each for each in (shape if isinstance(shape, tuple) else (shape,))}
    if type(value) not in shapes:
        kinds = " or ".join(kind.__name__ for kind in shapes if kind is not type(None))
        what = "it is missing" if value is None else f"it is not of type {kinds}"
        raise UserError(f"{path}, key {name}", what, ASIS)
    for key, below, inner in _below(value, shapes[type(value)]):
        check(below, inner, path, f"{name}.{key}" if name else str(key))


def _kind(shape: Any) -> type:
    return shape if isinstance(shape, type) else type(shape)


def _below(value: Any, shape: Any) -> list[tuple[str | int, Any, Any]]:
    """(key, value, shape) of what stands one level down."""
    if isinstance(shape, dict):
        return [(key, value.get(key), inner) for key, inner in shape.items()]
    return [(number, each, shape[0]) for number, each in enumerate(value)] if isinstance(shape, list) else []


def lookup(data: dict, name: str) -> Any:
    """A value by its dotted name, or None."""
    value: Any = data
    for key in name.split("."):
        value = value.get(key) if isinstance(value, dict) else None
    return value
