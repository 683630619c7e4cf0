"""The long tail: a bar for each label, the most common first, coloured by head, medium and tail."""

from collections.abc import Sequence

from longtail.report.charts.axes import Axes, Scale, axes, frame, log_ticks, number
from longtail.report.drawing import Circle, Drawing, Line, Rect, Shape, Text, shortened, text_width

_GROUPS = ("head", "medium", "tail")


def tail_chart(
    labels: Sequence[str],
    counts: Sequence[int],
    groups: Sequence[str],
    boundaries: tuple[int, int] | None = None,
    scores: Sequence[float] | None = None,
    *,
    score_name: str = "AP",
    width: float = 1080,
) -> Drawing:
    """Counts on a log scale; a dot over each label is its score in 0..1 (right axis), nan without a dot."""
    order = sorted(range(len(labels)), key=lambda i: -counts[i])
    size = 11.0 if len(labels) <= 60 else 8.0
    room = min(150.0, max((text_width(label, size) for label in labels), default=0) * 0.72 + 18)
    top = max(10.0, 1.3 * max(counts, default=0))
    plot = axes(48, 48, width - (48 + 44), 220, (0, max(len(labels), 1)), (0.8, top), log_y=True)
    shapes = frame(plot, y_ticks=log_ticks(0.8, top), y_label="training images, log scale")
    shapes += _boundary_lines(plot, boundaries) if boundaries else []
    step = (plot.x.stop - plot.x.start) / max(len(labels), 1)
    for place, i in enumerate(order):
        left = plot.x(place)
        height = plot.y.start - plot.y(max(counts[i], 0.8))
        tip = f"{labels[i]}: {counts[i]:,} training images ({groups[i]})"
        bar = min(step * 0.74, 44)
        x = left + (step - bar) / 2
        shapes.append(Rect(x, plot.y.start - height, bar, height, groups[i], radius=min(2.5, bar / 4), tip=tip))
        name = shortened(labels[i], room / 0.72, size)
        shapes.append(Text(left + step / 2 + 3, plot.y.start + 13, name, size, "ink", "end", angle=-45))
    if scores is not None:
        shapes += _score_dots(plot, [scores[i] for i in order], [labels[i] for i in order], score_name)
    shapes += _legend(groups, score_name if scores is not None else None)
    return Drawing(width, 48 + 220 + room + 12, _in_words(labels, counts, order), tuple(shapes))


def _boundary_lines(plot: Axes, boundaries: tuple[int, int]) -> list[Shape]:
    found: list[Shape] = []
    for value, colour in zip(boundaries, ("head", "tail"), strict=True):
        if plot.y.low < value < plot.y.high:
            at = plot.y(value)
            found.append(Line(((plot.x.start, at), (plot.x.stop, at)), colour, 1, "dash", opacity=0.7))
    return found


def _score_dots(plot: Axes, scores: Sequence[float], labels: Sequence[str], name: str) -> list[Shape]:
    scale = Scale(0, 1, plot.y.start, plot.y.stop)
    shapes: list[Shape] = [
        Text(plot.x.stop + 6, scale(value) + 3.5, number(value), 10) for value in (0, 0.25, 0.5, 0.75, 1)
    ]
    shapes.append(Text(plot.x.stop + 40, plot.y.stop - 7, name, 10, anchor="end"))
    for place, (score, label) in enumerate(zip(scores, labels, strict=True)):
        if score == score:
            x, y = plot.x(place + 0.5), scale(score)
            shapes += [Circle(x, y, 4.6, "paper"), Circle(x, y, 3.4, "ink", tip=f"{label}: {name} {score:.3f}")]
    return shapes


def _legend(groups: Sequence[str], score: str | None) -> list[Shape]:
    shapes: list[Shape] = []
    left = 48.0
    for group in _GROUPS:
        text = f"{group} ({list(groups).count(group)})"
        shapes += [Rect(left, 6, 11, 11, group, radius=2), Text(left + 16, 15.5, text, 11)]
        left += text_width(text, 11) + 34
    if score:
        shapes += [Circle(left + 5, 11.5, 3.4), Text(left + 15, 15.5, f"{score} (right axis)", 11)]
    return shapes


def _in_words(labels: Sequence[str], counts: Sequence[int], order: Sequence[int]) -> str:
    if not order:
        return "No labels."
    most, least = order[0], order[-1]
    return (
        f"Training images of {len(labels)} labels, from {labels[most]} with {counts[most]:,} to {labels[least]} with"
        f" {counts[least]:,}; the table of labels has every number."
    )
