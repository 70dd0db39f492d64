"""A trainer on an event loop, for environments without processes and threads."""

import asyncio

from barenet.playground.trainer._interactive_training import InteractiveTraining
from barenet.playground.trainer._trainer import Command, Trainer, Trainings

#: Seconds of training between processing messages from the page.
TURN = 0.006
#: Seconds until the next turn below which the trainer continues immediately.
LEAST_PAUSE = 0.002


class CooperativeTrainer(Trainer):
    """Trains for some milliseconds at a time, and lets the event loop run in between."""

    def __init__(self) -> None:
        super().__init__()
        self.trainings = Trainings(InteractiveTraining, self._pass_on)
        self.commanded = asyncio.Event()
        self.task = asyncio.get_running_loop().create_task(self._train())

    def close(self) -> None:
        self.task.cancel()

    def _send(self, command: Command) -> None:
        training = self.trainings.get(command.key)
        self.trainings.follow(command)
        if training is not None and command.action == "close":
            training.advance(0.0)  # end its session
        self.commanded.set()

    async def _train(self) -> None:
        """Give each training its turn, and then wait until the next turn is due."""
        while True:
            self.commanded.clear()
            pauses = []
            for training in list(self.trainings.values()):
                if training.is_due:
                    pause = training.advance(TURN)
                    if pause is not None:  # if None, only a command causes another turn
                        pauses.append(pause)
            shortest = min(pauses, default=None)
            if shortest is not None and shortest < LEAST_PAUSE:
                await asyncio.sleep(0)
                continue
            await self._rest(shortest)

    async def _rest(self, pause: float | None) -> None:
        """Wait for a command, or for a pause in seconds."""
        if pause is None:
            await self.commanded.wait()
        else:
            # Use a relative time: in browsers, the event loop raises ValueError for an absolute
            # time that has passed. `asyncio.timeout` would set such a time if the worker is
            # delayed.
            loop = asyncio.get_running_loop()
            alarm = loop.call_later(pause, self.commanded.set)
            await self.commanded.wait()
            alarm.cancel()
