"""Decisions about pictures of the review as screens make them: one after the other, told in words."""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import Sequence
from typing import TYPE_CHECKING, Final

from textual.content import Content

from core.intake.people_known import PersonChoice
from core.runtime import BatchReport, ReviewAction, ReviewLine
from core.words import count
from tui.dialogs.confirm import ConfirmDialog
from tui.present import content, plain

if TYPE_CHECKING:
    from core.intake.desk import IntakeDesk
    from tui.app import WinnowApp
    from tui.dialogs.person import Chosen

_CHUNK: Final = 500  # lines read at a time
_NAMED: Final = 8  # lines of a question


class ReviewDecisions:
    """Approves and rejects. A decision waits for the one before it; nobody waits for a decision."""

    def __init__(self, app: WinnowApp) -> None:
        self._app = app
        self._turn = asyncio.Lock()

    @property
    def _desk(self) -> IntakeDesk:
        return self._app.runtime.intake

    async def approve(self, ids: Sequence[int], person: PersonChoice | str, *, is_assigning: bool = False) -> str:
        """To one person; in words what was done, "" when nothing was. `is_assigning`: Immich is told, too."""
        async with self._turn:
            report = await self._desk.approve(ids, person, assign_face=is_assigning)
        name = plain(name_of(person), width=36)
        return await self._told(report, ids, f"to {name}")

    async def reject(self, ids: Sequence[int]) -> str:
        """To the trash."""
        async with self._turn:
            report = await self._desk.reject(ids)
        return await self._told(report, ids, "to the trash")

    async def lines(self, ids: Sequence[int]) -> list[ReviewLine]:
        """Those of these pictures that still wait for a decision."""
        found: list[ReviewLine] = []
        for start in range(0, len(ids), _CHUNK):
            found += await self._desk.lines(ids[start : start + _CHUNK])
        return [one for one in found if one.action is ReviewAction.PENDING]

    async def confirm_suggested(self, lines: Sequence[ReviewLine]) -> list[tuple[PersonChoice | str, list[int]]]:
        """Ask whether these go to whom each of them probably shows; what was said yes to, by person."""
        groups = by_suggestion(lines)
        known = sum(len(ids) for _, ids in groups)
        if not known:
            self._app.say("Nobody is suggested for what is selected; choose a person instead.", severity="warning")
            return []
        told = [
            Content.assemble((f"{len(ids):>7,}  ", "bold"), content(name_of(person), width=48))
            for person, ids in groups
        ]
        left = len(lines) - known
        question = (
            f"File {count(known, 'picture')} to {'the suggested person' if len(groups) == 1 else 'these people'}?"
        )
        note = f"{count(left, 'picture')} without a suggestion will stay." if left else ""
        return groups if await self._ask(question, told, "file them", note) else []

    async def choose_person(self, lines: Sequence[ReviewLine]) -> Chosen | None:
        """Ask whom these show, and once more what `confirm_person` asks; None where that is not said."""
        from tui.dialogs.person import PersonDialog

        seen = {suggested(one) for one in lines}
        only = next(iter(seen)) if len(seen) == 1 else None
        what = plain(lines[0].filename, width=40) if len(lines) == 1 else f"{len(lines):,} pictures"
        dialog = PersonDialog(
            f"File {what} to whom?",
            suggested=only if isinstance(only, PersonChoice) else None,
            can_assign=bool(self._app.settings.intake.immich.url),
        )
        chosen = await self._app.push_screen_wait(dialog)
        if chosen is None:
            return None
        is_sure = await self.confirm_person(lines, chosen.person, is_assigning=chosen.is_assigning)
        return chosen if is_sure else None

    async def confirm_person(
        self, lines: Sequence[ReviewLine], person: PersonChoice | str, *, is_assigning: bool
    ) -> bool:
        """Ask whether several go to one person, and whether Immich is to be told what an undo cannot take back.

        One picture alone, with nothing that would stay, is not asked about.
        """
        stays = ""
        if is_assigning:
            stays = await self._desk.cannot_be_undone([one.id for one in lines], person)
        if len(lines) == 1 and not stays:
            return True
        question = f"File {count(len(lines), 'picture')} to {name_of(person)}?"
        return await self._ask(question, _names(lines), "file", stays or "An undo brings them back.")

    async def confirm_reject(self, lines: Sequence[ReviewLine]) -> bool:
        """Ask whether all of these go to the trash."""
        return await self._ask(
            f"Reject {count(len(lines), 'picture')}, to the trash?",
            _names(lines),
            "reject them",
            "They count as deleted on purpose when they come in again. An undo brings them back.",
        )

    async def _ask(self, question: str, lines: Sequence[Content], yes: str, note: str) -> bool:
        dialog = ConfirmDialog(question, lines, yes=yes, note=note)
        return await self._app.push_screen_wait(dialog) is True

    async def _told(self, report: BatchReport, ids: Sequence[int], where: str) -> str:
        """Say what was not done; in words what was."""
        not_done = [*report.refused_before, *(f"{plain(one.title)}: {one.words}" for one in report.not_done)]
        for reason in not_done[:3]:
            self._app.say(reason, severity="warning")
        if len(not_done) > 3:
            self._app.say(f"{len(not_done) - 3} more were refused; history shows each reason.", severity="warning")
        if report.stopped_by:
            self._app.say(report.stopped_by, severity="error")
        self._app.decisions_changed()
        if not report.done:
            return ""
        left = len(await self.lines(ids))
        return f"{count(len(ids) - left, 'picture')} {where}"


def by_suggestion(lines: Sequence[ReviewLine]) -> list[tuple[PersonChoice | str, list[int]]]:
    """The ids of pictures by whom they probably show, the most pictures first; those of nobody are left out."""
    found: dict[PersonChoice | str, list[int]] = defaultdict(list)
    for one in lines:
        if (person := suggested(one)) is not None:
            found[person].append(one.id)
    return sorted(found.items(), key=lambda one: (-len(one[1]), name_of(one[0])))


def suggested(line: ReviewLine) -> PersonChoice | str | None:
    """Whom a picture probably shows, by the name alone where Immich gave no id; None where nobody is suggested."""
    if line.suggested_person_id and line.suggested_person:
        return PersonChoice(line.suggested_person_id, line.suggested_person, is_in_immich=True)
    return line.suggested_person or None


def name_of(person: PersonChoice | str) -> str:
    """What somebody is called."""
    return person if isinstance(person, str) else person.name


def _names(lines: Sequence[ReviewLine]) -> list[Content]:
    told = [content(one.filename, width=64) for one in lines[:_NAMED]]
    if len(lines) > _NAMED:
        told.append(Content.styled(f"and {len(lines) - _NAMED:,} more", "$quiet"))
    return told
