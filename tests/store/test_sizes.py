"""What the store takes up, while it changes."""

from __future__ import annotations

import asyncio
import os
import shutil
from pathlib import Path

from pycwtd.store.store import Store


def test_bytes_are_counted_while_folders_go(tmp_path, monkeypatch):
    """A client that deletes while another asks for totals is no error of the disk's."""
    store = Store(tmp_path)
    try:
        for name in ("jobs/stays", "jobs/goes/inner", "data/goes", "data/stays"):
            (tmp_path / name).mkdir(parents=True)
            (tmp_path / name / "file").write_bytes(b"12345")
        (tmp_path / "data/stays/linked").hardlink_to(tmp_path / "data/stays/file")
        scan, gone = os.scandir, []

        def just_before(path):
            if Path(path).name == "goes":
                gone.append(path)
                # As is, for it walks itself.
                with monkeypatch.context() as patch:
                    patch.setattr(os, "scandir", scan)
                    shutil.rmtree(path)
            return scan(path)

        monkeypatch.setattr(os, "scandir", just_before)
        assert store.bytes_stored() == 10
        assert len(gone) == 2
    finally:
        monkeypatch.undo()
        asyncio.run(store.close())
