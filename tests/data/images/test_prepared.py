import errno
import os
import pickle
import random
import signal
import sqlite3
import subprocess
import sys
import time
from contextlib import closing
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from PIL import Image

from longtail.data.images import prepare_work
from longtail.data.images.decode import decode
from longtail.data.images.prepared import default_store, prepare
from longtail.data.images.resize import resize
from longtail.data.manifest import Manifest, from_states
from longtail.errors import UserError

CHILD = """
import sys, pandas as pd, numpy as np
from pathlib import Path
from longtail.data.images import prepare_work
from longtail.data.manifest import from_states
from longtail.data.images.prepared import prepare
prepare_work.COMMIT_SECONDS = 0.01
folder, store = Path(sys.argv[1]), Path(sys.argv[2])
names = sorted(path.name for path in folder.glob("*.png"))
manifest = from_states(pd.DataFrame({"image": names}), ["any"], np.ones((len(names), 1)), folder)
print("start", flush=True)
done = prepare(manifest, 48, store=store, workers=2)
print(done.made, done.digest, flush=True)
"""


def images(folder: Path, count: int = 12, size: int = 70) -> Manifest:
    names = [f"{i:03}.png" for i in range(count)]
    rng = np.random.default_rng(count)
    for name in names:
        Image.fromarray(rng.integers(0, 256, (size, size + 9), dtype=np.uint8)).save(folder / name)
    return manifest_of(folder, names)


def manifest_of(folder: Path, names: list[str]) -> Manifest:
    return from_states(pd.DataFrame({"image": names}), ["any"], np.ones((len(names), 1)), folder)


def test_pixels_are_those_of_decode_and_resize(tmp_path: Path) -> None:
    manifest = images(tmp_path)
    seen: list[tuple[int, int]] = []
    done = prepare(manifest, 32, store=tmp_path / "store", on_progress=lambda *at: seen.append(at))
    assert (len(done), done.made, done.reused) == (12, 12, 0)
    assert seen == [(i, 12) for i in range(1, 13)]
    order = [7, 0, 7, 11]
    expected = np.stack([resize(decode(manifest.image_paths[i]), 32) for i in order])
    assert np.array_equal(done.rows(order), expected)
    out = np.empty_like(expected)
    assert done.rows(np.array(order), out=out) is out
    assert np.array_equal(out, expected)
    assert done.rows([]).shape == (0, 32, 32, 1)
    assert done.place == tmp_path / "store" / "32-squash-1ch-v1"


def test_colour_rules_and_sizes_have_their_own_places(tmp_path: Path) -> None:
    manifest = images(tmp_path, 3)
    for rule in ("squash", "pad", "crop"):
        done = prepare(manifest, 24, resize=rule, channels=3, store=tmp_path / "store")
        expected = np.repeat(resize(decode(manifest.image_paths[1]), 24, rule), 3, axis=2)
        assert np.array_equal(done.rows([1])[0], expected)
    assert len(list((tmp_path / "store").iterdir())) == 3


