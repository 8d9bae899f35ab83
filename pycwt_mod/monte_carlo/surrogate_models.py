"""Surrogates: series that share something with the data and nothing else with anyone.

Each model keeps one property of a series and randomises the rest, so that the coherence of two
surrogates tells what that property alone brings about. Red noise (:mod:`pycwt_mod.noise`) is the
field's usual choice; these are for series that AR(1) noise doesn't describe: with spectral peaks
(:class:`Autoregressive`, :class:`PhaseRandomised`), far from Gaussian (:class:`IAAFT`), or with
short-lived structure of a shape to be kept (:class:`BlockBootstrap`).

A surrogate depends on the model, the seed and its number alone.
"""

from __future__ import annotations

import abc
import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import scipy
from scipy import fft as sp_fft

from pycwt_mod import checks
from pycwt_mod.noise import ar1, ar1_filter

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

#: Draws one surrogate, float64[samples].
Draw = Callable[[np.random.Generator], "NDArray[np.float64]"]
#: Highest order of an autoregressive model that is looked at by default, of N samples:
#: 10·log10 N, as R's ``ar`` has it.
_ORDERS = 10.0
#: Passes after which IAAFT stops where its order of ranks still changes; it settles within some
#: tens as a rule.
_PASSES = 200


class SurrogateModel(abc.ABC):
    """What the surrogates of a series keep of it."""

    #: Whether surrogates may be longer than the series they are made from.
    any_length = False

    @abc.abstractmethod
    def fit(self, x: NDArray[np.float64], length: int) -> Draw:
        """Look at a series, and tell how to draw surrogates of it.

        Args:
            x: N finite samples, not constant.
            length: samples of a surrogate; N, but for models of :attr:`any_length`.
        """


@dataclass(frozen=True)
class RedNoise(SurrogateModel):
    """AR(1) noise: keeps the variance and the lag-1 autocorrelation, see :func:`pycwt_mod.ar1`."""

    any_length = True

    def fit(self, x: NDArray[np.float64], length: int) -> Draw:
        """Red noise of any length."""
        found = ar1(x)
        return lambda rng: ar1_filter(found.a * rng.standard_normal(length), found.g)


@dataclass(frozen=True)
class WhiteNoise(SurrogateModel):
    """White noise: keeps the variance alone."""

    any_length = True

    def fit(self, x: NDArray[np.float64], length: int) -> Draw:
        """White noise of any length."""
        deviation = float(x.std())
        return lambda rng: deviation * rng.standard_normal(length)


@dataclass(frozen=True)
class Autoregressive(SurrogateModel):
    """AR(p) noise: keeps the autocorrelation up to lag p, and thereby broad spectral peaks.

    The coefficients solve the Yule–Walker equations (Levinson's recursion); where no order is
    given, it minimises Akaike's criterion N·ln σ²(p) + 2p over p ≤ 10·log10 N.
    """

    order: int | None = None

    any_length = True

    def fit(self, x: NDArray[np.float64], length: int) -> Draw:
        """AR(p) noise of any length, stationary from its first sample on.

        Raises:
            ValueError: the order isn't below the length of the series.
        """
        most = min(x.size - 1, int(_ORDERS * math.log10(x.size)))
        if self.order is not None:
            most = checks.whole(self.order, "order", 1, x.size - 1)
        predictors, variances = _levinson(_autocovariance(x, most))
        p = self.order
        if p is None:
            orders = np.arange(1, most + 1)
            p = 1 + int(np.argmin(x.size * np.log(variances[1:]) + 2 * orders))

        def draw(rng: np.random.Generator) -> NDArray[np.float64]:
            z = rng.standard_normal(max(length, p))
            # The best predictors of lower order start the process as its past would have.
            start = np.empty(p)
            for t in range(p):
                start[t] = predictors[t] @ start[:t][::-1] + math.sqrt(variances[t]) * z[t]
            a = np.concatenate([[1.0], -predictors[p]])
            state = -np.array([a[i + 1 :] @ start[::-1][: p - i] for i in range(p)])
            rest, _ = scipy.signal.lfilter([1.0], a, math.sqrt(variances[p]) * z[p:], zi=state)
            return np.concatenate([start, rest])[:length]

        return draw


