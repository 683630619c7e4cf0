"""What the server does, without HTTP: uploads in, typed answers out; as many at once as the limits say."""

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from longtail.errors import UserError
from longtail.export.bundle import Bundle
from longtail.export.stored import is_export, read_export
from longtail.serve.answering import (
    calibration_of,
    identity,
    image_findings,
    label_facts,
    require_servable,
    study_answer,
    study_rule,
)
from longtail.serve.batching import Batcher
from longtail.serve.intake import Picture, covered, picture, preview
from longtail.serve.limits import Limits, Refused, seconds_left, too_late
from longtail.serve.metrics import Metrics
from longtail.serve.multipart import Upload
from longtail.serve.schema import Answer, HeatAnswer, ImageAnswer, ModelFacts

_HEAT_DIGITS = 3


class Service:
    """A bundle that answers; every method may be called from any thread.

    `until` is when, by `time.monotonic`, an answer is too late (503): looked at before an image is decoded, and while
    the networks are waited for.
    """

    def __init__(self, bundle: Bundle, limits: Limits | None = None) -> None:
        require_servable(bundle)
        self.bundle, self.limits = bundle, limits or Limits()
        self.batcher = Batcher(bundle.members, most=self.limits.batch, gather=self.limits.gather)
        self.metrics, self.identity = Metrics(), identity(bundle)
        self.facts = _facts(self)
        self.active = 0
        self._lock = threading.Lock()

    @contextmanager
    def admitted(self) -> Iterator[None]:
        """A place among those being answered; when all are taken the client is told to come back."""
        with self._lock:
            if self.active >= self.limits.waiting:
                raise Refused(429, "the server is busy; try again in a second.")
            self.active += 1
        try:
            yield
        finally:
            with self._lock:
                self.active -= 1

    def predict(self, upload: Upload, until: float, *, study: bool = False) -> Answer:
        """Each image, and with `study` all of them together."""
        began = time.monotonic()
        pictures = [self._picture(upload, place, until) for place in range(len(upload.images))]
        with _in_time():
            values = self.batcher.predict(pictures, seconds_left(until))
        images = [
            ImageAnswer(image=i + 1, width=each.original[1], height=each.original[0], view=view, findings=findings)
            for i, (each, view, findings) in enumerate(
                zip(pictures, upload.views, image_findings(self.bundle, values), strict=True)
            )
        ]
        together = study_answer(self.bundle, values, upload.views) if study else None
        self.metrics.add_images(len(images))
        return Answer(model=self.identity, images=images, study=together, seconds=time.monotonic() - began)

    def _picture(self, upload: Upload, place: int, until: float) -> Picture:
        """One of the images; a refusal says which one of several."""
        seconds_left(until)
        try:
            return picture(upload.images[place], self.bundle.members, self.limits)
        except Refused as error:
            which = f"image {place + 1} of {len(upload.images)}: " if len(upload.images) > 1 else ""
            raise Refused(error.status, which + error.reason) from error

    def heat(self, upload: Upload, label: str, until: float) -> HeatAnswer:
        """Where the first network that can tell looked for `label` in the one image."""
        _require_one(upload)
        member, look = next(((each, each.heat) for each in self.bundle.members if each.heat is not None), (None, None))
        if member is None or look is None:
            raise Refused(404, "an export has no heat maps; serve the run itself for them.")
        if label not in member.labels:
            raise Refused(422, "there is no such label; /v1/model lists them.")
        seconds_left(until)
        seen = picture(upload.images[0], (member,), self.limits)
        with _in_time():
            found = self.batcher.alone(lambda: look(seen.pixels[member.images], label), seconds_left(until))
        rows = [[round(float(value), _HEAT_DIGITS) for value in row] for row in found]
        return HeatAnswer(label=label, stage=member.name, rows=rows, covers=list(covered(member, seen.original)))

    def preview(self, upload: Upload, until: float) -> bytes:
        """The one image as a PNG."""
        _require_one(upload)
        seconds_left(until)
        return preview(upload.images[0], self.bundle.members[0], self.limits)

    def metrics_text(self) -> str:
        """For Prometheus."""
        return self.metrics.text(waiting=self.active, batches=self.batcher.batches, batched=self.batcher.images)

    def close(self) -> None:
        """Finish what waits."""
        self.batcher.close()


def open_service(path: str | Path, limits: Limits | None = None, *, device: str = "auto", threads: int = 0) -> Service:
    """A service of a run or an export."""
    path = Path(path)
    if is_export(path):
        return Service(read_export(path, threads=threads), limits)
    if not path.is_dir():
        raise UserError(f"there is no folder '{path}'; name a run or an export.")
    from longtail.export.bundling import served_bundle

    return Service(served_bundle(path, device=device, threads=threads), limits)


@contextmanager
def _in_time() -> Iterator[None]:
    try:
        yield
    except TimeoutError as error:
        raise too_late() from error


def _require_one(upload: Upload) -> None:
    if len(upload.images) > 1:
        raise Refused(422, "one image at a time; ask again for each.")


def _facts(service: Service) -> ModelFacts:
    bundle, limits = service.bundle, service.limits
    return ModelFacts(
        **service.identity.model_dump(), task=bundle.task, labels=label_facts(bundle),
        calibration=calibration_of(bundle), study_rule=study_rule(bundle), notes=list(bundle.notes),
        heatmaps=any(member.heat is not None for member in bundle.members),
        most_images=limits.images, most_bytes=limits.bytes, most_pixels=limits.pixels,
    )  # fmt: skip
