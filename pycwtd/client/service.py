"""The daemon itself: totals, hardware, metrics, how fast its backends are."""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import quote

import aiohttp

from pycwtd.api.benchmark_types import BenchmarkResult
from pycwtd.api.types import BackendStatus, Hardware, Recommendation, Stats

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pycwtd.client.client import Client

_API = "/api/v1"

__all__ = ["BackendStatus", "BenchmarkResult", "Hardware", "Recommendation", "Service", "Stats"]


class Service:
    """The daemon that a client is connected to."""

    def __init__(self, client: Client) -> None:
        self._client = client

    async def stats(self) -> Stats:
        """Totals since the state directory was made."""
        return await self._client.ask("GET", f"{_API}/stats", Stats)

    async def hardware(self) -> Hardware:
        """What is plugged in."""
        return await self._client.ask("GET", f"{_API}/hardware/detect", Hardware)

    async def metrics(self) -> str:
        """The metrics in Prometheus' text format."""
        return await self._client.text("/metrics")

    async def backend(self, name: str) -> BackendStatus:
        """One backend by its name or alias, with what has been measured of it."""
        path = f"{_API}/backends/{quote(name, safe='')}/status"
        return await self._client.ask("GET", path, BackendStatus)

    async def recommend(
        self,
        realisations: int = 300,
        samples: int = 1000,
        *,
        estimator: str = "cascade",
        priority: str = "speed",
    ) -> Recommendation:
        """The backend for a significance test, by what has been measured.

        Args:
            realisations: of the Monte Carlo.
            samples: of the series.
            estimator: cascade or full.
            priority: speed, power or reliability.
        """
        query = {
            **{"n_simulations": str(realisations), "data_size": str(samples)},
            **{"estimator": estimator, "priority": priority},
        }
        path = f"{_API}/backends/recommend"
        return await self._client.ask("GET", path, Recommendation, params=query)

    async def benchmark(
        self,
        backends: Sequence[str],
        *,
        samples: int = 1000,
        realisations: int = 100,
        estimator: str = "cascade",
    ) -> BenchmarkResult:
        """Have backends timed with the same work, one after the other.

        Args:
            backends: their names.
            samples: of the series.
            realisations: of the Monte Carlo.
            estimator: cascade or full.
        """
        body = {
            **{"backends": list(backends), "signal_length": samples},
            **{"mc_count": realisations, "estimator": estimator},
        }
        # The daemon itself bounds how long that takes, and says nothing meanwhile.
        timeout = aiohttp.ClientTimeout(total=None)
        return await self._client.ask(
            "POST", f"{_API}/benchmark", BenchmarkResult, json=body, timeout=timeout
        )
