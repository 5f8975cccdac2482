"""Compiled documents answer what graphql-core would, and refuse what it would."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest
from graphql import build_schema, execute_sync, parse
from hypothesis import given
from hypothesis import strategies as st

from core.demo.graphql_errors import RequestError
from core.demo.graphql_inputs import InputError, coerce
from core.demo.graphql_projection import Compiler

SDL = """
enum Colour { RED BLUE }
input Point { x: Int! y: Int = 7 label: String tags: [String!] colour: Colour }
type Leaf { id: ID! name: String size(unit: Int = 3): Int }
type Tree { id: ID! name: String leaves: [Leaf!]! grid: [[Leaf]!]! parent: Tree }
type Query { tree: Tree echo(points: [[Point!]!]!, text: String = "none"): String }
"""
SCHEMA = build_schema(SDL)


def leaf(number: int) -> SimpleNamespace:
    return SimpleNamespace(id=number, name=f"leaf {number}", size=lambda _, unit=3: number * unit)


ROOT = SimpleNamespace(id=1, name="root", leaves=[], grid=[], parent=None)
TREE = SimpleNamespace(id=2, name=None, leaves=[leaf(3), leaf(4)], grid=[[leaf(5), None], []], parent=ROOT)
READERS: Any = {"Leaf": {"size": lambda arguments: lambda thing: thing.size(None, arguments["unit"])}}
DOCUMENTS = [
    "{ tree { id name } }",
    "{ t: tree { number: id __typename leaves { id size big: size(unit: 100) } } }",
    "{ tree { parent { parent { id } name } grid { id name } } }",
    "query A { tree { ...F leaves { ...L } } } fragment F on Tree { id parent { id } } fragment L on Leaf { name }",
    "{ tree { ... on Tree { name } ... { id } leaves { id } leaves { name } } }",
    """query($yes: Boolean!, $unit: Int) {
      tree { id @skip(if: $yes) name @include(if: $yes) leaves { size(unit: $unit) } } }""",
    "{ tree { name @skip(if: true) id } }",
    '{ tree { id } __typename __type(name: "Leaf") { name fields { name } } }',
]


def answer(compiler: Compiler, document: str, variables: dict[str, Any]) -> dict[str, Any]:
    plan, _ = compiler.plan(document, None, variables)
    data = compiler.introspect(plan, variables)
    return data | {root.key: root.project(TREE) for root in plan.roots}


@pytest.mark.parametrize("document", DOCUMENTS)
@pytest.mark.parametrize("yes", [True, False])
def test_answers_as_graphql_core(document: str, yes: bool) -> None:
    compiler = Compiler(SCHEMA, READERS)
    variables = {"yes": yes, "unit": 5} if "$yes" in document else {}
    expected = execute_sync(SCHEMA, parse(document), root_value=SimpleNamespace(tree=TREE), variable_values=variables)
    assert expected.errors is None
    for _ in range(2):  # compiled, then kept
        assert answer(compiler, document, variables) == expected.data


@pytest.mark.parametrize(
    "document",
    [
        "{ tree { nothing } }",
        "{ tree",
        "query A { tree { id } } query B { tree { id } }",
        "query A($p: [[Point!]!]!) { echo(points: $p) }",
        "{ echo(points: [[{y: 1}]]) }",
        "query A($p: Nothing) { tree { id } }",
        "{ tree { ...F } } fragment F on Leaf { id }",
    ],
)
def test_refused_documents(document: str) -> None:
    with pytest.raises(RequestError) as caught:
        Compiler(SCHEMA, READERS).plan(document, None, {})
    assert caught.value.errors[0]["message"]
    assert caught.value.errors[0]["extensions"]["code"].startswith("GRAPHQL_")


def test_operation_is_chosen_by_name() -> None:
    compiler = Compiler(SCHEMA, READERS)
    plan, _ = compiler.plan("query A { tree { id } } query B { t: tree { id } }", "B", {})
    assert [root.key for root in plan.roots] == ["t"]


words = st.sampled_from(["", "a", "\u00e9\u202e"])
points = st.fixed_dictionaries(
    {"x": st.integers(-5, 5)},
    optional={
        "y": st.one_of(st.none(), st.integers(0, 9)),
        "label": st.one_of(st.none(), words),
        "tags": st.one_of(st.none(), st.lists(words, max_size=2)),
        "colour": st.sampled_from(["RED", "BLUE"]),
    },
)


@given(st.lists(st.lists(points, max_size=3), max_size=3))
def test_absent_and_null_stay_apart(value: list[list[dict[str, Any]]]) -> None:
    kind = SCHEMA.query_type.fields["echo"].args["points"].type  # type: ignore[union-attr]  # it has a query type
    out = coerce(kind, value, [])
    assert out == [[{"y": 7, **point} for point in group] for group in value]


@pytest.mark.parametrize(
    ("value", "message"),
    [
        ([[{"x": 1, "z": 2}]], "unknown field"),
        ([[{"y": 1}]], "must be defined"),
        ([[{"x": None}]], "cannot be null"),
        ([[{"x": "1"}]], "cannot use str as Int"),
        ([[{"x": 1, "colour": "red"}]], "red is not a valid Colour"),
        ([[{"x": True}]], "cannot use bool as Int"),
        (None, "cannot be null"),
        ([[3]], "must be a Point"),
    ],
)
def test_values_that_do_not_fit(value: Any, message: str) -> None:
    kind = SCHEMA.query_type.fields["echo"].args["points"].type  # type: ignore[union-attr]  # it has a query type
    with pytest.raises(InputError, match=message):
        coerce(kind, value, ["variable", "p"])
