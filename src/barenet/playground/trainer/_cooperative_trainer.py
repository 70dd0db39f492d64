"""The trainer on an event loop, where there are neither processes nor threads."""

import asyncio

from barenet.playground.trainer._interactive_training import InteractiveTraining
from barenet.playground.trainer._trainer import Command, Trainer, Trainings

#: Seconds of training between two messages of the page.
TURN = 0.006
#: Seconds to the next turn, below which it comes at once.
LEAST_PAUSE = 0.002


class CooperativeTrainer(Trainer):
    """Trains for some milliseconds, then lets the event loop go on."""

    def __init__(self) -> None:
        super().__init__()
        self.trainings = Trainings(InteractiveTraining, self._pass_on)
        self.commanded = asyncio.Event()
        self.task = asyncio.get_running_loop().create_task(self._train())

    def close(self) -> None:
        self.task.cancel()

    def _send(self, command: Command) -> None:
        training = self.trainings.get(command[0])
        self.trainings.follow(*command)
        if training is not None and command[1] == "close":
            training.advance(0.0)  # ends its session
        self.commanded.set()

    async def _train(self) -> None:
        """Give each training its turn, then wait until the next one is due."""
        while True:
            self.commanded.clear()
            pauses = []
            for training in list(self.trainings.values()):
                if training.is_due:
                    pause = training.advance(TURN)
                    if pause is not None:  # without one, only a command leads to another turn
                        pauses.append(pause)
            shortest = min(pauses, default=None)
            if shortest is not None and shortest < LEAST_PAUSE:
                await asyncio.sleep(0)
                continue
            await self._rest(shortest)

    async def _rest(self, pause: float | None) -> None:
        """Wait for a command, or until a pause in seconds is over."""
        if pause is None:
            await self.commanded.wait()
        else:
            # The time is relative to now: the event loop of a browser raises ValueError for an
            # absolute one that is over, as that of `asyncio.timeout` is if the worker is held up.
            loop = asyncio.get_running_loop()
            alarm = loop.call_later(pause, self.commanded.set)
            await self.commanded.wait()
            alarm.cancel()
