"""A key inside an address to fetch is kept to fetch it again, and shown nowhere."""

from __future__ import annotations

from pathlib import Path

from cli_runner import command

PASSWORD, TOKEN = "P4ss-in-an-address-01", "T0ken-in-an-address-02"


async def test_the_address_is_shown_without_it(tmp_path: Path) -> None:
    for name in ("temp", "faces", "review"):
        (tmp_path / name).mkdir()
    config = tmp_path / "winnow.toml"
    config.touch(mode=0o600)
    config.write_text(
        f'[intake]\nenabled = true\ntemp_dir = "{tmp_path / "temp"}"\nfinal_base = "{tmp_path / "faces"}"\n'
        f'review_base = "{tmp_path / "review"}"\n[intake.download]\nallow_private = true\n'
    )
    env = {"WINNOW_CONFIG": str(config), "WINNOW_DATA_DIR": str(tmp_path / "data"), "WINNOW_DEBUG": "1"}
    said = []
    for url in (
        f"http://me:{PASSWORD}@127.0.0.1:1/a.jpg?token={TOKEN}",
        f"http://me:{PASSWORD}@127.0.0.1:99999/{TOKEN}",
        f"ftp://me:{PASSWORD}@127.0.0.1/a?{TOKEN}",
    ):
        said.append(await command(tmp_path, "intake", "add", url, **env))
        said.append(await command(tmp_path, "intake", "add", "--json", url, **env))
    for words in (
        ("intake", "run"),
        ("--scan-only", "--desk", "intake", "--json"),
        ("list", "intake"),
        ("list", "intake", "--json"),
        ("export", "intake", "--format", "csv"),
        ("intake", "stats", "--json"),
        ("jobs",),
        ("jobs", "show", "1"),
        ("jobs", "show", "2", "--json"),
        ("history", "--json"),
    ):
        said.append(await command(tmp_path, *words, **env))
    assert any("127.0.0.1" in one.out + one.err for one in said)
    for one in said:
        assert PASSWORD not in one.out + one.err, one
        assert TOKEN not in one.out + one.err, one
    assert not [path for path in tmp_path.rglob("*") if PASSWORD in path.name or TOKEN in path.name]
