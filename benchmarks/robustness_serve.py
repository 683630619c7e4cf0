"""Hostile uploads to `longtail serve`: every one gets an answer below 500, and the server is as it was afterwards.

Run: python benchmarks/robustness_serve.py [RUN_OR_EXPORT] [--uploads 4000] [--schema 40] [--seed 0]

Without a path a small run is fitted on phantoms first. The server is the real command in a process of its own, on this
machine only. Uploads: damaged PNG (also with right checksums), JPEG, TIFF, WebP, BMP and DICOM files (also with tags
changed), as whole bodies and in forms; forms damaged themselves; wrong kinds, odd boundaries, hang-ups in the middle,
requests that are no HTTP. A breach is: a status of 500 or more, no answer, an answer after 10 seconds, a refusal that
is not one sentence, a server that died, wrote a file, or answers a sound image otherwise than before. Then, with
schemathesis installed, requests made from the OpenAPI document, checked against it. Writes
results/robustness-serve.json. Four minutes or so on one core.
"""

import argparse
import http.client
import json
import os
import platform
import random
import shutil
import socket
import struct
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from hostile.damage import DAMAGE
from hostile.pictures import bomb, odd_images, strange_dicom, strange_png, whole_images

from longtail import fit
from longtail.data import phantoms, split
from longtail.files import write_json
from longtail.registry import module_exists

RESULTS = Path(__file__).parent / "results" / "robustness-serve.json"
SLOW = 10.0  # seconds
ROUTES = ("/v1/predict", "/v1/study", "/v1/preview", "/v1/heatmap?label=Edema", "/v1/heatmap?label=%00", "/v1/heatmap")
FORM = "multipart/form-data; boundary=b"
KINDS = ("image/png", "image/jpeg", "application/dicom", "application/octet-stream", FORM, "multipart/form-data",
         "multipart/form-data; boundary=", "text/html", "", "image/\xff", "multipart/mixed; boundary=b")  # fmt: skip
NUMBERS = tuple(struct.pack(kind, value) for kind in ("<I", ">I", "<H", ">H") for value in (0, 1, 0x7FFF, 0xFFFF))

# No schema says what an image is, so what fits the schema may be refused; what does not fit may be too large as well;
# and in a form a list of one is not told apart from that one.
CHECKS = """
[checks]
positive_data_acceptance.enabled = false
negative_data_rejection.expected-statuses = ["4xx"]
[[operations]]
include-path-regex = "^/v1/(predict|study)$"
checks.negative_data_rejection.enabled = false
"""


def main() -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("path", type=Path, nargs="?")
    for name, usual in (("uploads", 4000), ("schema", 40), ("seed", 0)):
        parser.add_argument(f"--{name}", type=int, default=usual, metavar="N")
    asked = parser.parse_args()
    folder = Path(tempfile.mkdtemp(prefix="longtail-uploads-"))
    began = time.monotonic()
    sound = [path.read_bytes() for path in whole_images(folder / "whole")] + [*odd_images(folder / "odd").values()]
    with server(asked.path or small_run(folder), folder) as (port, process):
        found = {
            "uploads": uploads(port, process, sound, asked.uploads, asked.seed, folder),
            "schema": by_schema(port, asked.schema, asked.seed, folder),
        }
    breaches = sum(part.get("breaches", 0) for part in found.values())
    print(json.dumps(found, indent=2))
    print(f"{breaches} breaches in {time.monotonic() - began:.0f} s")
    where = f"{platform.system()} {platform.machine()}, Python {platform.python_version()}"
    write_json(RESULTS, {"benchmark": "robustness_serve", "seed": asked.seed, **found, "where": where})
    if breaches:
        print(f"kept: {folder}")
    else:
        shutil.rmtree(folder)
    return int(breaches > 0)


def small_run(folder: Path) -> Path:
    """A tiny network; what it says does not matter."""
    made = phantoms(folder / "data", patients=30, size=48)
    split(made).save(folder / "split.csv")
    network = ["model.backbone=test_resnet"]
    return fit("baseline", folder / "split.csv", out=folder / "run", overrides=network, smoke=True)


