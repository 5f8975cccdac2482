"""The settings of notifications: who is told when a job has ended."""

from __future__ import annotations

import re
from typing import Annotated, Final, Literal

import msgspec

from core.secret import Secret
from core.settings_declared import declared as _meta

FIELDS: Final = ("desk", "title", "state", "summary", "error", "job", "kind")
FIELD: Final = re.compile(r"\{([a-z_]+)\}")


class NotifySettings(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Who is told when a job has ended. Whether that worked stands in the job's log; the job is never held up."""

    on: Annotated[
        tuple[Literal["done", "failed", "cancelled", "interrupted"], ...],
        _meta("Which ends are told; `cancelled`: stopped on request, `interrupted`: Winnow was closed meanwhile."),
    ] = ("done", "failed")
    command: Annotated[
        tuple[str, ...],
        _meta(
            "A program and its arguments, started as they stand, without a shell:"
            ' `["notify-send", "{title}", "{state}: {summary}"]`. Filled in are '
            + ", ".join(f"`{{{name}}}`" for name in FIELDS)
            + ".",
            kind="notify-command",
        ),
    ] = ()
    url: Annotated[
        Secret,
        _meta(
            "An address that is sent the same as JSON, by POST. It may hold a password: `env:NAME` and `file:PATH` work"
            " as for a key.",
            kind="notify-url",
        ),
    ] = Secret()
    apprise: Annotated[
        tuple[Secret, ...],
        _meta(
            "Addresses as Apprise writes them, for mail, chats and phones, each as text, `env:NAME` or `file:PATH`."
            " Needs `pip install 'winnow[notify]'`.",
            kind="keys",
        ),
    ] = ()
    timeout_seconds: Annotated[
        int, _meta("A notification that takes longer is given up.", unit="seconds", ge=1, le=600)
    ] = 30

    @property
    def is_configured(self) -> bool:
        """Whether anybody is told anything."""
        return bool(self.on and (self.command or self.url or self.apprise))
