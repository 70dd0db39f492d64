"""State: all that an address can say, of the data, of one network or two, and of the pace."""

from __future__ import annotations

from dataclasses import dataclass, field, fields
from typing import Any

from barenet.constraints import check_number
from barenet.playground.design import Design
from barenet.playground.reading import check_list, check_object, known_fields
from barenet.playground.scene import Scene
from barenet.playground.sets import PACE, SUITED

__all__ = ["MOST_PACE", "State"]

MOST_PACE = 10_000.0


@dataclass(frozen=True, kw_only=True)
class State:
    """All that an address can say.

    Attributes
    ----------
    scene : Scene
        The data.
    designs : tuple of Design
        One network, or two.
    pace : float
        Most epochs in a second; 0 for as many as there can be.
    """

    scene: Scene = field(default_factory=Scene)
    designs: tuple[Design, ...] = (Design(),)
    pace: float = PACE

    @classmethod
    def suited(cls, data: str) -> State:
        """Return the settings that suit a named data set.

        Examples
        --------
        >>> State.suited("xor").designs[0].hidden
        (8,)
        """
        settings = dict(SUITED.get(data, {}))
        pace = settings.pop("pace", PACE)
        names = {each.name for each in fields(Scene)}
        scene = {name: settings.pop(name) for name in names & settings.keys()}
        return cls(scene=Scene(data=data, **scene), designs=(Design(**settings),), pace=pace)

    @classmethod
    def read(cls, said: Any) -> State:
        """Check what a page says."""
        known = known_fields(
            check_object(said, "state"), {"scene": {}, "designs": [{}], "pace": PACE}, "state"
        )
        designs = check_list(known["designs"], "designs", most=2)
        if not designs:
            raise ValueError("designs: expected one network, or two")
        return cls(
            scene=Scene.read(check_object(known["scene"], "scene")),
            designs=tuple(Design.read(check_object(each, "design")) for each in designs),
            pace=check_number(known["pace"], "pace", ge=0, le=MOST_PACE),
        )

    def to_dict(self) -> dict[str, Any]:
        """Write it as plain data that `read` takes."""
        return {
            "scene": self.scene.to_dict(),
            "designs": [design.to_dict() for design in self.designs],
            "pace": self.pace,
        }
