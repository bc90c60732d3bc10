"""The one error a user is meant to read: where it is, what is wrong, how to mend it."""


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
