"""`/docs`: Swagger's page, with relative addresses, which hold under whatever path a proxy serves us."""

from fastapi import APIRouter
from fastapi.openapi.docs import get_swagger_ui_html
from fastapi.responses import HTMLResponse

FILES = "/static-offline-docs"
_FILES = FILES.removeprefix("/")
router = APIRouter(include_in_schema=False)


@router.api_route("/docs", methods=["GET", "HEAD"])
async def docs() -> HTMLResponse:
    """Return the page on which the calls can be tried."""
    return get_swagger_ui_html(
        openapi_url="openapi.json",
        title="Photochrom",
        oauth2_redirect_url=None,
        swagger_js_url=f"{_FILES}/swagger-ui-bundle.js",
        swagger_css_url=f"{_FILES}/swagger-ui.css",
        swagger_favicon_url="web/icon.svg",
    )
