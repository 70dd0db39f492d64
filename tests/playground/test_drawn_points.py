import asyncio
import json
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, replace

import numpy as np
import pytest

from barenet.errors import ArgumentError
from barenet.playground._address import read_address
from barenet.playground._data_preparation import prepare_drawn, read_points
from barenet.playground._file_store import FileStore
from barenet.playground._page_state import MAX_DRAWN_POINTS, DataSettings, PageState
from barenet.playground._sessions import Session
from barenet.playground._trainer import Trainer
from barenet.playground._wire_format import MAX_MESSAGE_BYTES

CORNERS = "000001zzzz"


def test_points_are_in_the_address():
    data = read_address(f"data=drawn&points={CORNERS}3zz00").data
    positions, classes = read_points(data.points)
    assert positions.tolist() == [[-2, -2], [2, 2], [2, -2]] and classes.tolist() == [0, 1, 3]
    prepared = FileStore().prepare(data)
    assert prepared.classes == ("class 1", "class 2", "class 3", "class 4")
    np.testing.assert_array_equal(prepared.training[0], positions)
    np.testing.assert_array_equal(prepared.training[1], classes)
    assert prepared.describe()["rows"] == [3, 0]


def test_the_largest_number_of_points_fits_into_a_message():
    data = DataSettings(source="drawn", points="1zzzz" * MAX_DRAWN_POINTS)
    assert len(json.dumps(asdict(PageState(data=data)))) < MAX_MESSAGE_BYTES / 4
    assert prepare_drawn(data).describe()["rows"] == [MAX_DRAWN_POINTS, 0]


@pytest.mark.parametrize("points", ["00000" * 301, "0", "40000", "0ZZZZ", "00000~10000", "0٣٣٣٣"])
def test_other_text_is_no_points(points):
    with pytest.raises(ArgumentError, match="points: expected at most 300 points"):
        DataSettings(source="drawn", points=points)


@pytest.mark.integration
def test_a_new_point_keeps_the_weights_and_is_learned():
    async def run():
        trainer = Trainer(process=False)
        session = Session(trainer, FileStore())
        data = DataSettings(source="drawn", points=CORNERS)
        state = replace(PageState(), data=data)
        await session.configure(state)
        view = session.views[0]

        async def train_to(epoch):
            session.send("run_to", epoch)
            async with asyncio.timeout(60):
                while view.latest.epoch < epoch or view.latest.playing:
                    await asyncio.sleep(0.01)

        await train_to(20)
        weights = view.current().parameters.copy()
        await session.configure(replace(state, data=replace(data, points=CORNERS + "0zz00")))
        assert session.views == [view] and len(session.prepared.points) == 3
        np.testing.assert_array_equal(view.current().parameters, weights)
        await train_to(200)
        X, y = session.prepared.training
        outputs = view.current().forward(X)[0][:, 0]
        np.testing.assert_array_equal(outputs > 0.5, y == 1)
        await session.configure(replace(state, data=replace(data, points=CORNERS + "2zz00")))
        assert session.views[0] is not view, "a third class needs another network"
        session.close()
        trainer.close()

    with ThreadPoolExecutor() as pool:  # the browser's tests have a loop in this thread
        pool.submit(asyncio.run, run()).result()
