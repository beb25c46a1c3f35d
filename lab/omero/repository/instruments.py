"""Makes the rows of microscopes and objectives that a file speaks of."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import omero.model
from omero.rtypes import rdouble, rstring

from lab.omero.repository.reading import Instrument, Objective, Picture
from lab.omero.saving import Saver


def _text(value: str | None) -> Any:
    return rstring(value) if value is not None else None


def _kind(kind: Any, value: str) -> Any:
    kind.value = rstring(value)
    return kind


class Instruments:
    """The instruments of one file, each saved once for all its images."""

    def __init__(self, saver: Saver, instruments: Sequence[Instrument]) -> None:
        self._instruments: dict[str, Any] = {}
        self._objectives: dict[str, Any] = {}
        for instrument in instruments:
            made, objectives = _instrument(instrument)
            saver.save(made)
            self._instruments[instrument.identifier] = made.proxy()
            self._objectives |= {identifier: objective.proxy() for identifier, objective in objectives.items()}

    def describe(self, image: Any, picture: Picture) -> None:
        """Say of an image, before it is saved, what it was taken with."""
        image.instrument = self._instruments.get(picture.instrument)
        if picture.objective in self._objectives:
            image.objectiveSettings = omero.model.ObjectiveSettingsI()
            image.objectiveSettings.objective = self._objectives[picture.objective]


def _instrument(instrument: Instrument) -> tuple[Any, dict[str, Any]]:
    made = omero.model.InstrumentI()
    if instrument.has_microscope:
        made.microscope = omero.model.MicroscopeI()
        made.microscope.manufacturer, made.microscope.model = _text(instrument.manufacturer), _text(instrument.model)
        made.microscope.type = _kind(omero.model.MicroscopeTypeI(), instrument.kind)
    objectives = {each.identifier: _objective(each) for each in instrument.objectives}
    for objective in objectives.values():
        made.addObjective(objective)
    return made, objectives


def _objective(objective: Objective) -> Any:
    made = omero.model.ObjectiveI()
    made.manufacturer, made.model = _text(objective.manufacturer), _text(objective.model)
    made.nominalMagnification = rdouble(objective.magnification) if objective.magnification is not None else None
    made.lensNA = rdouble(objective.aperture) if objective.aperture is not None else None
    made.immersion = _kind(omero.model.ImmersionI(), objective.immersion)
    made.correction = _kind(omero.model.CorrectionI(), objective.correction)
    return made