def test_a_second_run_reads_no_image(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    manifest = images(tmp_path)
    first = prepare(manifest, 32, store=tmp_path / "store")
    monkeypatch.setattr(prepare_work, "read_file", None)
    again = prepare(manifest, 32, store=tmp_path / "store")
    assert (again.made, again.reused, again.digest) == (0, 12, first.digest)


def test_slots_are_shared_by_content(tmp_path: Path) -> None:
    manifest = images(tmp_path, 4)
    (tmp_path / "copy.png").write_bytes((tmp_path / "002.png").read_bytes())
    prepare(manifest, 16, store=tmp_path / "store")
    other = prepare(manifest_of(tmp_path, ["copy.png", "003.png", "copy.png"]), 16, store=tmp_path / "store")
    assert (other.made, other.reused) == (0, 3)
    assert np.array_equal(other.rows([0])[0], resize(decode(tmp_path / "002.png"), 16))


def test_changed_files_are_made_again(tmp_path: Path) -> None:
    manifest = images(tmp_path, 3)
    before = prepare(manifest, 16, store=tmp_path / "store")
    Image.fromarray(np.full((30, 30), 77, np.uint8)).save(tmp_path / "001.png")
    after = prepare(manifest, 16, store=tmp_path / "store")
    assert after.made == 1
    assert (after.rows([1]) == 77).all()
    assert after.digest != before.digest
    assert not (before.rows([1]) == 77).all()  # who has the old pixels open keeps them


def spoiled(folder: Path) -> Manifest:
    manifest = images(folder, 6)
    (folder / "001.png").write_bytes((folder / "001.png").read_bytes()[:300])
    (folder / "004.png").unlink()
    return manifest


def test_bad_images_stop_the_work_after_all_are_found(tmp_path: Path) -> None:
    manifest = spoiled(tmp_path)
    with pytest.raises(UserError, match=r"2 of 6 images.*first is '001\.png' \(row 2\).*--on-bad skip"):
        prepare(manifest, 16, store=tmp_path / "store")
    listed = pd.read_csv(tmp_path / "store" / "16-squash-1ch-v1" / "bad.csv")
    assert listed["image"].tolist() == ["001.png", "004.png"]
    assert prepare(manifest.select([0, 2, 3, 5]), 16, store=tmp_path / "store").made == 0  # the good ones are there


def test_bad_images_skipped(tmp_path: Path) -> None:
    done = prepare(spoiled(tmp_path), 16, store=tmp_path / "store", on_bad="skip")
    assert done.rows_kept.tolist() == [0, 2, 3, 5]
    assert [(bad.row, bad.image) for bad in done.bad] == [(1, "001.png"), (4, "004.png")]
    assert "no such file" in done.bad[1].reason
    assert np.array_equal(done.rows([1])[0], resize(decode(tmp_path / "002.png"), 16))
    assert prepare(spoiled(tmp_path), 16, store=tmp_path / "store", on_bad="skip").digest == done.digest


def test_bad_images_made_black(tmp_path: Path) -> None:
    done = prepare(spoiled(tmp_path), 16, store=tmp_path / "store", on_bad="blank")
    assert len(done) == 6
    assert not done.rows([1, 4]).any()
    assert done.rows([0]).any()


def test_nothing_usable_and_nothing_at_all(tmp_path: Path) -> None:
    with pytest.raises(UserError, match=r"none of the 2 images .*no such file or directory.* start from .*--root"):
        prepare(manifest_of(tmp_path, ["ä.png", "b.png"]), 16, store=tmp_path / "store", on_bad="skip")
    with pytest.raises(UserError, match=r"none of the 1 .*as on Windows: write /\."):
        prepare(manifest_of(tmp_path, ["x\\a.png"]), 16, store=tmp_path / "store")
    assert prepare(manifest_of(tmp_path, []), 16, store=tmp_path / "store").rows([]).shape == (0, 16, 16, 1)


def test_bad_images_are_tried_again_by_other_decoders(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    manifest = spoiled(tmp_path)
    prepare(manifest, 16, store=tmp_path / "store", on_bad="skip")
    reads: list[Path] = []
    read = prepare_work.read_file
    monkeypatch.setattr(prepare_work, "read_file", lambda path: reads.append(path) or read(path))
    prepare(manifest, 16, store=tmp_path / "store", on_bad="skip")
    assert not reads
    monkeypatch.setattr(prepare_work, "decoders", lambda: "newer")
    prepare(manifest, 16, store=tmp_path / "store", on_bad="skip")
    assert [path.name for path in reads] == ["001.png"]


def test_a_size_made_from_a_larger_one(tmp_path: Path) -> None:
    manifest = images(tmp_path, 4)
    large = prepare(manifest, 48, store=tmp_path / "store")
    small = prepare(manifest, 16, store=tmp_path / "store", from_size=48)
    assert np.array_equal(small.rows([2])[0], resize(large.rows([2])[0], 16))
    assert small.place.name == "16-squash-1ch-from48-v1"


def test_another_process_maps_the_file(tmp_path: Path) -> None:
    done = prepare(images(tmp_path, 4), 64, store=tmp_path / "store")
    assert done.rows([0]).any()
    data = pickle.dumps(done)
    assert len(data) < 4096
    assert np.array_equal(pickle.loads(data).rows([3]), done.rows([3]))  # noqa: S301


def test_a_store_cut_short_mends_itself(tmp_path: Path) -> None:
    manifest = images(tmp_path)
    whole = prepare(manifest, 32, store=tmp_path / "store").rows(range(12))
    pixels = tmp_path / "store" / "32-squash-1ch-v1" / "pixels.u8"
    os.truncate(pixels, 5 * 1024 + 100)
    again = prepare(manifest, 32, store=tmp_path / "store")
    assert again.made == 8
    assert np.array_equal(again.rows(range(12)), whole)
    pixels.unlink()
    assert np.array_equal(prepare(manifest, 32, store=tmp_path / "store").rows(range(12)), whole)


def test_verify_finds_and_mends_damaged_pixels(tmp_path: Path) -> None:
    manifest = images(tmp_path)
    whole = prepare(manifest, 32, store=tmp_path / "store").rows(range(12))
    with (tmp_path / "store" / "32-squash-1ch-v1" / "pixels.u8").open("r+b") as file:
        file.seek(3 * 1024)
        file.write(bytes(1024))  # a hole, as a copy cut short may leave
    mended = prepare(manifest, 32, store=tmp_path / "store", verify=True)
    assert mended.made == 1
    assert np.array_equal(mended.rows(range(12)), whole)


def test_a_damaged_index_is_named(tmp_path: Path) -> None:
    manifest = images(tmp_path, 3)
    prepare(manifest, 16, store=tmp_path / "store")
    index = tmp_path / "store" / "16-squash-1ch-v1" / "index.sqlite"
    index.write_bytes(b"not a database at all" * 400)
    with pytest.raises(UserError, match=r"index\.sqlite' is damaged.*delete the folder"):
        prepare(manifest, 16, store=tmp_path / "store")


def test_a_full_disk_loses_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    manifest, write, calls = images(tmp_path), os.pwrite, [0]

    def full(*arguments: object) -> int:
        calls[0] += 1
        if calls[0] > 6:
            raise OSError(errno.ENOSPC, "No space left on device")
        return write(*arguments)  # type: ignore[arg-type]

    monkeypatch.setattr(os, "pwrite", full)
    with pytest.raises(UserError, match="disk is full"):
        prepare(manifest, 16, store=tmp_path / "store")
    monkeypatch.undo()
    assert prepare(manifest, 16, store=tmp_path / "store").reused == 5


def test_too_little_space_is_known_before(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("shutil.disk_usage", lambda _: type("Usage", (), {"free": 10})())
    with pytest.raises(UserError, match="preparing 2 images needs"):
        prepare(images(tmp_path, 2), 16, store=tmp_path / "store")


def test_ctrl_c_keeps_what_is_done(tmp_path: Path) -> None:
    manifest = images(tmp_path)

    def interrupt(done: int, _: int) -> None:
        if done == 5:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        prepare(manifest, 16, store=tmp_path / "store", on_progress=interrupt)
    assert prepare(manifest, 16, store=tmp_path / "store").reused == 5


def test_a_place_that_cannot_be(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(UserError, match="file stands in its way"):
        prepare(images(tmp_path, 1), 16, store=tmp_path / "file")


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"size": 0}, "valid are 1 to"),
        ({"resize": "sqash"}, "Did you mean 'squash'"),
        ({"channels": 2}, "valid are 1"),
        ({"on_bad": "skp"}, "Did you mean 'skip'"),
        ({"window": "minmx"}, "Did you mean 'minmax'"),
        ({"window": (3.0, 0.0)}, "is none; give CENTER,WIDTH"),
        ({"window": (float("nan"), 1.0)}, "is none; give CENTER,WIDTH"),
        ({"from_size": 8}, "must be larger"),
    ],
)
def test_mistakes(tmp_path: Path, options: dict, message: str) -> None:
    with pytest.raises(UserError, match=message):
        prepare(manifest_of(tmp_path, []), **{"size": 16, "store": tmp_path / "store", **options})


