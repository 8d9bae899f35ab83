"""Registers behind multipliers, moved into the DSP blocks, which have them: yosys doesn't.

A product whose every bit goes into a plain register of one clock, and nowhere else, is that block's
with ``OUT_REG``: the same cycle, and 36 flip-flops fewer in a chip whose flip-flops are short.
"""

from __future__ import annotations

from collections import defaultdict
from typing import Any

Cell = dict[str, Any]


def absorb(netlist: dict[str, Any], top: str = "top") -> int:
    """Change a netlist of yosys in place.

    Args:
        netlist: as ``write_json`` writes it.
        top: the module.

    Returns:
        How many registers' bits were moved.
    """
    module = netlist["modules"][top]
    cells: dict[str, Cell] = module["cells"]
    sinks: dict[Any, list[tuple[str, str]]] = defaultdict(list)
    for name, cell in cells.items():
        for port, bits in cell["connections"].items():
            if cell["port_directions"][port] == "input":
                for bit in bits:
                    sinks[bit].append((name, port))
    for port in module["ports"].values():
        for bit in port["bits"]:
            sinks[bit].append(("", ""))
    high, low = (_constant(cells, kind, port) for kind, port in (("VCC", "V"), ("GND", "G")))
    moved = 0
    for cell in [one for one in cells.values() if one["type"] == "MULT18X18"]:
        registers = _registers(cell, cells, sinks)
        if not registers:
            continue
        clock = next(iter(registers.values()))["connections"]["CLK"]
        found = {bit: one["connections"]["Q"][0] for bit, one in registers.items()}
        out = cell["connections"]["DOUT"]
        cell["connections"] |= {
            **{"DOUT": [found.get(bit, bit) for bit in out]},
            **{"CLK": clock, "CE": [high], "RESET": [low]},
        }
        cell["parameters"]["OUT_REG"] = "1"
        for bit in registers:
            del cells[sinks[bit][0][0]]
        moved += len(registers)
    return moved


def _constant(cells: dict[str, Cell], kind: str, port: str) -> Any:
    return next(one["connections"][port][0] for one in cells.values() if one["type"] == kind)


def _registers(
    cell: Cell, cells: dict[str, Cell], sinks: dict[Any, list[tuple[str, str]]]
) -> dict[Any, Cell]:
    """The register of every bit of a product that is used; none if one has something else."""
    found: dict[Any, Cell] = {}
    for bit in cell["connections"]["DOUT"]:
        if not sinks[bit]:
            continue
        name, port = sinks[bit][0]
        register = cells.get(name)
        if len(sinks[bit]) > 1 or register is None or (register["type"], port) != ("DFF", "D"):
            return {}
        found[bit] = register
    clocks = {tuple(one["connections"]["CLK"]) for one in found.values()}
    return found if len(clocks) == 1 else {}
