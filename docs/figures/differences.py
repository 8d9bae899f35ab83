"""The figure of docs/differences.md: ``python docs/figures/differences.py`` writes it anew."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from matplotlib.figure import Figure
from scipy.stats import chi2

import pycwt_mod as pycwt
from pycwt_mod.background import cross_level
from pycwt_mod.datasets import ao_baltic

OURS, THEIRS = "#1b6ca8", "#c8553d"
TARGET = Path(__file__).parents[1] / "images" / "differences.png"


def wrap(axes):
    """A transform that wraps round the ends of a series of 2ᵏ samples."""
    pulse = np.zeros(128)
    pulse[8:24] = np.hanning(16) * np.sin(np.pi / 4 * (np.arange(16) - 7.5))
    for compat, colour, name in (("pycwt-0.5", THEIRS, "pycwt 0.5"), (None, OURS, "pycwt_mod")):
        W = pycwt.cwt(pulse, 1, periods=[24], compat=compat).W
        axes.plot(np.abs(W[0]), color=colour, label=name)
    axes.plot(pulse / 4, color="0.7", lw=0.8, label="series / 4")
    axes.set(
        title="a  A pulse in 128 samples wraps round", xlabel="sample", ylabel="|W|, period 24"
    )
    axes.legend(frameon=False)


def coherence(axes):
    """What the doubled window over scales does to a coherence."""
    _, ao, ice = ao_baltic()
    for compat, colour in (("pycwt-0.5", THEIRS), (None, OURS)):
        result = pycwt.wct(ao, ice, 1, sig=False, compat=compat)
        inside = result.periods[:, None] <= result.coi
        mean = np.array(
            [
                row[keep].mean() if keep.any() else np.nan
                for row, keep in zip(result.WCT, inside, strict=True)
            ]
        )
        axes.plot(result.periods, mean, color=colour)
    axes.set_xscale("log", base=2)
    axes.set_xticks([2, 4, 8, 16, 32], ["2", "4", "8", "16", "32"])
    axes.set(
        title="b  AO and Baltic ice, mean R² by period",
        xlabel="period, years",
        xlim=(2, 36),
        ylabel="R² outside the cone",
    )


def false_alarms(axes):
    """How often noise without relation passes the level of a cross transform."""
    rng = np.random.default_rng(5)
    asked = np.array([0.5, 0.3, 0.2, 0.1, 0.05, 0.02, 0.01])
    sizes = []
    for _ in range(100):
        pair = [pycwt.rednoise(512, g, seed=rng) for g in (0.7, 0.4)]
        cross = pycwt.xwt(*pair, 1)
        outside = cross.periods[:, None] <= cross.coi
        # |W12| over the root of both spectra.
        unit = cross.signif * 2 / cross_level(0.95, 2)
        sizes.append((np.abs(cross.W12) / unit[:, None])[outside])
    values = np.concatenate(sizes)
    for quantile, colour in ((chi2.ppf(1 - asked, 2) / 2, THEIRS), (None, OURS)):
        level = [cross_level(1 - p, 2) / 2 for p in asked] if quantile is None else quantile
        axes.loglog(asked, [(values > z).mean() for z in level], "o-", ms=4, color=colour)
    axes.plot(asked, asked, color="0.7", lw=0.8, zorder=0)
    ticks = [0.01, 0.05, 0.1, 0.5]
    axes.set_xticks(ticks, [f"{p:.0%}" for p in ticks])
    axes.set_yticks([0.001, 0.01, 0.1], ["0.1%", "1%", "10%"])
    axes.minorticks_off()
    axes.set(
        title="c  Red noise that passes the level of xwt",
        xlabel="asked for",
        ylabel="of the points",
    )


def inverse(axes):
    """What is left when a series is made from its transform."""
    nino = pycwt.load_dataset("nino3")
    x = nino.values - nino.values.mean()
    W, sj, *_ = pycwt.cwt(x, 0.25, 1 / 8)
    year = 1871 + 0.25 * np.arange(x.size)
    for method, colour, name in (
        ("classical", THEIRS, "TC98, eq. 11, as pycwt"),
        ("dual", OURS, "least squares"),
    ):
        rest = np.abs(pycwt.icwt(W, sj, 0.25, 1 / 8, method=method) - x)
        axes.semilogy(year, rest + 1e-17, color=colour, lw=0.8, label=name)
    axes.set(
        title="d  NINO3 from its transform: the error",
        xlabel="year",
        ylabel="°C",
        ylim=(1e-17, 1e3),
    )
    axes.legend(frameon=False, loc="upper right", ncols=2)


def main():
    """Draw the four and save them."""
    figure = Figure(figsize=(9, 5.6), layout="constrained")
    for axes, draw in zip(
        figure.subplots(2, 2).flat, (wrap, coherence, false_alarms, inverse), strict=True
    ):
        draw(axes)
        axes.title.set(ha="left", x=0, fontsize=10)
        axes.spines[["top", "right"]].set_visible(False)
    figure.savefig(TARGET, dpi=110, metadata={"Software": None})


if __name__ == "__main__":
    main()
