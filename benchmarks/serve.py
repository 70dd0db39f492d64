"""Measure `barenet serve`: requests of one record each, over connections that are kept open.

python -m benchmarks.serve MODEL [--connections 8] [--seconds 5] [--rows 1]
"""

import argparse
import asyncio
import json
import subprocess
import sys
import urllib.request
from time import perf_counter
from urllib.parse import urlsplit

import numpy as np
import psutil


async def requests(address: str, body: bytes, end: float) -> list[float]:
    """Send requests over a connection until the end; returns the seconds of each."""
    host = urlsplit(address).netloc
    head = f"POST /predict HTTP/1.1\r\nHost: {host}\r\nContent-Length: {len(body)}\r\n\r\n"
    reader, writer = await asyncio.open_connection(*host.split(":"))
    seconds = []
    while (start := perf_counter()) < end:
        writer.write(head.encode() + body)
        status, *fields = (await reader.readuntil(b"\r\n\r\n")).lower().split(b"\r\n")
        length = next(int(each[15:]) for each in fields if each.startswith(b"content-length:"))
        await reader.readexactly(length)
        assert status.startswith(b"http/1.1 200"), status
        seconds.append(perf_counter() - start)
    writer.close()
    return seconds


async def load(address: str, body: bytes, connections: int, seconds: float) -> np.ndarray:
    """The seconds of all requests."""
    end = perf_counter() + seconds
    parts = await asyncio.gather(*(requests(address, body, end) for _ in range(connections)))
    return np.concatenate(parts)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("model")
    parser.add_argument("--connections", type=int, default=8)
    parser.add_argument("--rows", type=int, default=1)
    parser.add_argument("--seconds", type=float, default=5.0)
    given = parser.parse_args()
    command = [sys.executable, "-m", "barenet", "--quiet", "serve", given.model, "--port", "0"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as server:
        address = server.stdout.readline().strip()
        schema = json.load(urllib.request.urlopen(f"{address}metadata"))["schema"]
        body = json.dumps(schema["examples"] * given.rows).encode()
        process, before = psutil.Process(server.pid), psutil.Process(server.pid).cpu_times()
        times = 1e3 * asyncio.run(load(address, body, given.connections, given.seconds))
        cpu = 1e3 * (sum(process.cpu_times()[:2]) - sum(before[:2])) / len(times)
        server.terminate()
    middle, high = np.quantile(times, [0.5, 0.99])
    print(f"{len(times) / given.seconds:,.0f} requests a second, p50 {middle:.1f} ms,", end=" ")
    print(f"p99 {high:.1f} ms; {cpu:.2f} ms of processor time each")


if __name__ == "__main__":
    main()