@contextmanager
def server(path: Path, folder: Path) -> Iterator[tuple[int, "subprocess.Popen[bytes]"]]:
    """`longtail serve` on a free port, in an empty folder that is also its place for temporary files."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = int(free.getsockname()[1])
    home = folder / "home"
    home.mkdir()
    words = [sys.executable, "-m", "longtail", "serve", str(path.resolve()), "--port", str(port), "--threads", "1"]
    with (folder / "log").open("wb") as log:
        process = subprocess.Popen(words, cwd=home, env={**os.environ, "TMPDIR": str(home)}, stdout=log, stderr=log)
    try:
        for _ in range(600):
            with suppress(OSError):
                if asked(port, "GET", "/ready")[0] == 200:
                    break
            time.sleep(0.2)
        yield port, process
    finally:
        process.terminate()
        process.wait(30)


def asked(port: int, method: str, path: str, body: bytes = b"", kind: str = "") -> tuple[int, bytes, float]:
    """Status, answer, seconds."""
    began = time.monotonic()
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
    try:
        connection.request(method, path, body, {"Content-Type": kind} if kind else {})
        reply = connection.getresponse()
        return reply.status, reply.read(), time.monotonic() - began
    finally:
        connection.close()


# --- uploads ---


def uploads(
    port: int, process: "subprocess.Popen[bytes]", sound: list[bytes], count: int, seed: int, folder: Path
) -> dict[str, Any]:
    """So many hostile requests by four clients at once."""
    before = findings(port, sound[0])
    resident = memory(process.pid)
    with ThreadPoolExecutor(4) as pool:
        results = list(pool.map(lambda number: hostile(port, sound, number, seed, folder), range(count)))
    statuses, slowest = Counter(name for name, _ in results), max((each for _, each in results), default=0.0)
    log = (folder / "log").read_text(encoding="utf-8", errors="replace")
    wrong = {
        "requests": sum(n for name, n in statuses.items() if name.startswith("breach")),
        "died": int(process.poll() is not None),
        "answers_otherwise": int(findings(port, sound[0]) != before),
        "files_written": sum(each.is_file() for each in (folder / "home").rglob("*")),
        "failures_in_its_log": log.count("a request failed"),
    }
    return {
        "sent": count, "statuses": dict(sorted(statuses.items())), "slowest_s": round(slowest, 2), "wrong": wrong,
        "grown_mib": (memory(process.pid) - resident) >> 20, "breaches": sum(wrong.values()),
    }  # fmt: skip


def findings(port: int, image: bytes) -> Any:
    """What the model says of a sound image."""
    status, answer, _ = asked(port, "POST", "/v1/predict", image, "image/png")
    return json.loads(answer)["images"] if status == 200 else status


def memory(pid: int) -> int:
    """Resident bytes of a process (Linux), else 0."""
    told = Path(f"/proc/{pid}/status")
    lines = told.read_text(encoding="utf-8").splitlines() if told.exists() else []
    return next((int(line.split()[1]) << 10 for line in lines if line.startswith("VmRSS")), 0)


def hostile(port: int, sound: list[bytes], number: int, seed: int, folder: Path) -> tuple[str, float]:
    """One request: its status, or what is wrong with the answer; and the seconds it took."""
    dice = random.Random(seed * 10**9 + number)
    if dice.random() < 0.05:
        return hang_up(port, sound, dice), 0.0
    body, kind = upload(sound, dice)
    path = dice.choice(ROUTES)
    try:
        status, answer, seconds = asked(port, "POST", path, body, kind)
        wrong = complaint(status, answer, seconds)
    except Exception as error:
        status, seconds, wrong = 0, 0.0, f"no answer: {type(error).__name__}"
    if wrong:
        (folder / f"breach{number}").write_bytes(body)
        print("BREACH", number, path, kind, wrong, file=sys.stderr)
    return (f"breach: {wrong}" if wrong else str(status)), seconds


def complaint(status: int, answer: bytes, seconds: float) -> str:
    """What is wrong with an answer, or nothing."""
    if status >= 500 or seconds > SLOW:
        return f"status {status} after {seconds:.0f} s"
    if status == 200:
        return ""
    told = json.loads(answer)
    return "" if list(told) == ["error"] and told["error"].endswith(".") else f"refused with {answer[:80]!r}"


def hang_up(port: int, sound: list[bytes], dice: random.Random) -> str:
    """Half a request, or none at all, then the connection is closed."""
    image = dice.choice(sound)
    head = f"POST /v1/predict HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: image/png\r\nContent-Length: {len(image)}"
    half = (head + "\r\n\r\n").encode() + image[: dice.randrange(len(image))]
    sent = half if dice.random() < 0.5 else dice.randbytes(300) + b"\r\n\r\n"
    with suppress(OSError), socket.create_connection(("127.0.0.1", port), timeout=20) as connection:
        connection.sendall(sent)
        if sent.startswith(b"POST"):
            return "hung up"
        reply = connection.recv(64)
        return "not http: " + (reply.split()[1].decode("ascii", "replace") if reply.startswith(b"HTTP") else "closed")
    return "hung up"


def upload(sound: list[bytes], dice: random.Random) -> tuple[bytes, str]:
    """A body and its content type."""
    images = [damaged(dice.choice(sound), sound, dice) for _ in range(dice.choice((1, 1, 1, 2, 3, 12)))]
    if dice.random() < 0.4:
        return images[0], dice.choice(KINDS)
    body = form(images, dice)
    if dice.random() < 0.4:
        body = dice.choice(DAMAGE)(body, dice)
    return body, FORM if dice.random() < 0.9 else dice.choice(KINDS)


def form(images: list[bytes], dice: random.Random) -> bytes:
    """Images, perhaps with views, and now and then a strange field."""
    name = "images" if dice.random() < 0.9 else dice.choice(("files", "", "images\0", "\xff" * 70))
    fields = [(name, image) for image in images]
    if dice.random() < 0.4:
        fields += [("views", dice.choice((b"AP", b"", b"\xff\xfe", b"A" * 500, b"\r\n"))) for _ in images]
    dice.shuffle(fields)
    parts = []
    for field, data in fields:
        head = f'Content-Disposition: form-data; name="{field}"; filename="../../x"'
        parts.append(b"--b\r\n" + head.encode("latin-1") + b"\r\n\r\n" + data + b"\r\n")
    return b"".join(parts) + (b"--b--\r\n" if dice.random() < 0.95 else b"")


def damaged(data: bytes, sound: list[bytes], dice: random.Random) -> bytes:
    """A file's bytes, whole or damaged in one of many ways."""
    match dice.randrange(8):
        case 0:
            return data
        case 1:
            return data[: dice.randrange(600)] + dice.choice(sound)[dice.randrange(600) :]
        case 2:
            at = dice.randrange(min(600, len(data)))
            number = dice.choice(NUMBERS)
            return data[:at] + number + data[at + len(number) :]
        case 3 if data.startswith(b"\x89PNG"):
            return strange_png(data, dice)
        case 3 | 4 if data[128:132] == b"DICM":
            return strange_dicom(data, dice)
        case 4 if dice.random() < 0.2:
            return bomb(dice)[1]
        case 5:
            return data[: dice.choice((2, 4, 12, 132))] + dice.randbytes(dice.randrange(2000))
        case _:
            return dice.choice(DAMAGE)(data, dice)


# --- by the OpenAPI document ---


def by_schema(port: int, examples: int, seed: int, folder: Path) -> dict[str, Any]:
    """Requests that schemathesis makes from the document, answers checked against it; nothing where it is missing."""
    if not examples or not module_exists("schemathesis"):
        return {"skipped": "schemathesis is not installed" if examples else "not asked for"}
    words = [sys.executable, "-m", "schemathesis.cli", "run", f"http://127.0.0.1:{port}/openapi.json"]
    words += ["--max-examples", str(examples), "--seed", str(seed), "--no-color", "--request-timeout", "30"]
    (folder / "schemathesis.toml").write_text(CHECKS, encoding="utf-8")
    done = subprocess.run(words, capture_output=True, text=True, cwd=folder, check=False)
    lines = [line.strip() for line in done.stdout.splitlines() if line.strip()]
    if done.returncode:
        print(done.stdout[-6000:], done.stderr[-2000:], file=sys.stderr)
    return {"examples": examples, "summary": lines[-12:], "breaches": int(done.returncode != 0)}


if __name__ == "__main__":
    sys.exit(main())
