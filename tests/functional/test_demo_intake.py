"""The intake's part of the demo world: faces that its Immich finds, settings, pictures put there once."""

from __future__ import annotations

import asyncio
import shutil
from pathlib import Path

import httpx

from core.config import load_settings
from core.demo.intake_world import COPY, DROP, DROPS, FACES, HIDDEN, INCOMING, KNOWN, REVIEW, TORN, WEB
from core.demo.world import DemoWorld, empty
from core.media.kinds import What, kind_of
from core.model.incoming import Category
from core.runtime import open_runtime
from core.servers.http import Http
from core.servers.immich import ImmichClient


async def test_its_immich_finds_who_is_in_the_pictures(tmp_path: Path) -> None:
    async with DemoWorld.open(tmp_path, library=empty, intake=True) as world, Http() as http:
        assert world.intake is not None
        world.intake.fill()
        wanted = load_settings(world.config_path).intake.ready()
        assert wanted.drop_folder == str(tmp_path / DROP)
        client = ImmichClient(http, wanted.immich.url, wanted.immich.api_key.reveal())
        for path in (tmp_path / DROP).iterdir():
            assert kind_of(path).what is What.IMAGE, path
            shutil.copy(path, tmp_path / INCOMING / path.name)
        await client.scan_library(wanted.immich.library_id)
        found: dict[str, tuple[str, ...] | None] = {}
        hidden: set[str] = set()
        async with asyncio.timeout(30):
            for name in [drop.name for drop in DROPS] + [COPY, TORN]:
                place = world.intake.immich.path_of(tmp_path / INCOMING / name)
                while not (assets := await client.find_assets(place, library_id=wanted.immich.library_id)):  # noqa: ASYNC110  only asking tells
                    await asyncio.sleep(0.02)
                while not (progress := (await client.progress([assets[0].id]))[assets[0].id]).is_over:  # noqa: ASYNC110
                    await asyncio.sleep(0.02)
                faces = await client.people.faces(assets[0]) if progress.stage == "done" else None
                if faces is None:
                    found[name] = None
                    continue
                people = [face.person for face in faces]
                assert all(one is not None for one in people)
                found[name] = tuple(one.name for one in people if one is not None)
                hidden |= {one.name for one in people if one is not None and one.is_hidden}
        assert found == {drop.name: drop.people for drop in DROPS} | {COPY: KNOWN.people, TORN: None}
        assert hidden == {HIDDEN}


async def test_what_left_the_drop_folder_is_not_put_there_again(tmp_path: Path) -> None:
    for names in ({drop.name for drop in DROPS} | {COPY, TORN}, set()):
        async with DemoWorld.open(tmp_path, library=empty, intake=True) as world:
            assert world.intake is not None
            world.intake.fill()
            assert {path.name for path in (tmp_path / DROP).iterdir()} == names
            for path in (tmp_path / DROP).iterdir():
                path.unlink()
            async with httpx.AsyncClient() as client:
                answer = await client.get(world.intake.web.url("files", WEB[0].name))
            assert answer.headers["content-type"] == "image/jpeg"


async def test_a_run_shows_every_category_and_the_second_adds_nothing(tmp_path: Path) -> None:
    async with DemoWorld.open(tmp_path, library=empty, intake=True) as world:
        assert world.intake is not None
        world.intake.fill()
        async with open_runtime(load_settings(world.config_path), data_dir=tmp_path / "data") as runtime:
            first = await runtime.intake.run()
            assert first.is_ok, first.errors
            assert {one for one, number in first.review.items() if not number} == {Category.LOW_CONFIDENCE}
            assert {path.name for path in (tmp_path / FACES).iterdir()} == {"Robin", "Sasha"}
            assert (first.sorted, first.pending, first.failed) == (3, 0, 0)
            files = sorted(path for folder in (FACES, REVIEW) for path in (tmp_path / folder).rglob("*"))
            again = await runtime.intake.run()
            assert (again.is_ok, again.processed, again.sorted, sum(again.review.values())) == (True, 0, 0, 0)
        assert sorted(path for folder in (FACES, REVIEW) for path in (tmp_path / folder).rglob("*")) == files
