"""What is plugged into this machine, as the kernel's own files tell it."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator

#: FTDI's dual serial chip, and the BL702 that stands in for one: an FPGA board and a Lua board
#: look the same here, so neither is claimed before it has been spoken to.
_BOARD_IDS = {("0403", "6010")}
_SYS = Path("/sys")
_PROC = Path("/proc")


def detect() -> dict[str, Any]:
    """The answer of ``/hardware/detect``; looks, touches nothing, and never raises."""
    boards = [port for port in _usb_serial_ports() if (port["vid"], port["pid"]) in _BOARD_IDS]
    nvidia = _nvidia_gpus()
    state = "unidentified" if boards else "not found"
    return {
        "cpu": {
            "available": True,
            "cores": len(os.sched_getaffinity(0)),
            "model": _cpu_model(),
        },
        "gpu": {
            "available": bool(nvidia),
            "type": "NVIDIA" if nvidia else "None",
            "count": len(nvidia),
            "devices": nvidia,
        },
        "fpga": {
            "available": False,
            "device": None,
            "interface": None,
            "status": state,
            "devices": boards,
        },
        "embedded": {"available": False, "status": state, "devices": boards},
    }


def _read(path: Path) -> str | None:
    try:
        return path.read_text(encoding="utf-8", errors="replace").strip()
    except OSError:
        return None


def _children(path: Path) -> list[Path]:
    try:
        return sorted(path.iterdir())
    except OSError:
        return []


def _cpu_model() -> str:
    for line in (_read(_PROC / "cpuinfo") or "").splitlines():
        name, _, value = line.partition(":")
        if name.strip() in {"model name", "Model", "Hardware"}:
            return value.strip()
    return os.uname().machine


def _nvidia_gpus() -> list[str]:
    found = []
    for folder in _children(_PROC / "driver/nvidia/gpus"):
        text = _read(folder / "information") or ""
        model = next((x.partition(":")[2] for x in text.splitlines() if x.startswith("Model")), "")
        found.append(model.strip() or folder.name)
    return found


def _usb_serial_ports() -> Iterator[dict[str, Any]]:
    for tty in _children(_SYS / "class/tty"):
        try:
            device = (tty / "device").resolve(strict=True)
        except OSError:
            continue
        for folder in (device, *device.parents):
            if (folder / "idVendor").exists():
                yield {
                    "port": f"/dev/{tty.name}",
                    "vid": _read(folder / "idVendor") or "",
                    "pid": _read(folder / "idProduct") or "",
                    "serial_number": _read(folder / "serial"),
                    "description": _read(folder / "product") or "",
                }
                break
