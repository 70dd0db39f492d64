"""Session: what one page plays with, one or two networks on the same data.

It outlives its page by a while, so that a page that has lost the line finds everything again.
"""

from __future__ import annotations

import asyncio
import contextlib
import secrets
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np

from barenet.playground.blueprint import fitting
from barenet.playground.design import Design
from barenet.playground.lane import Lane
from barenet.playground.material import Material
from barenet.playground.models import MODEL_PREFIX, settings_words
from barenet.playground.painter import drawn_inputs, feature_pictures
from barenet.playground.progress import Progress
from barenet.playground.shelf import Shelf
from barenet.playground.state import State
from barenet.playground.trainer import Trainer
from barenet.playground.walk import MOST_WEIGHTS

__all__ = ["Session"]

MOST_POINTS = 1500


class Session:
    """Networks, their data, and who looks at them."""

    def __init__(self, trainer: Trainer, shelf: Shelf) -> None:
        self.trainer, self.shelf = trainer, shelf
        self.key = secrets.token_urlsafe(9)
        self.state = State()
        self.material: Material | None = None
        self.lanes: list[Lane] = []
        self.watchers: dict[object, Callable[[], None]] = {}
        self.version = 0
        self.state_version = self.scene_version = 0
        self.changing = asyncio.Lock()
        self.loop = asyncio.get_running_loop()
        self.left_at = self.loop.time()

    async def configure(self, state: State) -> None:
        """Become what a page wants; if that cannot be, stay what it was."""
        async with self.changing:
            await self._configure(state)

    async def _configure(self, state: State) -> None:
        material = self.material
        if material is None or state.scene != self.state.scene:
            material = await asyncio.to_thread(self.shelf.material, state.scene)
            designs = tuple(fitting(design, material) for design in state.designs)
            state = replace(state, designs=designs)
        new_scene = material is not self.material
        plans: list[tuple[Lane, Design | None]] = []
        for place, design in enumerate(state.designs):
            old = self.lanes[place] if place < len(self.lanes) else None
            if not new_scene and old is not None and design.with_same_network_as(old.design):
                plans.append((old, design))
            else:
                lane = await asyncio.to_thread(Lane, design, material, self.trainer, state.pace)
                plans.append((lane, None))
        self._become(state, material, plans, new_scene)

    def _become(
        self,
        state: State,
        material: Material,
        plans: list[tuple[Lane, Design | None]],
        new_scene: bool,
    ) -> None:
        """Change everything at once, now that all of it is found to be right."""
        playing = self.playing
        for lane, design in plans:
            if design is not None and design != lane.design:
                lane.redesign(design)
        kept = [lane for lane, _ in plans]
        for lane in self.lanes:
            if lane not in kept:
                lane.close()
        fresh = [lane for lane in kept if lane.key is None]
        self.material, self.lanes = material, kept
        for lane in fresh:
            lane.start(self._listener(lane))
            if playing:
                lane.order("play")
        if state.pace != self.state.pace:
            self.order("pace", state.pace)
        self.state = state
        self.state_version += 1
        self.scene_version += new_scene
        self.touch()

    def order(self, verb: str, value: Any = None) -> None:
        """Tell all networks what to do."""
        for lane in self.lanes:
            lane.order(verb, value)

    @property
    def playing(self) -> bool:
        """Whether a network is learning."""
        return any(lane.latest.playing or lane.play_ordered for lane in self.lanes)

    def watch(self, who: object, wake: Callable[[], None]) -> None:
        """Let a page know of every change."""
        self.watchers[who] = wake

    def leave(self, who: object) -> None:
        """Forget a page; without any, nothing is learned."""
        self.watchers.pop(who, None)
        self.left_at = self.loop.time()

    def touch(self) -> None:
        """Tell every page that something has changed."""
        self.version += 1
        for wake in list(self.watchers.values()):
            wake()

    def close(self) -> None:
        """End the trainings."""
        for lane in self.lanes:
            lane.close()
        self.lanes = []

    def describe(self) -> dict[str, Any]:
        """Tell a page what it plays with."""
        material = self.material
        assert material is not None
        return {
            "type": "state",
            "session": self.key,
            "state": self.state.to_dict(),
            "version": self.state_version,
            "data": self._facts(material),
            "networks": [
                {
                    "layout": lane.layout(),
                    "drawn": lane.drawn,
                    "n_parameters": lane.network.n_parameters,
                    "layers": [repr(layer) for layer in lane.network.layers],
                }
                for lane in self.lanes
            ],
        }

    def _facts(self, material: Material) -> dict[str, Any]:
        """Tell of the data."""
        dataset, plane = material.dataset, material.plane
        return {
            "name": dataset.name,
            "description": dataset.description,
            "task": dataset.task,
            "classes": dataset.classes,
            "target": dataset.target_name,
            "rows": [material.training.n_samples, material.held_out.n_samples],
            "columns": list(material.axes[:200]),
            "table": self.shelf.columns(self.state.scene),
            "with_words": self.shelf.with_words(self.state.scene, dataset.target_name),
            "wants": self._wanted(),
            "outputs": self.shelf.outputs(self.state.scene),
            "image": dataset.image_shape,
            "curve": material.is_curve,
            "axes": list(plane.names),
            "low": plane.low.tolist(),
            "high": plane.high.tolist(),
            "features": list(material.features),
            "inputs": list(material.inputs.feature_names[:MOST_WEIGHTS]),
            "drawn_inputs": drawn_inputs(material),
            "mean_image": _mean_image(material),
            "n_inputs": material.inputs.n_features,
            "scaling": material.scaling.name,
            "target_scaling": getattr(material.target_scaling, "name", "none"),
            "held": material.held,
            "settings": settings_words(material.model) if material.model else "",
            "range": list(material.span),
        }

    def scene_arrays(self) -> dict[str, Any]:
        """Collect what is drawn of the data, the same at every epoch."""
        material = self.material
        assert material is not None
        chosen = slice(None, None, -(-len(material.points) // MOST_POINTS) or 1)
        y = material.dataset.y.astype(float)
        if material.classes is None:
            low, high = material.span
            y = (y - low) / ((high - low) or 1.0)
        inputs, scales = feature_pictures(material)
        return {
            "places": material.plane.places(material.points[chosen]),
            "values": y[chosen].astype("float32"),
            "tests": material.is_test[chosen].astype("uint8"),
            "inputs": inputs,
            "scales": np.array(scales, np.float32),
        }

    def _wanted(self) -> list[str] | None:
        """The columns of the table that would go with the model, where it is one."""
        data = self.state.scene.data
        return self.shelf.wanted(data) if data.startswith(MODEL_PREFIX) else None

    def _listener(self, lane: Lane) -> Callable[[Progress | None], None]:
        """Bring reports from the trainer's thread into the event loop."""

        def receive(progress: Progress | None) -> None:
            if lane in self.lanes:
                lane.receive(progress)
                self.touch()

        def listen(progress: Progress | None) -> None:
            with contextlib.suppress(RuntimeError):  # the loop is closed: nobody looks any more
                self.loop.call_soon_threadsafe(receive, progress)

        return listen


def _mean_image(material: Material) -> list[float]:
    """The mean of all images, each pixel from 0 to 1; empty for other data."""
    if material.dataset.image_shape is None:
        return []
    mean = np.mean(material.dataset.X, axis=0)
    return np.round(mean / (mean.max() or 1.0), 3).tolist()
