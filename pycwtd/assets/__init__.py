"""What the documentation pages are made of: other people's programs, put here by the build.

The files come from the package ``drf-spectacular-sidecar``, which carries Swagger UI 5.33.1
(Apache-2.0) and Redoc 2.5.4 (MIT) as their makers publish them. Their digests are checked by
the build, and by every browser before it runs one.
"""

from __future__ import annotations

#: Where the files lie in the package, and their SHA-256, by the names that they get here.
FOREIGN: dict[str, tuple[str, str]] = {
    "swagger-ui.css": (
        "swagger-ui-dist/swagger-ui.css",
        "1ac324f7dcd27e4b9386b4bd6421271ec147e922a22c05ba24b11515e9aa6321",
    ),
    "swagger-ui-bundle.js": (
        "swagger-ui-dist/swagger-ui-bundle.js",
        "050bc415ee7048dcd881682678f720264e7da5e373f7461d7c58c755305255f7",
    ),
    "swagger-ui.LICENSE.txt": (
        "swagger-ui-dist/LICENSE",
        "cfc7749b96f63bd31c3c42b5c471bf756814053e847c10f3eb003417bc523d30",
    ),
    "favicon.png": (
        "swagger-ui-dist/favicon-32x32.png",
        "3ed612f41e050ca5e7000cad6f1cbe7e7da39f65fca99c02e99e6591056e5837",
    ),
    "redoc.standalone.js": (
        "redoc/bundles/redoc.standalone.js",
        "dcaf76612bc4a3fbcc923a8966dee2f6146a5f32e5ce1b6f02dd60cbbf89500b",
    ),
    "redoc.LICENSE.txt": (
        "redoc/LICENSE",
        "d3026d549cf68ab7355bcfa85877bf8f845b3334a7efbfdc63936432fb34ff0e",
    ),
    "redoc.standalone.LICENSE.txt": (
        "redoc/bundles/redoc.standalone.js.LICENSE.txt",
        "eed602ec32e00b2b9df1984fbcc26a687b1b3193ec01961389c4b8439e6edf73",
    ),
}
#: Ours.
OWN = ("docs.js", "redoc.js")
