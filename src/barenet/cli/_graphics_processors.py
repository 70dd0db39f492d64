"""The NVIDIA GPUs of this machine, and the devices that JAX finds."""

import os
import shutil
import subprocess
from importlib import metadata

from barenet.engines.jax._jax_library import devices
from barenet.errors import ArgumentError, MissingExtraError

#: The program of NVIDIA's driver that lists GPUs, and its options for a line with the name of each.
NVIDIA_SMI = "nvidia-smi"
OPTIONS = ("--query-gpu=name,memory.total", "--format=csv,noheader")

#: Longest time in seconds that the program may take; it waits for a GPU that does not answer.
PATIENCE = 10.0

#: Names of the packages by which JAX finds NVIDIA's GPUs, for each version of CUDA.
JAX_PLUGINS = ("jax-cuda13-plugin", "jax-cuda12-plugin")


def list_gpus() -> list[str]:
    """List the NVIDIA GPUs, each with its memory, such as "NVIDIA H100, 81559 MiB"."""
    program = shutil.which(NVIDIA_SMI)
    if program is None:
        return []
    try:
        listed = subprocess.run(
            [program, *OPTIONS], capture_output=True, text=True, timeout=PATIENCE, check=True
        )
    except (OSError, subprocess.SubprocessError):  # there is a driver, but no GPU that it can use
        return []
    return [line.strip() for line in listed.stdout.splitlines() if line.strip()]


def list_jax_devices() -> list[str]:
    """List the kinds of the devices that JAX finds, with the one that it trains on first.

    The list is empty if JAX is not installed, or finds no device.
    """
    try:
        jax_devices = devices()
    except (ArgumentError, MissingExtraError):
        return []
    return [device.device_kind for device in jax_devices]


def advice_on_jax() -> list[str]:
    """Advise what to do if JAX is installed, and finds no device."""
    try:
        devices()
    except MissingExtraError:
        return []
    except ArgumentError as error:
        return [f"{error.problem}: {error.remedy}."]
    return []


def has_jax_plugin() -> bool:
    """Return whether a package is installed by which JAX finds NVIDIA's GPUs."""
    installed = {distribution.name for distribution in metadata.distributions()}
    return not installed.isdisjoint(JAX_PLUGINS)


def advice_on_gpus(gpus: list[str], jax_devices: list[str]) -> str:
    """Advise how to train on these GPUs, of which there is at least one."""
    which = f"{gpus[0]}: engine='jax' trains on it"
    pays = "which pays for wide layers, populations of networks and ensembles of many rows"
    if jax_devices and jax_devices[0] != "cpu":
        return f"{which}, {pays}."
    platforms = os.environ.get("JAX_PLATFORMS", "")
    if platforms and not {"cuda", "gpu"} & set(platforms.split(",")):
        return f"{which} ({pays}), once JAX_PLATFORMS={platforms} is unset, which excludes GPUs."
    if has_jax_plugin():
        command = """python -c 'import jax; jax.devices("cuda")'"""
        return f"{which} ({pays}), once JAX finds it; the error of this command explains: {command}"
    return f"{which} ({pays}), once JAX is installed for it: pip install 'jax[cuda13]'."
