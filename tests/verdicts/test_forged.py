"""Ways to be called resolved without a fix. None works: each comes out unresolved, or empty where nothing is left of it."""

import pytest

from scripts.trajectories.public import scratch
from scripts.trajectories.sandbox import Sandbox
from scripts.verdicts.assemble import assemble
from scripts.verdicts.grade import grade
from tests.small_repository import BUGGY, FILES, FIXED, LIMITS, bench, change, interpreter, small

PASS = "tests/test_numbers.py::test_"
FAKE = "".join(f"{PASS}{name} PASSED\\n" for name in ("double", "even", "odd")) + "3 passed in 0.01s"
CONFTEST = (
    "import pytest\n@pytest.hookimpl(tryfirst=True)\ndef pytest_pyfunc_call(pyfuncitem):\n    return True\n"
)

# Changes of files the model may not change: nothing of them is left.
DROPPED = {
    "edited tests": {"tests/test_numbers.py": "def test_double(): pass\ndef test_even(): pass\ndef test_odd(): pass\n"},
    "deleted tests": {"tests/test_numbers.py": None},
    "tests folder replaced": {"tests/test_numbers.py": None, "tests/__init__.py": "x = 1\n"},
    "conftest at the root": {"conftest.py": CONFTEST},
    "conftest among the tests": {"tests/conftest.py": CONFTEST},
    "conftest in the package": {"kit/conftest.py": CONFTEST},
    "pytest.ini": {"pytest.ini": "[pytest]\naddopts = --collect-only\npython_functions = nothing\n"},
    "tox.ini": {"tox.ini": "[pytest]\naddopts = --co\n"},
    "setup.cfg": {"setup.cfg": "[tool:pytest]\naddopts = --co\n"},
    "pyproject.toml": {"pyproject.toml": FILES["pyproject.toml"] + 'addopts = "--co -p kit.plugin"\n'},
    "sitecustomize": {"sitecustomize.py": "import os; os._exit(0)\n"},
    "usercustomize": {"usercustomize.py": "import os; os._exit(0)\n"},
    "path file": {"kit.pth": "import os; os._exit(0)\n"},
    "module named pytest": {"pytest.py": "def main(*a, **k): return 0\n"},
    "package named _pytest": {"_pytest/__init__.py": "", "_pytest/config.py": "default_plugins = ()\n"},
    "module named like the library's": {"json.py": "import os; os._exit(0)\n"},
    "src module named like the library's": {"src/random.py": "import os; os._exit(0)\n"},
    "installed plugin": {"kit.egg-info/entry_points.txt": "[pytest11]\nkit = kit.extra\n", "kit.egg-info/PKG-INFO": "Name: kit\nVersion: 1\n"},
    "compiled module": {"kit/numbers.pyc": "x", "kit/__pycache__/numbers.cpython-311.pyc": "x"},
}  # fmt: skip


@pytest.mark.parametrize("edits", DROPPED.values(), ids=DROPPED)
def test_what_is_not_the_models_to_change_is_dropped(edits):
    verdict = grade(small().task, change(edits), bench())
    assert verdict["verdict"] == "empty"
    assert verdict["resolved"] is False
    assert set(verdict["dropped"]) == set(edits)
    assert verdict["fail_to_pass_fraction"] < 1


@pytest.mark.parametrize("kind", ["pytest.ini", "conftest at the root", "edited tests", "compiled module"])
def test_a_fix_is_graded_without_them(kind):
    edits = {**DROPPED[kind], "kit/numbers.py": FIXED}
    verdict = grade(small().task, change(edits), bench())
    assert verdict["verdict"] == "resolved"
    assert set(verdict["dropped"]) == set(DROPPED[kind])


