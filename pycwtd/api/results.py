"""Results in the form that the client wants, streamed from their files."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pycwtd.api.answers import JSON, NPZ, send_file
from pycwtd.api.problems import Problem
from pycwtd.hosts.host import HostDiedError, HostError

if TYPE_CHECKING:
    from aiohttp import web

    from pycwtd.api.context import Context
    from pycwtd.store.records import Job


async def send_result(
    request: web.Request, context: Context, record: Job, form: str
) -> web.StreamResponse:
    """Send the result of a completed job.

    Raises:
        Problem: 406 where JSON would be too large, 500 where the file is gone.
    """
    folder = context.store.folder(record.id)
    name = f"{record.kind}-{record.id[:8]}"
    if form == "npz":
        return await send_file(request, folder / "result.npz", NPZ, f"{name}.npz")
    path = folder / "result.json"
    if not path.exists():
        try:
            told = await context.engine.render(folder, context.config.limits.json_numbers)
        except (HostError, HostDiedError) as error:
            raise Problem(500, f"the result can't be written as JSON: {error}") from None
        if "too_large" in told:
            raise Problem(
                406,
                f"this result has {told['too_large']} numbers, more than the "
                f"{context.config.limits.json_numbers} that are sent as JSON; ask for {NPZ}",
            )
    return await send_file(request, path, JSON, f"{name}.json")