@dataclass(frozen=True)
class PhaseRandomised(SurrogateModel):
    """Keeps the periodogram, draws the phases (Theiler et al. 1992, Physica D 58, 77–94).

    The series is taken for periodic: where its ends don't meet, as with a trend, the jump is in
    every surrogate's spectrum; detrend first. Surrogates are closer to Gaussian than the series.
    """

    def fit(self, x: NDArray[np.float64], length: int) -> Draw:
        """Series of the same periodogram."""
        amplitudes = np.abs(sp_fft.rfft(x - x.mean()))

        def draw(rng: np.random.Generator) -> NDArray[np.float64]:
            phases = rng.uniform(0, 2 * np.pi, amplitudes.size)
            if length % 2 == 0:  # the Nyquist frequency's is 0 or π
                phases[-1] = np.pi * rng.integers(2)
            surrogate: NDArray[np.float64] = sp_fft.irfft(amplitudes * np.exp(1j * phases), length)
            return surrogate

        return draw


@dataclass(frozen=True)
class IAAFT(SurrogateModel):
    """Keeps every value, and the periodogram as well as that allows.

    Iterative amplitude-adjusted Fourier transform (Schreiber & Schmitz 1996, Phys. Rev. Lett.
    77, 635–638): from a random order on, the periodogram and the values are imposed in turn until
    the order stays. For series far from Gaussian, like rainfall.
    """

    def fit(self, x: NDArray[np.float64], length: int) -> Draw:
        """Permutations of the series of nearly the same periodogram."""
        del length  # that of the series
        values = np.sort(x - x.mean())
        amplitudes = np.abs(sp_fft.rfft(x - x.mean()))

        def draw(rng: np.random.Generator) -> NDArray[np.float64]:
            surrogate = rng.permutation(values)
            before = None
            for _ in range(_PASSES):
                spectrum = sp_fft.rfft(surrogate)
                size = np.abs(spectrum)
                turned = np.where(size > 0, spectrum / np.where(size > 0, size, 1), 1)
                order = np.argsort(sp_fft.irfft(amplitudes * turned, x.size), kind="stable")
                surrogate = np.empty_like(values)
                surrogate[order] = values
                if before is not None and np.array_equal(order, before):
                    break
                before = order
            return surrogate

        return draw


