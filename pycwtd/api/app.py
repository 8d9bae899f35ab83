"""The aiohttp application: the table of operations behind the middleware."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from aiohttp import web

from pycwtd.api.admission import RULES_KEY
from pycwtd.api.answers import JSON
from pycwtd.api.bodies import HELD, later, limit_body
from pycwtd.api.context import CONTEXT, TAKES
from pycwtd.api.metrics import METERS, Meters, measure
from pycwtd.api.middleware import announce, identify, translate
from pycwtd.api.permissions import rules_of
from pycwtd.api.routes import operations
from pycwtd.api.submit import found

if TYPE_CHECKING:
    from pycwtd.api.context import Context


def make_app(context: Context) -> web.Application:
    """The application that serves a daemon's parts.

    Raises:
        NoRuleError: there is a route that nobody has said who may use.
    """
    app = web.Application(
        middlewares=[measure, identify, translate, found, limit_body],
        client_max_size=context.config.limits.body_bytes,
    )
    app[CONTEXT] = context
    app[METERS] = Meters()
    context.engine.observers.append(app[METERS].job_ended)
    app[RULES_KEY] = rules_of(operations())
    app[HELD] = {}
    app[TAKES] = {o.path: o.takes for o in operations() if o.takes != JSON}
    app[TAKES] |= {path.rstrip("/"): media for path, media in app[TAKES].items()}
    app.on_response_prepare.append(announce)
    for operation in operations():
        methods = ["GET", "HEAD"] if operation.method == "GET" else [operation.method]
        paths = {operation.path}
        # Collections answer with and without their slash.
        if operation.path.endswith("/") and operation.path != "/":
            paths.add(operation.path.rstrip("/"))
        for method in methods:
            for path in sorted(paths):
                pattern = _pattern(path)
                app.router.add_route(method, pattern, operation.handler, expect_handler=later)
    return app


def _pattern(path: str) -> str:
    """A path in the router's words: ``{id}`` stands for anything but its literal siblings.

    Else ``Allow`` would tell of methods that a literal path doesn't take.
    """
    parent, _, last = path.rpartition("/")
    siblings = {o.path.rpartition("/") for o in operations()}
    literals = sorted(name for above, _, name in siblings if above == parent and "{" not in name)
    if not last.startswith("{") or not any(literals):
        return path
    others = "|".join(re.escape(name) for name in literals if name)
    return f"{parent}/{{{last.strip('{}')}:(?!(?:{others})$)[^{{}}/]+}}"
