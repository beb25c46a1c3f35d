"""What belongs to what in OMERO's graph of objects, as far as the lab keeps it."""

from __future__ import annotations

Key = tuple[str, int]

# What belongs to an object and goes with it: (owner, what refers to it, by which field).
PARTS = [
    ("Fileset", "Image", "fileset"),
    ("Fileset", "FilesetEntry", "fileset"),
    ("Fileset", "FilesetJobLink", "parent"),
    ("Image", "Pixels", "image"),
    ("Pixels", "Channel", "pixels"),
    ("Instrument", "Objective", "instrument"),
    ("Pixels", "PixelsOriginalFileMap", "child"),
    ("Plate", "Well", "plate"),
    ("Plate", "PlateAcquisition", "plate"),
    ("Well", "WellSample", "well"),
    ("PlateAcquisition", "WellSample", "plateAcquisition"),
    ("Job", "JobOriginalFileLink", "parent"),
    ("OriginalFile", "JobOriginalFileLink", "child"),
    ("OriginalFile", "PixelsOriginalFileMap", "parent"),
]
# What is referred to by an object and goes with the last one that does.
SHARED = [
    ("FilesetJobLink", "child"),
    ("FilesetEntry", "originalFile"),
    ("JobOriginalFileLink", "child"),
    ("FileAnnotation", "file"),
    ("Channel", "logicalChannel"),
    ("WellSample", "image"),
    ("Image", "instrument"),
    ("Image", "objectiveSettings"),
    ("Instrument", "microscope"),
    ("ProjectDatasetLink", "child"),
    ("DatasetImageLink", "child"),
    ("ScreenPlateLink", "child"),
]
CONTAINERS = ("ProjectDatasetLink", "DatasetImageLink", "ScreenPlateLink")
# What goes regardless of who owns it.
UNCHECKED = (
    "OriginalFile",
    "LogicalChannel",
    "BooleanAnnotation",
    "CommentAnnotation",
    "DoubleAnnotation",
    "LongAnnotation",
    "TermAnnotation",
    "TimestampAnnotation",
)
# Annotations that go only with an object of the same owner.
WITH_OWNER = ("TagAnnotation", "FileAnnotation")
