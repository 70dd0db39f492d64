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

from barenet.playground.file_store import FileStore
from barenet.playground.page_state import NetworkSettings
from barenet.playground.network_view import NetworkView
from barenet.playground.opened_models import MODEL_PREFIX, settings_words
from barenet.playground.page_state import PageState
from barenet.playground.prepared_data import PreparedData
from barenet.playground.progress_report import Progress
from barenet.playground.rasterize import drawn_inputs, feature_pictures
from barenet.playground.run_setup import with_fitting_loss
from barenet.playground.step_summary import MOST_WEIGHTS
from barenet.playground.trainer import Trainer

__all__ = ["Session"]

MOST_POINTS = 1500


class Session:
    """Networks, their data, and who looks at them."""

    def __init__(self, trainer: Trainer, store: FileStore) -> None:
        self.trainer, self.store = trainer, store
        self.key = secrets.token_urlsafe(9)
        self.state = PageState()
        self.prepared: PreparedData | None = None
        self.views: list[NetworkView] = []
        self.watchers: dict[object, Callable[[], None]] = {}
        self.version = 0
        self.state_version = self.scene_version = 0
        self.changing = asyncio.Lock()
        self.loop = asyncio.get_running_loop()
        self.left_at = self.loop.time()

    async def configure(self, state: PageState) -> None:
        """Become what a page wants; if that cannot be, stay what it was."""
        async with self.changing:
            await self._configure(state)

    async def _configure(self, state: PageState) -> None:
        prepared = self.prepared
        if prepared is None or state.data != self.state.data:
            prepared = await asyncio.to_thread(self.store.prepared, state.data)
            networks = tuple(with_fitting_loss(settings, prepared) for settings in state.networks)
            state = replace(state, networks=networks)
        new_scene = prepared is not self.prepared
        plans: list[tuple[NetworkView, NetworkSettings | None]] = []
        for place, settings in enumerate(state.networks):
            old = self.views[place] if place < len(self.views) else None
            if not new_scene and old is not None and settings.with_same_network_as(old.settings):
                plans.append((old, settings))
            else:
                view = await asyncio.to_thread(
                    NetworkView, settings, prepared, self.trainer, state.pace
                )
                plans.append((view, None))
        self._become(state, prepared, plans, new_scene)

    def _become(
        self,
        state: PageState,
        prepared: PreparedData,
        plans: list[tuple[NetworkView, NetworkSettings | None]],
        new_scene: bool,
    ) -> None:
        """Change everything at once, now that all of it is found to be right."""
        playing = self.playing
        for view, settings in plans:
            if settings is not None and settings != view.settings:
                view.redesign(settings)
        kept = [view for view, _ in plans]
        for view in self.views:
            if view not in kept:
                view.close()
        fresh = [view for view in kept if view.key is None]
        self.prepared, self.views = prepared, kept
        for view in fresh:
            view.start(self._listener(view))
            if playing:
                view.command("play")
        if state.pace != self.state.pace:
            self.command("pace", state.pace)
        self.state = state
        self.state_version += 1
        self.scene_version += new_scene
        self.touch()

    def command(self, action: str, value: Any = None) -> None:
        """Tell all networks what to do."""
        for view in self.views:
            view.command(action, value)

    @property
    def playing(self) -> bool:
        """Whether a network is learning."""
        return any(view.latest.playing or view.play_ordered for view in self.views)

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
        for view in self.views:
            view.close()
        self.views = []

    def describe(self) -> dict[str, Any]:
        """Tell a page what it plays with."""
        prepared = self.prepared
        assert prepared is not None
        return {
            "type": "state",
            "session": self.key,
            "state": self.state.to_dict(),
            "version": self.state_version,
            "data": self._facts(prepared),
            "networks": [
                {
                    "layout": view.layout(),
                    "drawn": view.drawn,
                    "n_parameters": view.network.n_parameters,
                    "layers": [repr(layer) for layer in view.network.layers],
                }
                for view in self.views
            ],
        }

    def _facts(self, prepared: PreparedData) -> dict[str, Any]:
        """Tell of the data."""
        dataset, plane = prepared.dataset, prepared.plane
        return {
            "name": dataset.name,
            "description": dataset.description,
            "task": dataset.task,
            "classes": dataset.classes,
            "target": dataset.target_name,
            "rows": [prepared.training.n_samples, prepared.test.n_samples],
            "columns": list(prepared.axes[:200]),
            "table": self.store.columns(self.state.data),
            "with_words": self.store.with_words(self.state.data, dataset.target_name),
            "wants": self._wanted(),
            "outputs": self.store.outputs(self.state.data),
            "image": dataset.image_shape,
            "curve": prepared.is_curve,
            "axes": list(plane.names),
            "low": plane.low.tolist(),
            "high": plane.high.tolist(),
            "features": list(prepared.features),
            "inputs": list(prepared.inputs.feature_names[:MOST_WEIGHTS]),
            "drawn_inputs": drawn_inputs(prepared),
            "mean_image": _mean_image(prepared),
            "n_inputs": prepared.inputs.n_features,
            "scaling": prepared.scaling.name,
            "target_scaling": getattr(prepared.target_scaling, "name", "none"),
            "held": prepared.held,
            "settings": settings_words(prepared.model) if prepared.model else "",
            "range": list(prepared.span),
        }

    def scene_arrays(self) -> dict[str, Any]:
        """Collect what is drawn of the data, the same at every epoch."""
        prepared = self.prepared
        assert prepared is not None
        chosen = slice(None, None, -(-len(prepared.points) // MOST_POINTS) or 1)
        y = prepared.dataset.y.astype(float)
        if prepared.classes is None:
            low, high = prepared.span
            y = (y - low) / ((high - low) or 1.0)
        inputs, scales = feature_pictures(prepared)
        return {
            "places": prepared.plane.positions(prepared.points[chosen]),
            "values": y[chosen].astype("float32"),
            "tests": prepared.is_test[chosen].astype("uint8"),
            "inputs": inputs,
            "scales": np.array(scales, np.float32),
        }

    def _wanted(self) -> list[str] | None:
        """The columns of the table that would go with the model, where it is one."""
        data = self.state.data.source
        return self.store.wanted(data) if data.startswith(MODEL_PREFIX) else None

    def _listener(self, view: NetworkView) -> Callable[[Progress | None], None]:
        """Bring reports from the trainer's thread into the event loop."""

        def receive(progress: Progress | None) -> None:
            if view in self.views:
                view.receive(progress)
                self.touch()

        def listen(progress: Progress | None) -> None:
            with contextlib.suppress(RuntimeError):  # the loop is closed: nobody looks any more
                self.loop.call_soon_threadsafe(receive, progress)

        return listen


def _mean_image(prepared: PreparedData) -> list[float]:
    """The mean of all images, each pixel from 0 to 1; empty for other data."""
    if prepared.dataset.image_shape is None:
        return []
    mean = np.mean(prepared.dataset.X, axis=0)
    return np.round(mean / (mean.max() or 1.0), 3).tolist()
