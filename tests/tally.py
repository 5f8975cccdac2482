"""What the fault campaign did, counted by each test and summed up at the end of a run, over all its processes."""

from __future__ import annotations

from collections import Counter

import pytest

NAME = "campaign"
KILLS, EFFECTS, FILES, BYTES, LOST = "kills", "effects checked", "files checked", "bytes checked", "bytes lost"
FAULT = "fault: "
_ALWAYS = (KILLS, EFFECTS, FILES, BYTES, LOST)


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
    faults = {name: count for name, count in sorted(total.items()) if name.startswith(FAULT)}
    terminalreporter.line(f"{'tests':<36}{tests:>16,}")
    terminalreporter.line(f"{KILLS:<36}{total[KILLS]:>16,}")
    terminalreporter.line(f"{'faults injected':<36}{sum(faults.values()):>16,}")
    for name, count in faults.items():
        terminalreporter.line(f"  {name.removeprefix(FAULT):<34}{count:>16,}")
    others = sorted(name for name in total if name not in _ALWAYS and name not in faults)
    for name in (*others, *_ALWAYS[1:]):
        terminalreporter.line(f"{name:<36}{total[name]:>16,}")
