"""The core stands alone: whatever of it is imported, no terminal library comes with it."""

from __future__ import annotations

import json
import pkgutil
import subprocess
import sys

import core

MODULES = sorted(module.name for module in pkgutil.walk_packages(core.__path__, "core."))


def loaded_after(code: str) -> set[str]:
    """The top-level packages that a fresh interpreter holds after some code."""
    script = f"{code}\nimport json, sys\nprint(json.dumps(sorted({{name.partition('.')[0] for name in sys.modules}})))"
    finished = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True, timeout=120)
    return set(json.loads(finished.stdout))


def test_no_core_module_brings_a_terminal_library() -> None:
    names = [name for name in MODULES if not name.endswith("__main__") and name != "core.media.worker"]
    assert len(names) > 80
    loaded = loaded_after("import " + ", ".join(names))
    assert loaded.isdisjoint({"textual", "rich", "textual_image", "tui"})


def test_help_needs_nothing_heavy() -> None:
    code = "import contextlib, io\nfrom tui.cli import main\nwith contextlib.redirect_stdout(io.StringIO()):\n"
    code += "    try:\n        main(['--help'])\n    except SystemExit:\n        pass"
    heavy = {"textual", "rich", "httpx", "aiosqlite", "numpy", "PIL", "av", "imagehash", "graphql", "uvicorn"}
    assert loaded_after(code).isdisjoint(heavy)


def test_a_list_needs_no_terminal_library(tmp_path: object) -> None:
    code = f"from tui.cli import main\nmain(['list', 'matching', '--json', '--data-dir', {str(tmp_path)!r}])"
    code = f"import contextlib, io, os\nos.environ['HOME'] = {str(tmp_path)!r}\n" + code.replace(
        "main(", "\nwith contextlib.redirect_stdout(io.StringIO()): main("
    )
    assert loaded_after(code).isdisjoint({"textual", "rich", "textual_image", "numpy", "PIL", "av"})
