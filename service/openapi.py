"""The OpenAPI document: FastAPI's, with our problems in the place of its own error bodies."""

from typing import Any

from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi

from .problems import MEDIA_TYPE, Problem

_REF = "#/components/schemas/{model}"


def describe(app: FastAPI) -> None:
    """Have `app.openapi()` tell what the app really answers; built once, on first use."""

    def openapi() -> dict[str, Any]:
        if app.openapi_schema is None:
            schema = get_openapi(
                title=app.title,
                version=app.version,
                description=app.description,
                routes=app.routes,
                webhooks=app.webhooks.routes,
            )
            app.openapi_schema = _with_problems(schema)
        return app.openapi_schema

    app.openapi = openapi  # type: ignore[method-assign]


def _with_problems(schema: dict[str, Any]) -> dict[str, Any]:
    for calls in schema["paths"].values():
        for call in calls.values():
            for status, response in call["responses"].items():
                if int(status) >= 400:
                    response["content"] = {MEDIA_TYPE: {"schema": {"$ref": _REF.format(model="Problem")}}}
            call["responses"]["500"] = {"$ref": "#/components/responses/Unexpected"}
    for events in schema["webhooks"].values():
        # FastAPI takes these for calls that it validates; they are ours to receivers.
        events["post"]["responses"].pop("422")
    components = schema["components"]
    components["schemas"] = {
        name: model for name, model in components["schemas"].items() if "ValidationError" not in name
    }
    problem = Problem.model_json_schema(ref_template=_REF)
    components["schemas"] |= {**problem.pop("$defs"), "Problem": problem}
    unexpected = {MEDIA_TYPE: {"schema": {"$ref": _REF.format(model="Problem")}}}
    components["responses"] = {"Unexpected": {"description": "A fault of ours", "content": unexpected}}
    return schema
