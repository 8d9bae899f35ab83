"""What pycwt 0.5.0b0 gives for a few short series; run it in an environment that has it.

    python -m venv peer && peer/bin/pip install pycwt==0.5.0b0
    peer/bin/python make_pycwt_0_5.py pycwt-0.5.0b0.npz

Without pyfftw: with it, pycwt doesn't pad at all.
"""

import sys

import numpy as np
import pycwt


def series():
    """Two related series with a mean; 60 samples, and 64, which pycwt doesn't pad."""
    rng = np.random.default_rng(1998)
    noise = rng.standard_normal((2, 68))
    common = np.sin(2 * np.pi * np.arange(68) / 9)
    smooth = [np.convolve(row, [0.5, 0.3, 0.2], "same") for row in noise]
    return 5 + common + smooth[0], common[::-1] - 2 + smooth[1]


def main(path):
    x, y = series()
    out = {"x": x, "y": y}
    cases = {
        "morlet60": (60, {"dj": 0.5, "wavelet": pycwt.Morlet(6)}),
        "morlet64": (64, {"dj": 0.5, "wavelet": pycwt.Morlet(6)}),
        "morlet4": (60, {"dj": 0.5, "wavelet": pycwt.Morlet(4), "J": 8}),
        "paul": (60, {"dj": 0.5, "wavelet": pycwt.Paul(4)}),
        "paul_dropped": (60, {"dj": 1.0, "wavelet": pycwt.Paul(4), "s0": 2.0, "J": 9}),
        "dog": (64, {"dj": 0.5, "wavelet": pycwt.DOG(2)}),
        "dog3": (60, {"dj": 0.5, "wavelet": pycwt.DOG(3)}),
        "freqs": (60, {"freqs": np.array([0.1, 0.03, 0.4])}),
    }
    for name, (n, arguments) in cases.items():
        for key, value in zip(
            ("W", "sj", "freqs", "coi", "fft", "fftfreqs"),
            pycwt.cwt(x[:n], 0.5, **arguments),
            strict=True,
        ):
            out[f"cwt_{name}_{key}"] = value
    for name, normalize in (("units", False), ("normal", True)):
        for key, value in zip(
            ("W12", "coi", "freq", "signif"),
            pycwt.xwt(x[:60], y[:60], 0.5, dj=0.5, normalize=normalize),
            strict=True,
        ):
            out[f"xwt_{name}_{key}"] = value
    for name, n, dj, normalize in (
        ("even", 60, 1 / 12, True),
        ("odd", 64, 0.08, True),
        ("coarse", 64, 0.5, False),
    ):
        keys = ("WCT", "aWCT", "coi", "freq", "sig")
        result = pycwt.wct(x[:n], y[:n], 0.5, dj=dj, J=int(4 / dj), sig=False, normalize=normalize)
        for key, value in zip(keys, result, strict=True):
            if key != "aWCT" or name == "coarse":
                out[f"wct_{name}_{key}"] = value
    np.savez_compressed(path, **out)


if __name__ == "__main__":
    main(sys.argv[1])