def child(folder: Path, store: Path) -> subprocess.Popen[str]:
    return subprocess.Popen([sys.executable, "-c", CHILD, str(folder), str(store)], stdout=subprocess.PIPE, text=True)


def test_kills_at_any_moment_leave_no_wrong_pixel(tmp_path: Path) -> None:
    folder = tmp_path / "images"
    folder.mkdir()
    manifest = images(folder, 160, 300)
    whole = prepare(manifest, 48, store=tmp_path / "whole", workers=1)
    chance, killed = random.Random(0), 0
    for _ in range(4):
        with child(folder, tmp_path / "store") as process:
            assert process.stdout is not None
            assert process.stdout.readline() == "start\n"
            time.sleep(chance.uniform(0.01, 0.15))
            killed += process.poll() is None
            process.send_signal(signal.SIGKILL)
        if (tmp_path / "store").exists():
            index = next((tmp_path / "store").iterdir()) / "index.sqlite"
            if index.exists():
                with closing(sqlite3.connect(index)) as database:
                    assert database.execute("pragma integrity_check").fetchone() == ("ok",)
    assert killed
    done = prepare(manifest, 48, store=tmp_path / "store", workers=2)
    assert done.digest == whole.digest
    assert np.array_equal(done.slots, whole.slots)
    assert (done.place / "pixels.u8").read_bytes() == (whole.place / "pixels.u8").read_bytes()


def test_two_processes_at_once(tmp_path: Path) -> None:
    folder = tmp_path / "images"
    folder.mkdir()
    images(folder, 80, 300)
    with child(folder, tmp_path / "store") as one, child(folder, tmp_path / "store") as two:
        answers = [process.communicate(timeout=60)[0].split()[1:] for process in (one, two)]
    assert sorted(int(made) for made, _ in answers) == [0, 80]
    assert answers[0][1] == answers[1][1]


def test_default_store() -> None:
    assert default_store(Path("data/manifest.csv")) == Path("data/prepared")


def test_names_that_no_file_can_have_are_counted_not_fatal(tmp_path: Path) -> None:
    names = ["n\0ul.png", "x" * 5000, "loop.png", "pipe.png", "good.png"]
    (tmp_path / "loop.png").symlink_to("loop.png")
    os.mkfifo(tmp_path / "pipe.png")
    Image.fromarray(np.full((9, 9), 7, np.uint8)).save(tmp_path / "good.png")
    manifest = from_states(pd.DataFrame({"image": names}), ["A"], np.ones((5, 1)), tmp_path)
    made = prepare(manifest, 4, store=tmp_path / "store", on_bad="skip")
    assert [bad.row for bad in made.bad] == [0, 1, 2, 3]
    assert (made.rows([0]) == 7).all()