@dataclass(frozen=True)
class BlockBootstrap(SurrogateModel):
    """Pieces of the series in random order: keeps all that happens within a piece.

    Circular block bootstrap (Politis & Romano 1992). Nothing is kept at scales beyond the length
    of the blocks; that is by default Carlstein's (1986, Ann. Stat. 14, 1171–1179), the best one
    for the mean of AR(1) noise of coefficient α: (√6·α/(1 − α²))^(2/3)·N^(1/3).
    """

    #: Samples of a block.
    length: int | None = None

    def fit(self, x: NDArray[np.float64], length: int) -> Draw:
        """Blocks of the series, joined.

        Raises:
            ValueError: the blocks' length isn't below that of the series.
        """
        if self.length is None:
            g = abs(ar1(x).g)
            best = (math.sqrt(6) * g / (1 - g * g)) ** (2 / 3) * x.size ** (1 / 3)
            block = min(max(1, round(best)), x.size // 2)
        else:
            block = checks.whole(self.length, "length", 1, x.size - 1)
        pieces = -(-length // block)

        def draw(rng: np.random.Generator) -> NDArray[np.float64]:
            starts = rng.integers(x.size, size=pieces)
            index = (starts[:, None] + np.arange(block)).ravel()[:length] % x.size
            surrogate: NDArray[np.float64] = x[index] - x.mean()
            return surrogate

        return draw


#: Models by name.
MODELS: dict[str, SurrogateModel] = {
    "ar1": RedNoise(),
    "white": WhiteNoise(),
    "ar": Autoregressive(),
    "phase": PhaseRandomised(),
    "iaaft": IAAFT(),
    "bootstrap": BlockBootstrap(),
}


def find_model(model: str | SurrogateModel, name: str = "model") -> SurrogateModel:
    """A model by its name, or itself.

    Raises:
        TypeError: it is neither.
        ValueError: there is no model of that name.
    """
    if isinstance(model, SurrogateModel):
        return model
    if not isinstance(model, str):
        raise TypeError(f"{name} must be a name or a SurrogateModel, not {model!r}")
    if model not in MODELS:
        raise ValueError(f"{name} must be one of {', '.join(MODELS)}, not {model!r}")
    return MODELS[model]


def surrogates(
    x: ArrayLike, count: int = 1, model: str | SurrogateModel = "iaaft", *, seed: int | None = None
) -> NDArray[np.float64]:
    """Surrogates of a series.

    Args:
        x: N real samples, at least 4, not constant.
        count: how many.
        model: "ar1", "white", "ar", "phase", "iaaft", "bootstrap", or a
            :class:`SurrogateModel`.
        seed: 0 ≤ seed < 2⁶⁴; None draws one.

    Returns:
        Series of zero mean (but for chance), float64[count, N].

    Raises:
        TypeError: an argument isn't a number, or the series isn't made of real numbers.
        ValueError: an argument is out of range.
    """
    values = checks.series(x, "x")
    number = checks.whole(count, "count", 1, 2**32)
    draw = find_model(model).fit(values, values.size)
    if seed is None:
        seed = int(np.random.default_rng().integers(2**63))
    key = checks.whole(seed, "seed", 0, 2**64 - 1)
    return np.stack([draw(stream(key, k)) for k in range(number)])


def stream(seed: int, realisation: int, series: int = 0) -> np.random.Generator:
    """The random numbers of one surrogate, by counter: any may be drawn without the others.

    Args:
        seed: 0 ≤ seed < 2⁶⁴.
        realisation: its number.
        series: which of the series of a realisation.
    """
    # The generator counts in the lowest of the four words.
    counter = np.array([0, 0, series, realisation], dtype=np.uint64)
    key = np.array([seed, 0], dtype=np.uint64)
    return np.random.Generator(np.random.Philox(counter=counter, key=key))


def _autocovariance(x: NDArray[np.float64], lags: int) -> NDArray[np.float64]:
    """The biased estimate, whose Yule–Walker solution is always stationary."""
    y = x - x.mean()
    n = sp_fft.next_fast_len(2 * x.size, real=True)
    power = np.abs(sp_fft.rfft(y, n)) ** 2
    found: NDArray[np.float64] = sp_fft.irfft(power, n)[: lags + 1] / x.size
    return found


def _levinson(
    covariance: NDArray[np.float64],
) -> tuple[list[NDArray[np.float64]], NDArray[np.float64]]:
    """Best linear predictors of every order, and the variances of what they leave.

    Levinson's recursion (Brockwell & Davis 1991, *Time Series*, proposition 5.2.1).

    Returns:
        for p = 0 … lags: the coefficients of x[t−1] … x[t−p], and the innovations' variance.
    """
    predictors = [np.zeros(0)]
    variances = [float(covariance[0])]
    for p in range(1, covariance.size):
        last = predictors[-1]
        partial = (covariance[p] - last @ covariance[p - 1 : 0 : -1]) / variances[-1]
        predictors.append(np.append(last - partial * last[::-1], partial))
        # A pure oscillation leaves nothing; the logarithm and the root need a trace.
        variances.append(max(variances[-1] * (1 - partial**2), 1e-12 * variances[0]))
    return predictors, np.array(variances)
