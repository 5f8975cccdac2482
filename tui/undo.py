"""Taking decisions back: a look at what an undo would change, the question, the undo, what came of it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from textual.content import Content

from core.runtime import BatchReport, EffectRecord
from core.words import count
from tui.dialogs.confirm import ConfirmDialog
from tui.present import content, plain
from tui.wording import ago

if TYPE_CHECKING:
    from tui.app import WinnowApp

_SHOWN: Final = 200
_WIDE: Final = 66


async def undo_last(app: WinnowApp) -> None:
    """Undo the newest batch that holds something to undo."""
    batch = await app.runtime.history.last_undoable()
    if batch is None:
        app.say("There is nothing to undo.")
        return
    await undo_batch(app, batch.id)


async def undo_batch(app: WinnowApp, batch_id: int) -> None:
    """Show what undoing a batch would do, and do it on a yes. Raises UndoRefusedError."""
    preview = await app.runtime.history.preview_undo(batch_id)
    batch = next((one for one in await app.runtime.history.batches(1000) if one.id == batch_id), None)
    if not preview.done:
        reasons = "\n".join(dict.fromkeys(one.words for one in preview.not_done)) or "it was undone already"
        app.say(f"Nothing of batch {batch_id} can be undone: {reasons}", severity="warning")
        return
    when = f", {ago(batch.created_at, app.clock.now())}" if batch else ""
    note = f"{count(len(preview.not_done), 'action')} cannot be taken back and will stay." if preview.not_done else ""
    dialog = ConfirmDialog(
        f"Undo {batch.title if batch else f'batch {batch_id}'}{when}?",
        _preview_lines(preview),
        yes="undo",
        note=note,
    )
    if await app.push_screen_wait(dialog):
        tell(app, await app.runtime.history.undo_batch(batch_id))


async def undo_effect(app: WinnowApp, effect: EffectRecord) -> None:
    """Ask, and undo one action. Raises UndoRefusedError."""
    lines = [Content.assemble(("↶ ", "$accent"), content(effect.title, width=_WIDE))]
    if await app.push_screen_wait(ConfirmDialog("Undo this one action?", lines, yes="undo")):
        tell(app, await app.runtime.history.undo_effect(effect.id))


def _preview_lines(preview: BatchReport) -> list[Content]:
    lines = [Content.assemble(("↶ ", "$accent"), content(one.title, width=_WIDE)) for one in preview.done[:_SHOWN]]
    lines += [
        Content.assemble(("– ", "$warning"), content(one.title), (f": {plain(one.words)}", "$quiet"))
        for one in preview.not_done[:_SHOWN]
    ]
    left = len(preview.outcomes) - len(lines)
    if left > 0:
        lines.append(Content.styled(f"  and {left:,} more", "$quiet"))
    return lines


def tell(app: WinnowApp, report: BatchReport) -> None:
    """What came of an undo."""
    if report.done:
        app.say(
            f"Undone: {plain(report.done[0].title)}"
            if len(report.done) == 1
            else f"Undone: {len(report.done)} actions."
        )
    for one in [one for one in report.done if one.words][:5]:
        app.say(f"{plain(one.title)}: {one.words}", severity="warning")
    for one in report.not_done[:5]:
        app.say(f"Not undone: {plain(one.title)}: {one.words}", severity="warning")
    if report.stopped_by:
        app.say(report.stopped_by, severity="error")
    app.decisions_changed()
