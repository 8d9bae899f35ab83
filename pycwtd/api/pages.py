"""The pages for people: ``/docs`` and ``/redoc``, with everything that they need, from here."""

from __future__ import annotations

import asyncio
import base64
from importlib import resources
from typing import TYPE_CHECKING

from aiohttp import web

from pycwtd.api.problems import Problem
from pycwtd.assets import FOREIGN, OWN

if TYPE_CHECKING:
    from collections.abc import Sequence

_MEDIA = {
    "js": "text/javascript",
    "css": "text/css",
    "png": "image/png",
    "txt": "text/plain",
}
#: Nothing from anywhere else, and no scripts in the page; both programs write styles into it,
#: and Redoc searches in a worker that it makes itself.
_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; "
    "img-src 'self' data:; font-src 'self' data:; connect-src 'self'; worker-src 'self' blob:; "
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)
_PAGE = """<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>PyCWT REST API</title>
<link rel="icon" href="/assets/favicon.png">
{links}
</head>
<body><div id="page"></div></body>
</html>
"""


def _integrity(name: str) -> str:
    """What a browser compares a file with before it runs it (W3C Subresource Integrity)."""
    if name not in FOREIGN:
        return ""
    digest = base64.b64encode(bytes.fromhex(FOREIGN[name][1])).decode()
    return f' integrity="sha256-{digest}"'


def _page(names: Sequence[str]) -> web.Response:
    links = []
    for name in names:
        where = f'"/assets/{name}"{_integrity(name)}'
        if name.endswith(".css"):
            links.append(f'<link rel="stylesheet" href={where}>')
        else:
            links.append(f"<script src={where}></script>")
    return web.Response(
        text=_PAGE.format(links="\n".join(links)),
        content_type="text/html",
        headers={"Content-Security-Policy": _POLICY, "Referrer-Policy": "no-referrer"},
    )


async def docs(_request: web.Request) -> web.StreamResponse:
    """The interactive page."""
    return _page(("swagger-ui.css", "swagger-ui-bundle.js", "docs.js"))


async def redoc(_request: web.Request) -> web.StreamResponse:
    """The reference page."""
    return _page(("redoc.standalone.js", "redoc.js"))


async def asset(request: web.Request) -> web.StreamResponse:
    """A file that a page is made of."""
    name = request.match_info["name"]
    if name not in FOREIGN and name not in OWN:
        raise Problem(404, f"there is no file {ascii(name)[1:-1]}", code="no_file")
    body = await asyncio.to_thread(_content, name)
    response = web.Response(body=body, content_type=_MEDIA[name.rpartition(".")[2]])
    response.headers["Cache-Control"] = "no-cache" if name in OWN else "max-age=86400"
    if not name.endswith("png"):
        response.enable_compression()
    return response


def _content(name: str) -> bytes:
    return (resources.files("pycwtd.assets") / name).read_bytes()