# Code the model may write, in the package under test: it runs in the tests' own process.
FORGED = {
    "fake lines on standard output": f"print('{FAKE}')\n",
    "fake lines past the capture": f"import os\nfor n in range(1, 256):\n    try: os.write(n, b'''{FAKE}\\n''')\n    except OSError: pass\n",
    "exit at import": "import sys\nsys.exit(0)\n",
    "hard exit at import": "import os\nos._exit(0)\n",
    "hard exit while testing": "import os\ndef is_even(n): os._exit(0)\ndef double(n): return 2 * n\n",
    "hard exit after the tests": "import atexit, os\natexit.register(os._exit, 0)\n",
    "hard exit from a thread": "import os, threading, time\nthreading.Thread(target=lambda: (time.sleep(0.2), os._exit(0)), daemon=True).start()\n",
    "pytest's exit": "import pytest\npytest.exit('done', returncode=0)\n",
    "skip at import": "import pytest\npytest.skip('x', allow_module_level=True)\n",
    "skip while testing": "import pytest\ndef is_even(n): pytest.skip('x')\ndef double(n): return 2 * n\n",
    "expected failure": "import pytest\ndef is_even(n): pytest.xfail('x')\ndef double(n): return 2 * n\n",
    "runtest does nothing": "import _pytest.python\n_pytest.python.Function.runtest = lambda self: None\n",
    "reports say passed": "import _pytest.reports as r\nold = r.TestReport.from_item_and_call\ndef new(item, call):\n    made = old(item, call); made.outcome = 'passed'; return made\nr.TestReport.from_item_and_call = new\n",
    "report class says passed": "import _pytest.reports as r\nr.TestReport.outcome = property(lambda self: 'passed', lambda self, value: None)\n",
    "calls hold no exception": "import _pytest.runner as r\nold = r.CallInfo.from_call.__func__\ndef new(cls, func, when, reraise=None):\n    made = old(cls, func, when, reraise); made.excinfo = None; return made\nr.CallInfo.from_call = classmethod(new)\n",
    "code of a pytest function": "import _pytest.python as p\ndef nothing(pyfuncitem): return True\np.pytest_pyfunc_call.__code__ = nothing.__code__\n",
    "a plugin registered by hand": "import gc, _pytest.config\nclass P:\n    def pytest_pyfunc_call(self, pyfuncitem): return True\n[o.register(P()) for o in gc.get_objects() if isinstance(o, _pytest.config.PytestPluginManager)]\n",
    "a plugin found through the stack": "import sys\nclass P:\n    def pytest_pyfunc_call(self, pyfuncitem): return True\nf = sys._getframe()\nwhile f:\n    c = getattr(f.f_locals.get('self'), 'config', None)\n    if c is not None: c.pluginmanager.register(P()); break\n    f = f.f_back\n",
    "assertions that do not raise": "import builtins\nclass AssertionError(BaseException): pass\nbuiltins.AssertionError = AssertionError\n",
    "another import function": "import builtins\nold = builtins.__import__\nbuiltins.__import__ = lambda *a, **k: old(*a, **k)\n",
    "raises that swallows": "import pytest, contextlib\npytest.raises = lambda *a, **k: contextlib.suppress(BaseException)\n",
    "another pytest in its place": "import sys, types\nsys.modules['pytest'] = types.ModuleType('pytest')\n",
    "another outcome module": "import sys, types\nsys.modules['_pytest.runner'] = types.ModuleType('_pytest.runner')\n",
    "other test functions": "import sys\ndef nothing(): pass\ndef double(n):\n    sys._getframe(1).f_globals.update(test_even=nothing, test_odd=nothing)\n    return 2 * n\ndef is_even(n): return False\n",
    "other test code": "import sys\ndef nothing(): pass\ndef double(n):\n    g = sys._getframe(1).f_globals\n    g['test_even'].__code__ = g['test_odd'].__code__ = nothing.__code__\n    return 2 * n\ndef is_even(n): return False\n",
    "test items without their calls": "import gc, pytest\ndef nothing(): pass\ndef double(n):\n    for o in gc.get_objects():\n        if isinstance(o, pytest.Function): o.obj = nothing\n    return 2 * n\ndef is_even(n): return False\n",
    "test items that do not run": "import gc, pytest\ndef double(n):\n    for o in gc.get_objects():\n        if isinstance(o, pytest.Function) and o.name in ('test_even', 'test_odd'): o.runtest = lambda: None\n    return 2 * n\ndef is_even(n): return False\n",
    "a plugin for the right names only": "import gc, _pytest.config\nclass P:\n    def pytest_pyfunc_call(self, pyfuncitem): return True if pyfuncitem.name in ('test_even', 'test_odd') else None\n[o.register(P()) for o in gc.get_objects() if isinstance(o, _pytest.config.PytestPluginManager)]\n",
    "words put into the judge's mouth": "import os, sys\nf = sys._getframe()\nwhile f and 'send' not in f.f_locals: f = f.f_back\nif f:\n    for t in ('double', 'even', 'odd'):\n        for w in ('setup', 'call', 'teardown'): f.f_locals['send']({'test': 'tests/test_numbers.py::test_' + t, 'when': w, 'outcome': 'passed', 'text': ''})\n    f.f_locals['send']({'end': 0, 'altered': []})\n    os._exit(0)\n",
    "test code run without failing": "import sys\nsys.settrace(lambda *a: None)\nsys.excepthook = lambda *a: None\nimport os\nos.environ['PYTEST_ADDOPTS'] = '--co'\n",
    "a rewriting import hook": "import sys\nclass F:\n    def find_spec(self, name, path=None, target=None): return None\nsys.meta_path.insert(0, F())\n",
    "any attribute": "def __getattr__(name): return lambda *a, **k: True\n",
    "exit code changed at the end": "import pytest, os\nold = pytest.main\npytest.main = lambda *a, **k: 0\nos._exit_ = os._exit\nos._exit = lambda code: os._exit_(0)\n",
    "a function of the judge": "import gc, types\nfor o in gc.get_objects():\n    if isinstance(o, types.FunctionType) and o.__name__ == 'altered': o.__code__ = (lambda before: []).__code__\nimport _pytest.python\n_pytest.python.Function.runtest = lambda self: None\n",
}  # fmt: skip


@pytest.mark.parametrize("code", FORGED.values(), ids=FORGED)
def test_no_forgery_is_believed(code):
    whole = code if "def double" in code else code + BUGGY
    verdict = grade(small().task, change({"kit/numbers.py": whole}), bench())
    assert verdict["verdict"] == "unresolved", verdict
    assert verdict["resolved"] is False
    assert verdict["reason"]


def test_the_same_code_without_forgery_is_resolved():
    whole = "import sys, os, threading, atexit\n" + FIXED
    verdict = grade(small().task, change({"kit/numbers.py": whole}), bench())
    assert (verdict["verdict"], verdict["reason"]) == ("resolved", "")


FOOLED = [
    "hard exit at import", "hard exit while testing", "skip while testing", "runtest does nothing", "reports say passed",
    "calls hold no exception", "code of a pytest function", "a plugin registered by hand", "other test code",
    "test items that do not run", "a plugin for the right names only", "a function of the judge",
]  # fmt: skip


@pytest.mark.parametrize("name", FOOLED)
def test_plain_pytest_is_fooled(name):
    """These are attacks: pytest's own exit code, without the judge, says that all is well."""
    code = FORGED[name] if "def double" in FORGED[name] else FORGED[name] + BUGGY
    with scratch() as folder:
        assemble(small().task, change({"kit/numbers.py": code}), small().mirror, folder / "repo")
        with Sandbox(folder / "repo", LIMITS, interpreter()) as sandbox:
            assert sandbox.run("python -m pytest -q -p no:cacheprovider tests").returncode == 0
