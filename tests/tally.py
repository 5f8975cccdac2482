"""What the fault campaign did, counted by each test and summed up at the end of a run, over all its processes."""

from __future__ import annotations

from collections import Counter
from collections.abc import Generator

import pytest

NAME = "campaign"
KILLS, STEPS = "kill: at random instants", "kill: at recorded steps"
EFFECTS, FILES, BYTES, LOST = "effects checked", "files checked", "bytes checked", "bytes lost"
FAULT, KILL = "fault: ", "kill: "
_ALWAYS = (EFFECTS, FILES, BYTES, LOST)
_at_steps = 0


class Tally:
    """The counts of one test. They go along with its report, whether it fails or not."""

    def __init__(self) -> None:
        self.counts: dict[str, int] = {}

    def add(self, name: str, count: int = 1) -> None:
        """So many more of a kind."""
        self.counts[name] = self.counts.get(name, 0) + count

    def fault(self, kind: str, count: int = 1) -> None:
        """So many faults of a kind were injected."""
        self.add(FAULT + kind, count)


def died_at_a_step() -> None:
    """A process killed itself where a test wanted it to."""
    global _at_steps
    _at_steps += 1


@pytest.hookimpl(wrapper=True)
def pytest_runtest_call(item: pytest.Item) -> Generator[None, None, None]:
    """What died in a test goes along with its report."""
    before = _at_steps
    try:
        return (yield)
    finally:
        if _at_steps > before:
            item.user_properties.append((NAME, {STEPS: _at_steps - before}))


@pytest.fixture
def tally(request: pytest.FixtureRequest) -> Tally:
    """Counts for the summary of the run."""
    counted = Tally()
    request.node.user_properties.append((NAME, counted.counts))
    return counted


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """One block at the end of a run in which something of the campaign ran."""
    total: Counter[str] = Counter()
    tests = 0
    for reports in terminalreporter.stats.values():
        for report in reports:
            if getattr(report, "when", "") == "call":
                given = [dict(value) for name, value in report.user_properties if name == NAME]
                tests += len(given)
                for one in given:
                    total.update(one)
    if not tests:
        return
    terminalreporter.section("fault campaign")
    others = sorted(name for name in total if name not in _ALWAYS and not name.startswith((FAULT, KILL)))
    _line(terminalreporter, "tests", tests)
    for title, prefix in (("kills", KILL), ("faults injected", FAULT)):
        kinds = {name: count for name, count in sorted(total.items()) if name.startswith(prefix)}
        _line(terminalreporter, title, sum(kinds.values()))
        for name, count in kinds.items():
            _line(terminalreporter, f"  {name.removeprefix(prefix)}", count)
    for name in (*others, *_ALWAYS):
        _line(terminalreporter, name, total[name])


def _line(terminalreporter: pytest.TerminalReporter, name: str, count: int) -> None:
    terminalreporter.line(f"{name:<32}{count:>18,}")
