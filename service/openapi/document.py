"""The OpenAPI document: FastAPI's, with our problems in place of its error bodies, and with keys and examples."""

from http import HTTPStatus
from types import ModuleType
from typing import Any

from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi

from ..access.auth import COOKIE, is_open, scope_for
from ..edge.prefix import address
from ..edge.problems import Problem
from ..uploads.addressed import ADDRESSED
from ..webhooks import examples
from . import headers, refusals

_REF = "#/components/schemas/{model}"
_SCHEMES = {
    "key": {
        "type": "http",
        "scheme": "bearer",
        "bearerFormat": "phc_…",
        "description": "An API key, made by `photochrom keys create`; required where PHOTOCHROM_AUTH=keys.",
    },
    "session": {
        "type": "apiKey",
        "in": "cookie",
        "name": COOKIE,
        "description": "What POST /v1/session gives a browser for a key, for the service's own page; "
        "over https its name begins with `__Host-`, under a path of a proxy it ends with that.",
    },
}


def describe(app: FastAPI) -> None:
    """Make `app.openapi()` describe what the app really answers; built once, on first use."""

    def openapi() -> dict[str, Any]:
        if app.openapi_schema is None:
            if not app.webhooks.routes:
                app.webhooks.include_router(examples.event_calls())
            schema = get_openapi(
                title=app.title,
                version=app.version,
                description=app.description,
                routes=app.routes,
                webhooks=app.webhooks.routes,
            )
            app.openapi_schema = _completed(schema, app.state.settings.keys_required)
        prefix = address("")
        return {**app.openapi_schema, "servers": [{"url": prefix}]} if prefix else app.openapi_schema

    app.openapi = openapi  # type: ignore[method-assign]


def _completed(schema: dict[str, Any], keys_required: bool) -> dict[str, Any]:
    for path, calls in schema["paths"].items():
        for method, call in calls.items():
            if not is_open(path):
                _ask_for_key(call, method.upper(), path, keys_required)
            _give_examples(call, path)
            refusals.add_common(call["responses"], method.upper())
            headers.add(call, method.upper())
    for events in schema["webhooks"].values():
        # FastAPI treats these as calls that it validates; we send them to receivers.
        events["post"]["responses"].pop("422")
    components = schema["components"]
    components["schemas"] = {
        name: model for name, model in components["schemas"].items() if "ValidationError" not in name
    }
    problem = Problem.model_json_schema(ref_template=_REF)
    components["schemas"] |= {**problem.pop("$defs"), "Problem": problem}
    components["examples"] = refusals.examples()
    components["headers"] = headers.components()
    components["securitySchemes"] = _SCHEMES
    return schema


def _ask_for_key(call: dict[str, Any], method: str, path: str, required: bool) -> None:
    """Describe what `auth.KeyGuard` does to the call."""
    scope = scope_for(method, path)
    scopes = [scope] if scope else []
    call["security"] = [*([] if required else [{}]), {"key": scopes}, {"session": scopes}]
    refusals.add_of_keys(call["responses"])


def _give_examples(call: dict[str, Any], path: str) -> None:
    """Add an example of each body and parameter that has none of its own."""
    samples = _samples()
    for status, answer in call["responses"].items():
        if int(status) < HTTPStatus.BAD_REQUEST:
            for body in answer.get("content", {}).values():
                _show(body, samples.OF_CALL.get(path, {}))
    for kind, body in call.get("requestBody", {}).get("content", {}).items():
        if body["schema"].get("title") == ADDRESSED["title"]:
            body["examples"] = samples.ADDRESSED
        _show(body, {"form": samples.FORM} if kind == "multipart/form-data" else {})
    for parameter in call.get("parameters", ()):
        if parameter["name"] in samples.PARAMETERS and "examples" not in parameter["schema"]:
            parameter["example"] = samples.PARAMETERS[parameter["name"]]


def _samples() -> ModuleType:
    """Return the samples: to make them takes a tenth of an API's start, and few ask for its document."""
    from . import samples

    return samples


def _show(body: dict[str, Any], otherwise: dict[str, Any]) -> None:
    found = _samples().OF_SCHEMA.get(_model_of(body.get("schema", {})), otherwise)
    if found and "examples" not in body:
        body["examples"] = {name: {"value": value} for name, value in found.items()}


def _model_of(schema: dict[str, Any]) -> str:
    """Return the name of a body's model, also where the body is optional."""
    choices = (schema, *schema.get("anyOf", ()))
    return next((choice["$ref"].rpartition("/")[2] for choice in choices if "$ref" in choice), "")
