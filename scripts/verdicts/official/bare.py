"""Makes `swebench.harness` importable without the 82 packages that its graders never call.

Run by the interpreter of the swebench environment, never by the workflow's. The `__init__` files of the two
packages import every command line of the project (docker, modal, the hub); they are replaced by bare packages. What is
imported after that (constants, log_parsers, grading, test_spec) is the project's own, byte for byte. Three modules that
it imports in passing are replaced by ones that refuse to work: a grader reads no hub, no network and no .env file.
"""

import importlib.machinery
import sys
import types


class Absent(types.ModuleType):
    """A module that can be imported, and whose content cannot be used."""

    def __getattr__(self, name):
        if name.startswith("__"):
            raise AttributeError(name)

        def refuse(*_, **__):
            raise RuntimeError(f"{self.__name__}.{name} is not part of the swebench environment")

        return refuse


def prepare():
    """Put the bare packages and the absent modules where imports will find them."""
    for name in ("datasets", "requests", "dotenv"):
        sys.modules[name] = Absent(name)
    sys.modules["dotenv"].load_dotenv = lambda: False
    for name in ("swebench", "swebench.harness"):
        spec = importlib.machinery.PathFinder.find_spec(name, _path(name))
        module = sys.modules[name] = types.ModuleType(name)
        module.__path__ = list(spec.submodule_search_locations)


def _path(name):
    parent = name.rpartition(".")[0]
    return sys.modules[parent].__path__ if parent else None
