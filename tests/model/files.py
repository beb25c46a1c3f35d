"""The files of the model of units: names, what they hold, and which say something about each other."""

from __future__ import annotations

from tests.pictures import focal_halves

LOWER, UPPER = "lower.ome.tiff", "upper.ome.tiff"
HALVES = dict(zip((LOWER, UPPER), focal_halves((LOWER, UPPER)), strict=True))
WHAT = {
    "picture": ("a.tif", "a.tiff", "c.dv", "d.vsi", "e.nd", "e_w1.tif", "g.czi", LOWER),
    "text": ("a.txt", "b.txt", "c.dv.log", "_d_/s/f.ets", "README"),
    LOWER: (LOWER,),
    UPPER: (UPPER,),
    "companion": ("x.companion.ome",),
}
"""What files hold, and the names that such files are given."""

BELONGING = (
    ("a.tif", "a.tiff", "a.txt"),
    ("a.tif", "a.txt", "b.txt"),
    ("d.vsi", "_d_/s/f.ets"),
    (LOWER, UPPER),
    ("c.dv", "c.dv.log", "g.czi"),
    ("x.companion.ome", LOWER, UPPER),
    ("e.nd", "e_w1.tif"),
)
"""Files that say something about each other."""
