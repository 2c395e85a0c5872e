"""A headless chromium, driven through its DevTools protocol."""

import base64
import itertools
import json
import shutil
import subprocess
import tempfile
import urllib.request
from pathlib import Path
from typing import Any

import websocket

PROGRAMS = ("chromium", "chromium-browser", "google-chrome")
FLAGS = (
    "--headless=new",
    "--no-sandbox",  # It runs as root in containers.
    "--disable-gpu",
    "--disable-dev-shm-usage",
    "--no-first-run",
    "--remote-debugging-port=0",
    "--remote-allow-origins=*",
)
PATIENCE = 60
"""Seconds to wait for an answer, enough for a loaded machine."""


def program() -> str | None:
    """Return the path of this machine's browser."""
    return next((path for name in PROGRAMS if (path := shutil.which(name))), None)


class Browser:
    """One window, as a context that closes it."""

    def __enter__(self) -> "Browser":
        path = program()
        assert path is not None
        self._folder = tempfile.TemporaryDirectory(ignore_cleanup_errors=True)
        self._process = subprocess.Popen(
            [path, *FLAGS, f"--user-data-dir={self._folder.name}", "about:blank"],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            text=True,
        )
        # Its second line of stderr: "DevTools listening on ws://127.0.0.1:<port>/devtools/…".
        address = next(line for line in self._process.stderr if "DevTools listening on" in line)
        host = address.split("//")[1].split("/")[0]
        with urllib.request.urlopen(f"http://{host}/json", timeout=PATIENCE) as answer:
            [page] = [tab for tab in json.load(answer) if tab["type"] == "page"]
        self._socket = websocket.create_connection(page["webSocketDebuggerUrl"], timeout=PATIENCE)
        self._numbers = itertools.count(1)
        self.events: list[dict[str, Any]] = []
        for domain in ("Page", "Runtime", "Network", "Log"):
            self.send(f"{domain}.enable")
        return self

    def __exit__(self, *_: object) -> None:
        self._socket.close()
        self._process.terminate()
        self._process.wait(PATIENCE)
        self._process.stderr.close()
        self._folder.cleanup()

    def send(self, method: str, **params: Any) -> Any:
        """Call a method of the protocol, and wait for its result."""
        number = next(self._numbers)
        self._socket.send(json.dumps({"id": number, "method": method, "params": params}))
        while (message := json.loads(self._socket.recv())).get("id") != number:
            self.events.append(message)
        assert "error" not in message, message
        return message["result"]

    def open(self, path: Path, *, width: int, dark: bool = False, media: str = "") -> None:
        """Open a file in a window of a width, and wait until it is loaded."""
        self.send(
            "Emulation.setDeviceMetricsOverride",
            width=width,
            height=900,
            deviceScaleFactor=1,
            mobile=width < 600,
        )
        scheme = {"name": "prefers-color-scheme", "value": "dark" if dark else "light"}
        self.send("Emulation.setEmulatedMedia", media=media, features=[scheme])
        self.events.clear()
        self.send("Page.navigate", url=path.as_uri())
        while all(event["method"] != "Page.loadEventFired" for event in self.events):
            self.events.append(json.loads(self._socket.recv()))

    def evaluate(self, script: str) -> Any:
        """Return the JSON value of a script's expression."""
        reply = self.send("Runtime.evaluate", expression=script, returnByValue=True)
        assert "exceptionDetails" not in reply, reply
        return reply["result"]["value"]

    def heard(self, method: str) -> list[dict[str, Any]]:
        """Return the events of a kind since the page was opened."""
        return [event["params"] for event in self.events if event["method"] == method]

    def screenshot(self, path: Path, *, whole: bool = True) -> None:
        """Write the visible part, or the whole page, as PNG."""
        reply = self.send("Page.captureScreenshot", captureBeyondViewport=whole)
        path.write_bytes(base64.b64decode(reply["data"]))
