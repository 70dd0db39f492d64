"""What a pupil meets on the way through the course, and a teacher beside it."""

import pytest

pytestmark = pytest.mark.integration


@pytest.mark.parametrize(
    ("address", "words"),
    [
        ("#lesson=loss&step=3", "0.69 more each time p halves"),
        ("#lesson=error-back&step=2", "the sigmoid, squeezes the sum into a probability"),
        ("#lesson=error-back&step=3", "dL/dy, how much L changes with y"),
        ("#lesson=steps", "SGD, the plain steps downhill of lesson 3"),
    ],
)
def test_a_word_of_mathematics_is_explained_beside_its_picture(tab, address, words):
    page = tab(address)
    page.until_text("#lesson .story", words)


def test_the_panel_of_the_first_lesson_explains_its_words(tab):
    page = tab("#lesson=one-neuron&step=7")
    page.open_neuron(1)
    assert "the sigmoid, a curve like an S," in page.text("#neuron .why")
    assert "a standard deviation, a typical distance from it" in page.text("#neuron .likeness")
