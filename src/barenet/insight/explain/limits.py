"""Limits: how much of an explanation is shown whole, and how little of the rest.

They are a matter of taste, and stand together so that they can be weighed against each other.
"""

from __future__ import annotations

__all__ = [
    "APART_DIGITS",
    "LARGEST_ENTRIES",
    "MEAN_DIGITS",
    "MOST_DIGITS",
    "MOST_NAMES",
    "SMALL_ARRAY_ENTRIES",
    "SMALL_NETWORK_PARAMETERS",
    "SUMMARY_ENTRIES",
    "SUMMARY_LETTERS",
    "UNFOLDED_ENTRIES",
]

#: Parameters of a network that is small, and is shown whole.
SMALL_NETWORK_PARAMETERS = 32

#: Entries of an array that is shown whole where a small network or a neuron is explained; whatever
#: is shown, all gradients of such an array are checked.
SMALL_ARRAY_ENTRIES = 64

#: Entries of an array that is shown whole in a larger network, so that its step has room on a
#: screen or two.
SUMMARY_ENTRIES = 4

#: Entries of a larger array that are shown one by one, the largest ones.
LARGEST_ENTRIES = 5

#: Inputs that are named; of more, those with the largest numbers are.
MOST_NAMES = 16

#: Entries of an array that a browser shows when the line on it is opened.
UNFOLDED_ENTRIES = 4096

#: Letters of a line on an array in a browser.
SUMMARY_LETTERS = 90

#: More digits than a float64 has would be noise.
MOST_DIGITS = 17

#: Digits of a mean, in a line that has little room.
MEAN_DIGITS = 4

#: Digits of a distance between a gradient and its differences: only its size matters.
APART_DIGITS = 2
