"""Input values of a GraphQL request: variables and arguments turned into plain Python values.

Absent keys stay absent, an explicit null is None: a server that tells the two apart can. Custom scalars pass through
as they came. graphql-core would do the same, at a hundred times the cost for a look-up of 40 groups.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, cast

from graphql import (
    BooleanValueNode,
    EnumValueNode,
    FieldNode,
    FloatValueNode,
    GraphQLEnumType,
    GraphQLField,
    GraphQLInputObjectType,
    GraphQLInputType,
    GraphQLList,
    GraphQLNonNull,
    GraphQLSchema,
    IntValueNode,
    ListValueNode,
    NullValueNode,
    ObjectValueNode,
    OperationDefinitionNode,
    StringValueNode,
    ValueNode,
    VariableNode,
    type_from_ast,
)


class InputError(Exception):
    """A variable does not fit its type. `path` leads to the place, as the server would state it."""

    def __init__(self, message: str, path: list[str | int]) -> None:
        self.path = path
        super().__init__(message)


def variable_values(
    schema: GraphQLSchema, operation: OperationDefinitionNode, given: Mapping[str, Any]
) -> dict[str, Any]:
    """The variables of an operation, coerced. Raises InputError."""
    values: dict[str, Any] = {}
    for definition in operation.variable_definitions or ():
        name = definition.variable.name.value
        kind = cast("GraphQLInputType", type_from_ast(schema, definition.type))
        if name in given:
            values[name] = coerce(kind, given[name], ["variable", name])
        elif definition.default_value is not None:
            values[name] = literal(definition.default_value, {})
        elif isinstance(kind, GraphQLNonNull):
            raise InputError("must be defined", ["variable", name])
    return values


def argument_values(field: GraphQLField, node: FieldNode, variables: Mapping[str, Any]) -> dict[str, Any]:
    """The arguments of one field, coerced; those neither given nor with a default are absent. Raises InputError."""
    values: dict[str, Any] = {}
    given = {argument.name.value: argument.value for argument in node.arguments or ()}
    for name, argument in field.args.items():
        value = given.get(name)
        if value is None or (isinstance(value, VariableNode) and value.name.value not in variables):
            default = argument.ast_node.default_value if argument.ast_node else None
            if default is not None:
                values[name] = literal(default, {})
            continue
        if isinstance(value, VariableNode):
            values[name] = variables[value.name.value]
        else:
            values[name] = coerce(argument.type, literal(value, variables), [name])
    return values


def literal(node: ValueNode, variables: Mapping[str, Any]) -> Any:
    """The plain value that a literal in a document states."""
    if isinstance(node, VariableNode):
        return variables.get(node.name.value)
    if isinstance(node, NullValueNode):
        return None
    if isinstance(node, IntValueNode):
        return int(node.value)
    if isinstance(node, FloatValueNode):
        return float(node.value)
    if isinstance(node, StringValueNode | BooleanValueNode | EnumValueNode):
        return node.value
    if isinstance(node, ListValueNode):
        return [literal(item, variables) for item in node.values]
    assert isinstance(node, ObjectValueNode)
    absent = {
        f.name.value for f in node.fields if isinstance(f.value, VariableNode) and f.value.name.value not in variables
    }
    return {f.name.value: literal(f.value, variables) for f in node.fields if f.name.value not in absent}


def coerce(kind: GraphQLInputType, value: Any, path: list[str | int]) -> Any:
    """A given value as its type wants it. Raises InputError."""
    if isinstance(kind, GraphQLNonNull):
        if value is None:
            raise InputError("cannot be null", path)
        kind = kind.of_type
    elif value is None:
        return None
    if isinstance(kind, GraphQLList):
        items = value if isinstance(value, list) else [value]
        return [coerce(kind.of_type, item, [*path, place]) for place, item in enumerate(items)]
    if isinstance(kind, GraphQLInputObjectType):
        return _coerce_object(kind, value, path)
    if isinstance(kind, GraphQLEnumType):
        if not isinstance(value, str) or value not in kind.values:
            raise InputError(f"{value} is not a valid {kind.name}", path)
        return value
    return _coerce_scalar(kind.name, value, path)


def _coerce_object(kind: GraphQLInputObjectType, value: Any, path: list[str | int]) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise InputError(f"must be a {kind.name}", path)
    fields = kind.fields
    for name in value:
        if name not in fields:
            raise InputError("unknown field", [*path, name])
    out: dict[str, Any] = {}
    for name, field in fields.items():
        if name in value:
            out[name] = coerce(field.type, value[name], [*path, name])
            continue
        default = field.ast_node.default_value if field.ast_node else None
        if default is not None:
            out[name] = literal(default, {})
        elif isinstance(field.type, GraphQLNonNull):
            raise InputError("must be defined", [*path, name])
    return out


def _coerce_scalar(name: str, value: Any, path: list[str | int]) -> Any:
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    if name == "ID":
        if isinstance(value, str) or (is_number and isinstance(value, int)):
            return str(value)
    elif name == "String":
        if isinstance(value, str):
            return value
    elif name == "Int":
        if is_number and int(value) == value:
            return int(value)
    elif name == "Float":
        if is_number:
            return float(value)
    elif name == "Boolean":
        if isinstance(value, bool):
            return value
    else:
        return value
    raise InputError(f"cannot use {type(value).__name__} as {name}", path)
