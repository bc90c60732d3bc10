"""The one error a user is meant to read: where it is, what is wrong, how to mend it."""

from collections.abc import Iterator
from contextlib import contextmanager


class UserError(ValueError):
    """Bad input, named so that it can be mended without reading the code.

    Args:
        where: file and key, target, or task, as precisely as known.
        what: the fault, with the offending value.
        fix: what to do about it, with the values that would be accepted.
    """

    def __init__(self, where: str, what: str, fix: str) -> None:
        super().__init__(f"{where}: {what}. Fix: {fix}.")
        self.where, self.what, self.fix = where, what, fix


@contextmanager
def concerning(key: str) -> Iterator[None]:
    """Errors of what a key of the configuration names begin with the key."""
    try:
        yield
    except UserError as error:
        raise UserError(f"{key}, {error.where}", error.what, error.fix) from error
