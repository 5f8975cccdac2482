"""How tests of the demo servers ask them."""

from __future__ import annotations

from typing import Any

import httpx

from core.demo.graphql_http import DemoServer

JSON = {"Accept": "application/json"}


async def ask(
    client: httpx.AsyncClient,
    server: DemoServer,
    query: str,
    variables: dict[str, Any] | None = None,
    *,
    key: str | None = None,
) -> Any:
    response = await client.post(
        server.endpoint,
        json={"query": query, "variables": variables or {}},
        headers={"ApiKey": server.api_key if key is None else key},
    )
    assert response.status_code == 200, response.text
    return response.json()


UPDATE = """mutation U($input: SceneUpdateInput!) {
  sceneUpdate(input: $input) { id title urls updated_at stash_ids { endpoint stash_id updated_at } } }"""
