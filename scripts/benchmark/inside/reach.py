"""Which lines of the repository run, by sys.settrace, in every thread."""

import os
import sys
import threading


class Lines:
    """Collects (file, line) of what runs below `root`, without the folders and files of `apart`."""

    def __init__(self, root, apart):
        self.root, self.apart = root + os.sep, tuple(os.path.join(root, path) for path in apart)
        self.found, self.wanted = {}, {}

    def start(self):
        threading.settrace(self.call)
        sys.settrace(self.call)

    def stop(self):
        sys.settrace(None)
        threading.settrace(None)

    def call(self, frame, event, argument):
        name = frame.f_code.co_filename
        lines = self.wanted.get(name, self)
        if lines is self:
            lines = self.wanted[name] = self.found.setdefault(name, set()) if self.is_ours(name) else None
        if lines is None:
            return None
        lines.add(frame.f_lineno)

        def line(frame, event, argument):
            lines.add(frame.f_lineno)
            return line

        return line

    def is_ours(self, name):
        inside = name.startswith(self.root) and not any(
            name == path or name.startswith(path + os.sep) for path in self.apart
        )
        return inside

    def ranges(self):
        """For each file, relative to the root, its lines as [first, last] pairs."""
        names = {name: name[len(self.root) :] for name in self.found}
        return {names[name]: pairs(sorted(lines)) for name, lines in self.found.items() if lines}


def pairs(numbers):
    """Sorted numbers as a list of [first, last]."""
    found = []
    for number in numbers:
        if found and found[-1][1] == number - 1:
            found[-1][1] = number
        else:
            found.append([number, number])
    return found
