"""What the demo servers answer is a strict part of the real schemas: no invented type, field, argument or value."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from graphql import (
    GraphQLEnumType,
    GraphQLInputObjectType,
    GraphQLInterfaceType,
    GraphQLNonNull,
    GraphQLObjectType,
    GraphQLSchema,
    GraphQLUnionType,
    build_client_schema,
    build_schema,
)

from core.demo.box_server import Flavour, box_sdl
from core.demo.graphql_http import SCHEMAS

CONTRACTS = Path(__file__).resolve().parents[3] / "shared" / "contracts"
FIELDED = (GraphQLObjectType, GraphQLInterfaceType)
pytestmark = pytest.mark.skipif(
    not CONTRACTS.is_dir(), reason=f"the folder of the real schemas, {CONTRACTS}, is absent"
)


def real(name: str) -> GraphQLSchema:
    return build_client_schema(json.loads((CONTRACTS / name).read_text("utf-8")))


def arguments(owner: str, ours: dict[str, Any], theirs: dict[str, Any]) -> list[str]:
    """Differences between two sets of arguments or input fields, in words."""
    out = [f"{owner}.{name}: unknown" for name in ours if name not in theirs]
    out += [
        f"{owner}.{name}: {ours[name].type} is {theirs[name].type}"
        for name in ours
        if name in theirs and str(ours[name].type) != str(theirs[name].type)
    ]
    required = [name for name, field in theirs.items() if isinstance(field.type, GraphQLNonNull)]
    return out + [f"{owner}.{name}: required there, absent here" for name in required if name not in ours]


def differences(ours: GraphQLSchema, theirs: GraphQLSchema) -> list[str]:
    """Everything our schema states that the other does not, in words."""
    out: list[str] = []
    for name, kind in ours.type_map.items():
        if name.startswith("__"):
            continue
        other = theirs.type_map.get(name)
        if other is None or type(other) is not type(kind):
            out.append(f"{name}: unknown")
        elif isinstance(kind, GraphQLEnumType) and isinstance(other, GraphQLEnumType):
            out += [f"{name}.{value}: unknown" for value in kind.values if value not in other.values]
        elif isinstance(kind, GraphQLInputObjectType) and isinstance(other, GraphQLInputObjectType):
            out += arguments(name, kind.fields, other.fields)
        elif isinstance(kind, GraphQLUnionType) and isinstance(other, GraphQLUnionType):
            members = {member.name for member in other.types}
            out += [f"{name}: {member.name} is no member" for member in kind.types if member.name not in members]
        elif isinstance(kind, FIELDED) and isinstance(other, FIELDED):
            faces = {face.name for face in other.interfaces}
            out += [f"{name}: does not implement {face.name}" for face in kind.interfaces if face.name not in faces]
            for field_name, field in kind.fields.items():
                if field_name not in other.fields:
                    out.append(f"{name}.{field_name}: unknown")
                    continue
                there = other.fields[field_name]
                if str(field.type) != str(there.type):
                    out.append(f"{name}.{field_name}: {field.type} is {there.type}")
                out += arguments(f"{name}.{field_name}", field.args, there.args)
    return out


def test_stash_is_a_part_of_the_real_schema() -> None:
    sdl = (SCHEMAS / "stash-0.30.graphql").read_text("utf-8")
    assert differences(build_schema(sdl), real("stash-0.30.introspection.json")) == []


def test_the_newer_stash_adds_nothing_that_0_30_has() -> None:
    old = (SCHEMAS / "stash-0.30.graphql").read_text("utf-8")
    new = build_schema(old + (SCHEMAS / "stash-0.31.graphql").read_text("utf-8"))
    assert sorted(differences(new, real("stash-0.30.introspection.json"))) == [
        "ImageDestroyInput.destroy_file_entry: unknown",
        "ImagesDestroyInput.destroy_file_entry: unknown",
        "Mutation.destroyFiles: unknown",
        "Scene.custom_fields: unknown",
        "SceneDestroyInput.destroy_file_entry: unknown",
        "SceneFilterType.stash_id_count: unknown",
        "SceneFilterType.stash_ids_endpoint: unknown",
        "ScenesDestroyInput.destroy_file_entry: unknown",
        "StashIDsCriterionInput: unknown",
    ]


def test_stash_box_is_a_part_of_the_real_schema() -> None:
    assert differences(build_schema(box_sdl(Flavour.STASH_BOX)), real("stash-box.introspection.json")) == []


def test_the_other_flavour_differs_by_plain_hashes_alone() -> None:
    found = differences(build_schema(box_sdl(Flavour.THEPORNDB)), real("stash-box.introspection.json"))
    assert found
    assert all("String! is FingerprintHash!" in difference for difference in found)
