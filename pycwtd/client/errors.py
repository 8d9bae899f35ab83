"""What goes wrong between a client and the daemon, and how long to wait for it to pass."""

from __future__ import annotations

import asyncio
import time

#: First and longest pause between two attempts (seconds): a restart takes about one second.
_FIRST_PAUSE = 0.1
_LONGEST_PAUSE = 2.0


class ClientError(Exception):
    """The daemon didn't do as asked. The text is its own sentence, or says what to do."""

    def __init__(self, detail: str, *, status: int | None = None, code: str = "client") -> None:
        super().__init__(detail)
        self.detail = detail
        #: HTTP status of the answer; None where there was none.
        self.status = status
        #: A word for programs.
        self.code = code

    @property
    def passing(self) -> bool:
        """Whether a restart of the daemon explains it, so that another attempt makes sense."""
        return self.status == 503 and self.code == "service_unavailable"


class UnreachableError(ClientError):
    """No answer came at all."""

    def __init__(self, detail: str, *, lost: bool, silent: float = 0.0) -> None:
        super().__init__(detail, code="unreachable")
        #: For how long nothing had come before that was noticed (seconds).
        self.silent = silent
        #: Whether there was a connection, so that the daemon may have seen the request.
        self.lost = lost

    @property
    def passing(self) -> bool:
        """True: the daemon may be restarting."""
        return True


class Patience:
    """Waits ever longer while the daemon restarts, and gives up in the end.

    A daemon that wasn't there in the first place isn't waited for.
    """

    def __init__(self, seconds: float) -> None:
        self._seconds = seconds
        #: Whether the daemon has been heard at all.
        self.met = False
        self._until: float | None = None
        self._pause = _FIRST_PAUSE

    def renew(self) -> None:
        """All is well: the clock starts anew at the next failure."""
        self.met = True
        self._until = None
        self._pause = _FIRST_PAUSE

    async def after(self, error: ClientError) -> None:
        """Wait before the next attempt.

        Raises:
            ClientError: the given one, where no attempt is left or none makes sense.
        """
        if not isinstance(error, UnreachableError) or error.lost:
            self.met = True
        now = time.monotonic()
        if self._until is None:
            self._until = now + self._seconds
        if not (error.passing and self.met) or now >= self._until:
            raise error
        await asyncio.sleep(self._pause)
        self._pause = min(2 * self._pause, _LONGEST_PAUSE)
