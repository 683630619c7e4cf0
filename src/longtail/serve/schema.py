"""The answers' types: what OpenAPI documents and clients can rely on."""

from typing import Literal

from pydantic import BaseModel, Field


class Interval(BaseModel):
    """A number with its 95 % bootstrap interval; null where it is undefined."""

    value: float | None
    low: float | None = None
    high: float | None = None


class Evidence(BaseModel):
    """How good the model was found to be on this label, and on which rows."""

    split: str
    positives: int | None = None
    ap: Interval | None = None
    auroc: Interval | None = None


class Finding(BaseModel):
    """One label of one image or study; findings are ranked by probability over threshold, untrained ones last."""

    label: str
    probability: float = Field(ge=0, le=1)
    threshold: float
    present: bool = Field(
        description="probability >= threshold; of one label per image: the most probable one; never if not trained"
    )
    group: Literal["head", "medium", "tail"] | None = Field(None, description="by how often it was trained on")
    trained: bool = Field(True, description="false where no training image had it: its probability means nothing")
    note: str = Field("", description="how far its probability can be read as a chance")


class LabelFacts(BaseModel):
    """What is known of a label beforehand."""

    label: str
    threshold: float
    group: str | None = None
    train_count: int | None = None
    note: str = Field(description="how far its probability can be read as a chance")
    evidence: Evidence | None = None


class ModelIdentity(BaseModel):
    """Which model answered."""

    recipe: str | None
    run: str | None
    stages: dict[str, str] = Field(description="identity of each stage that predicts")
    format: str = Field(description="run, or the export's format")
    longtail: str


class ModelFacts(ModelIdentity):
    """The model, its labels, and what the server takes."""

    task: Literal["multilabel", "singlelabel"]
    labels: list[LabelFacts]
    calibration: str
    study_rule: str
    notes: list[str] = Field(description="what must be known to read the evidence and the answers")
    heatmaps: bool
    most_images: int
    most_bytes: int
    most_pixels: int


class ImageAnswer(BaseModel):
    """One image, by its place in the request (from 1)."""

    image: int
    width: int
    height: int
    view: str
    findings: list[Finding]


class StudyAnswer(BaseModel):
    """All images together."""

    rule: str
    findings: list[Finding]


class Answer(BaseModel):
    """What a prediction gives."""

    model: ModelIdentity
    images: list[ImageAnswer]
    study: StudyAnswer | None = None
    seconds: float


class HeatAnswer(BaseModel):
    """Where the network looked for a label: rows of numbers from 0 to 1, and what part of the image they cover."""

    label: str
    stage: str
    rows: list[list[float]]
    covers: list[float] = Field(
        min_length=4, max_length=4, description="left, top, right, bottom in fractions of the image"
    )


class Problem(BaseModel):
    """Why there is no answer."""

    error: str


class Health(BaseModel):
    """The server's state."""

    status: str
