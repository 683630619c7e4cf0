"""A tab of a real headless browser that does as a person would: files, keys, sizes, screenshots (DevTools protocol)."""

import base64
import fcntl
import json
import os
import subprocess
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from made_browser import CHROMIUM

_OPTIONS = ["--headless", "--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-background-networking",
            "--disable-component-update", "--disable-sync", "--remote-debugging-pipe"]  # fmt: skip
_CODES = {"ArrowDown": 40, "ArrowUp": 38, "ArrowLeft": 37, "ArrowRight": 39, "Escape": 27, "Tab": 9, "Enter": 13}


class Tab:
    """Speaks to one page; `console` collects what the page and the browser complain of."""

    def __init__(self, send: int, receive: int) -> None:
        self.send, self.receive = send, receive
        self.console: list[str] = []
        self._left, self._number, self._session = b"", 0, ""
        target = self.call("Target.createTarget", url="about:blank")["targetId"]
        self._session = self.call("Target.attachToTarget", targetId=target, flatten=True)["sessionId"]
        for part in ("Page", "Runtime", "Log", "DOM"):
            self.call(f"{part}.enable")

    def call(self, method: str, **parameters: Any) -> Any:
        """One command and its answer."""
        self._number += 1
        told: dict[str, Any] = {"id": self._number, "method": method, "params": parameters}
        if self._session:
            told["sessionId"] = self._session
        os.write(self.send, json.dumps(told).encode() + b"\0")
        while True:
            found = self._message()
            if found.get("id") == self._number:
                assert "error" not in found, found["error"]
                return found["result"]

    def open(self, url: str, *, width: int = 1280, height: int = 860, dark: bool = False) -> None:
        """Go there and wait until `ready` scripts can run."""
        self.size(width, height)
        theme = {"name": "prefers-color-scheme", "value": "dark" if dark else "light"}
        self.call("Emulation.setEmulatedMedia", features=[theme])
        self.call("Page.navigate", url=url)
        self.until("document.readyState === 'complete'")

    def size(self, width: int, height: int) -> None:
        """Of the window, in pixels."""
        self.call(
            "Emulation.setDeviceMetricsOverride", width=width, height=height, deviceScaleFactor=1, mobile=width < 600
        )

    def js(self, expression: str) -> Any:
        """The value of an expression, or of its promise."""
        found = self.call("Runtime.evaluate", expression=expression, awaitPromise=True, returnByValue=True)
        assert "exceptionDetails" not in found, found["exceptionDetails"]
        return found["result"].get("value")

    def until(self, expression: str, seconds: float = 20) -> None:
        """Wait for it to be true."""
        end = time.monotonic() + seconds
        while not self.js(f"!!({expression})"):
            assert time.monotonic() < end, f"never: {expression}"
            time.sleep(0.02)

    def files(self, selector: str, paths: Sequence[Path]) -> None:
        """Choose files as its dialogue would."""
        found = self.call("Runtime.evaluate", expression=f"document.querySelector({selector!r})")["result"]
        self.call("DOM.setFileInputFiles", files=[str(path) for path in paths], objectId=found["objectId"])

    def press(self, key: str) -> None:
        """A key, down and up."""
        code: dict[str, Any] = {"key": key, "windowsVirtualKeyCode": _CODES.get(key, ord(key[0].upper()))}
        for kind in ("keyDown", "keyUp"):
            self.call("Input.dispatchKeyEvent", type=kind, **code)

    def screenshot(self, path: Path) -> None:
        """What is seen, as PNG."""
        path.write_bytes(base64.b64decode(self.call("Page.captureScreenshot", format="png")["data"]))

    def _message(self) -> Any:
        while b"\0" not in self._left:
            part = os.read(self.receive, 1 << 16)
            assert part, "the browser ended"
            self._left += part
        text, _, self._left = self._left.partition(b"\0")
        found = json.loads(text)
        if found.get("method") in ("Log.entryAdded", "Runtime.exceptionThrown", "Runtime.consoleAPICalled"):
            self.console.append(json.dumps(found["params"]))
        return found


@contextmanager
def tab(folder: Path) -> Iterator[Tab]:
    """A browser of its own, its profile in `folder`, ended afterwards."""
    theirs, send = os.pipe()
    receive, mine = os.pipe()
    high = [fcntl.fcntl(each, fcntl.F_DUPFD, 20) for each in (theirs, mine)]

    def numbered() -> None:
        os.dup2(high[0], 3)
        os.dup2(high[1], 4)

    words = [str(CHROMIUM), *_OPTIONS, f"--user-data-dir={folder / 'profile'}"]
    quiet: dict[str, Any] = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
    with subprocess.Popen(words, preexec_fn=numbered, pass_fds=(3, 4, *high), **quiet) as browser:
        for each in (theirs, mine, *high):
            os.close(each)
        try:
            yield Tab(send, receive)
        finally:
            browser.terminate()
            for each in (send, receive):
                os.close(each)
