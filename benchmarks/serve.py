"""Measure `barenet serve`, with requests over connections that are kept open."""

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
        (length,) = (each[15:] for each in fields if each.startswith(b"content-length:"))
        await reader.readexactly(int(length))
        assert status.startswith(b"http/1.1 200"), status
        seconds.append(perf_counter() - start)
    writer.close()
    return seconds


async def load(address: str, body: bytes, connections: int, seconds: int) -> np.ndarray:
    end = perf_counter() + seconds
    several = [requests(address, body, end) for _ in range(connections)]
    return np.concatenate(await asyncio.gather(*several))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("model")
    for name, value in {"connections": 8, "rows": 1, "seconds": 5}.items():
        parser.add_argument(f"--{name}", type=int, default=value)
    given = parser.parse_args()
    command = [sys.executable, "-m", "barenet", "--quiet", "serve", given.model, "--port", "0"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as server:
        address = server.stdout.readline().strip()
        schema = json.load(urllib.request.urlopen(f"{address}metadata"))["schema"]
        body = json.dumps(schema["examples"] * given.rows).encode()
        before = (process := psutil.Process(server.pid)).cpu_times()
        times = 1e3 * asyncio.run(load(address, body, given.connections, given.seconds))
        cpu = 1e3 * (sum(process.cpu_times()[:2]) - sum(before[:2])) / len(times)
        server.terminate()
    middle, high = np.quantile(times, [0.5, 0.99])
    speed = f"{len(times) / given.seconds:,.0f} requests a second, p50 {middle:.1f} ms"
    print(f"{speed}, p99 {high:.1f} ms; {cpu:.2f} ms of processor time each")


if __name__ == "__main__":
    main()
