"""GraphQL documents compiled into functions over the library's objects.

A document is parsed and validated once against the SDL (graphql-core), then turned into a tree of closures; the plan
is kept by document and operation name. Introspection is left to graphql-core. What stands behind an interface or a
union is told by the object's attribute `graphql_type`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from operator import attrgetter
from typing import Any, cast

from graphql import (
    DocumentNode,
    FieldNode,
    FragmentDefinitionNode,
    FragmentSpreadNode,
    GraphQLError,
    GraphQLField,
    GraphQLList,
    GraphQLNonNull,
    GraphQLObjectType,
    GraphQLOutputType,
    GraphQLSchema,
    InlineFragmentNode,
    OperationDefinitionNode,
    SelectionNode,
    SelectionSetNode,
    execute_sync,
    get_named_type,
    is_abstract_type,
    is_leaf_type,
    parse,
    validate,
)

from core.demo.graphql_errors import RequestError, ResolverError, text_list
from core.demo.graphql_inputs import InputError, argument_values, literal, variable_values

Reader = Callable[[Any], Any]
ReaderMaker = Callable[[dict[str, Any]], Reader]
Readers = Mapping[str, Mapping[str, Reader | ReaderMaker]]


@dataclass(frozen=True, slots=True)
class RootField:
    """One field at the top of an operation. `node` still holds the arguments, which differ from call to call."""

    key: str
    name: str
    node: FieldNode
    field: GraphQLField
    project: Callable[[Any], Any]

    def arguments(self, variables: Mapping[str, Any]) -> dict[str, Any]:
        """The arguments for one call, absent ones left out. Raises ResolverError for a literal that does not fit."""
        try:
            return argument_values(self.field, self.node, variables)
        except InputError as error:
            raise ResolverError(str(error)) from None


@dataclass(frozen=True, slots=True)
class Plan:
    """A compiled operation; `introspection` is the part of it that asks about the schema."""

    kind: str
    name: str
    operation: OperationDefinitionNode
    roots: tuple[RootField, ...]
    introspection: DocumentNode | None


class Compiler:
    """Turns documents into plans for one schema.

    `readers`: type name -> field name -> how to read it from an object. A field that takes arguments has a function
    of those arguments that makes the reader. Fields not named are read as attributes of the same name.
    """

    def __init__(self, schema: GraphQLSchema, readers: Readers) -> None:
        self.schema = schema
        self.readers = readers
        self._plans: dict[tuple[str, str | None], Plan] = {}

    def plan(self, text: str, operation_name: str | None, given: Mapping[str, Any]) -> tuple[Plan, dict[str, Any]]:
        """The plan of a request and its coerced variables. Raises RequestError."""
        plan = self._plans.get((text, operation_name))
        try:
            if plan is not None:
                return plan, variable_values(self.schema, plan.operation, given)
            document = _parsed(self.schema, text)
            operation = _pick(document, operation_name)
            variables = variable_values(self.schema, operation, given)
            compilation = _Compilation(self, document, variables)
            plan = compilation.run(operation)
        except InputError as error:
            raise RequestError([text_list(error, "GRAPHQL_VALIDATION_FAILED")]) from None
        if not compilation.used_variables:
            if len(self._plans) > 500:
                self._plans.clear()
            self._plans[text, operation_name] = plan
        return plan, variables

    def introspect(self, plan: Plan, given: Mapping[str, Any]) -> dict[str, Any]:
        """The answer to the part of a plan that asks about the schema."""
        if plan.introspection is None:
            return {}
        result = execute_sync(self.schema, plan.introspection, variable_values=dict(given))
        return result.data or {}


@lru_cache(maxsize=1000)
def _parsed(schema: GraphQLSchema, text: str) -> DocumentNode:
    """A document that is valid, the same for all servers of one schema. Raises RequestError."""
    try:
        document = parse(text)
    except GraphQLError as error:
        raise RequestError([text_list(error, "GRAPHQL_PARSE_FAILED")]) from None
    if errors := validate(schema, document):
        raise RequestError([text_list(error, "GRAPHQL_VALIDATION_FAILED") for error in errors])
    return document


def _pick(document: DocumentNode, name: str | None) -> OperationDefinitionNode:
    operations = [node for node in document.definitions if isinstance(node, OperationDefinitionNode)]
    if name:
        operations = [node for node in operations if node.name and node.name.value == name]
    if len(operations) != 1:
        message = f"operation {name} not found" if name else "operation name is required"
        raise RequestError([{"message": message, "extensions": {"code": "GRAPHQL_VALIDATION_FAILED"}}])
    return operations[0]


class _Compilation:
    """The compiling of one operation. `used_variables`: the selection depends on them, so it cannot be kept."""

    def __init__(self, compiler: Compiler, document: DocumentNode, variables: Mapping[str, Any]) -> None:
        self.schema = compiler.schema
        self.readers = compiler.readers
        self.document = document
        self.variables = variables
        self.used_variables = False
        self.fragments = {
            node.name.value: node for node in document.definitions if isinstance(node, FragmentDefinitionNode)
        }

    def run(self, operation: OperationDefinitionNode) -> Plan:
        root = cast("GraphQLObjectType", self.schema.get_root_type(operation.operation))
        roots: list[RootField] = []
        asked: list[SelectionNode] = []
        for key, nodes in self._collect(root, [operation.selection_set]).items():
            node = nodes[0]
            name = node.name.value
            if name in ("__schema", "__type", "__typename"):
                asked.extend(nodes)
                continue
            field = root.fields[name]
            roots.append(RootField(key, name, node, field, self._project(field.type, nodes)))
        return Plan(
            kind=operation.operation.value,
            name=operation.name.value if operation.name else "",
            operation=operation,
            roots=tuple(roots),
            introspection=self._introspection(operation, asked) if asked else None,
        )

    def _introspection(self, operation: OperationDefinitionNode, asked: list[SelectionNode]) -> DocumentNode:
        part = OperationDefinitionNode(
            operation=operation.operation,
            name=operation.name,
            variable_definitions=operation.variable_definitions,
            directives=(),
            selection_set=SelectionSetNode(selections=tuple(asked)),
        )
        return DocumentNode(definitions=(part, *self.fragments.values()))

    def _collect(self, kind: GraphQLObjectType, sets: list[SelectionSetNode]) -> dict[str, list[FieldNode]]:
        """Response key -> the field nodes that feed it, in the order of the document."""
        out: dict[str, list[FieldNode]] = {}
        for selection in sets:
            for node in self._flatten(kind, selection):
                key = node.alias.value if node.alias else node.name.value
                out.setdefault(key, []).append(node)
        return out

    def _flatten(self, kind: GraphQLObjectType, selection: SelectionSetNode) -> Iterator[FieldNode]:
        for node in selection.selections:
            if not self._is_included(node):
                continue
            if isinstance(node, FieldNode):
                yield node
                continue
            inner: FragmentDefinitionNode | InlineFragmentNode
            if isinstance(node, FragmentSpreadNode):
                inner = self.fragments[node.name.value]
            else:
                inner = cast("InlineFragmentNode", node)
            if inner.type_condition is None or self._fits(kind, inner.type_condition.name.value):
                yield from self._flatten(kind, inner.selection_set)

    def _fits(self, kind: GraphQLObjectType, condition: str) -> bool:
        if kind.name == condition:
            return True
        wanted = self.schema.type_map[condition]
        return is_abstract_type(wanted) and self.schema.is_sub_type(wanted, kind)

    def _is_included(self, node: SelectionNode) -> bool:
        for directive in node.directives or ():
            argument = next(iter(directive.arguments or ()), None)
            if argument is None:
                continue
            self.used_variables = True
            if bool(literal(argument.value, self.variables)) is (directive.name.value == "skip"):
                return False
        return True

    def _project(self, kind: GraphQLOutputType, nodes: list[FieldNode]) -> Callable[[Any], Any]:
        """A function from a value to what the client asked of it, lists and nulls included."""
        if isinstance(kind, GraphQLNonNull):
            return self._project(kind.of_type, nodes)
        if isinstance(kind, GraphQLList):
            item = self._project(kind.of_type, nodes)
            return lambda values: None if values is None else [item(value) for value in values]
        if is_leaf_type(kind):
            if kind.name == "ID":
                return lambda value: None if value is None else str(value)
            return lambda value: value
        sets = [node.selection_set for node in nodes if node.selection_set]
        if is_abstract_type(kind):
            possible = {one.name: self._fields(one, sets) for one in self.schema.get_possible_types(kind)}
            return lambda value: (
                None if value is None else {key: read(value) for key, read in possible[value.graphql_type]}
            )
        fields = self._fields(cast("GraphQLObjectType", kind), sets)
        return lambda value: None if value is None else {key: read(value) for key, read in fields}

    def _fields(self, kind: GraphQLObjectType, sets: list[SelectionSetNode]) -> list[tuple[str, Reader]]:
        out: list[tuple[str, Reader]] = []
        for key, nodes in self._collect(kind, sets).items():
            name = nodes[0].name.value
            if name == "__typename":
                out.append((key, _constant(kind.name)))
                continue
            field = kind.fields[name]
            read = self._reader(kind.name, name, field, nodes[0])
            if is_leaf_type(get_named_type(field.type)) and not _holds_id(field.type):
                out.append((key, read))
                continue
            out.append((key, _chain(read, self._project(field.type, nodes))))
        return out

    def _reader(self, kind: str, name: str, field: GraphQLField, node: FieldNode) -> Reader:
        reader = self.readers.get(kind, {}).get(name)
        if reader is None:
            return attrgetter(name)
        if not field.args:
            return reader
        if any(literal_uses_variable(argument.value) for argument in node.arguments or ()):
            self.used_variables = True
        return cast("ReaderMaker", reader)(argument_values(field, node, self.variables))


def literal_uses_variable(node: Any) -> bool:
    """Whether a value in a document is, or holds, a variable."""
    if hasattr(node, "values"):
        return any(literal_uses_variable(item) for item in node.values)
    if hasattr(node, "fields"):
        return any(literal_uses_variable(item.value) for item in node.fields)
    return bool(node.kind == "variable")


def _holds_id(kind: GraphQLOutputType) -> bool:
    return get_named_type(kind).name == "ID"


def _chain(read: Reader, project: Callable[[Any], Any]) -> Reader:
    return lambda value: project(read(value))


def _constant(value: object) -> Reader:
    return lambda _: value
