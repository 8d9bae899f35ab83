"""Types of uploaded series, as requests take them and answers give them."""

from __future__ import annotations

from typing import Annotated, Any

from msgspec import Meta, Struct


class UploadForm(Struct, forbid_unknown_fields=True):
    """The parts of an upload."""

    #: CSV, a JSON array, .npy, .npz or NetCDF.
    file: str
    #: A JSON object as text. Its field column names one of several columns or variables, by name
    #: or by number from 0 on; gaps, true or false, says whether samples may be missing: NaN, null,
    #: empty cells, fill values. The others are kept as they are.
    metadata: str = "{}"


class UploadMetadata(Struct):
    """What the daemon itself reads of the metadata."""

    column: Annotated[int, Meta(ge=0)] | Annotated[str, Meta(min_length=1)] | None = None
    #: Whether samples may be missing.
    gaps: bool = False


class Uploaded(Struct):
    """An upload that is on disk."""

    data_id: str
    filename: str
    #: Samples.
    length: int
    message: str


class DataView(Struct):
    """An uploaded series."""

    data_id: str
    filename: str
    #: csv, json, npy, npz or netcdf, as found by its first bytes.
    format: str
    #: Samples.
    length: int
    #: Samples of them that aren't there.
    missing: int
    #: Size of the file as it came, and its digest.
    bytes: int
    sha256: str
    owner: str
    created_at: str
    metadata: dict[str, Any]


class DataPreview(Struct):
    """An uploaded series in a few numbers; null where samples are missing."""

    data_id: str
    #: Samples, and those of them that aren't there.
    length: int
    missing: int
    #: Of all that are there; the standard deviation is divided by their number.
    mean: float | None
    std: float | None
    minimum: float | None
    maximum: float | None
    #: Of each of ``points`` equal stretches, or of each sample of a shorter series.
    minima: list[float | None]
    maxima: list[float | None]


class DataList(Struct):
    """A page of uploaded series, newest first."""

    data: list[DataView]
    #: Pass it as ``cursor`` for the next page; null on the last one.
    next_cursor: str | None


class Deleted(Struct):
    """Something that is gone."""

    data_id: str
    message: str
