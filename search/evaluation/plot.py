"""Line charts as SVG, without a plotting library."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from html import escape

# The size of a chart and its margins, in pixels; the legend is in the right margin.
WIDTH, HEIGHT = 640, 400
LEFT, RIGHT, TOP, BOTTOM = 60, 190, 40, 50
# The palette of Okabe and Ito, which people with any color vision can distinguish.
COLORS = ("#0072b2", "#d55e00", "#009e73", "#cc79a7", "#e69f00", "#56b4e9", "#000000", "#999999")
TICKS = (0.0, 0.2, 0.4, 0.6, 0.8, 1.0)


@dataclass(frozen=True)
class Line:
    """A line of a chart.

    Attributes:
        name: The name in the legend.
        points: x and y.
        marked: The points to emphasize; None for all.
        dashed: Whether the line is dashed.
    """

    name: str
    points: Sequence[tuple[float, float]]
    marked: Sequence[tuple[float, float]] | None = None
    dashed: bool = False


@dataclass(frozen=True)
class Axis:
    """An axis.

    Attributes:
        label: The label of the axis.
        ticks: The labels of the ticks by value.
        logarithmic: Whether the scale is logarithmic.
    """

    label: str
    ticks: Mapping[float, str]
    logarithmic: bool = False

    def place(self, value: float) -> float:
        """Return the horizontal position of a value in pixels."""
        return LEFT + self._measure_share(value) * (WIDTH - LEFT - RIGHT)

    def place_vertically(self, value: float) -> float:
        """Return the vertical position of a value in pixels."""
        return HEIGHT - BOTTOM - self._measure_share(value) * (HEIGHT - TOP - BOTTOM)

    def _measure_share(self, value: float) -> float:
        """Return the position of a value between the first tick, 0, and the last, 1."""
        low, high = (self._scale(tick) for tick in (min(self.ticks), max(self.ticks)))
        share = (self._scale(value) - low) / ((high - low) or 1.0)
        return min(1.0, max(0.0, share))

    def _scale(self, value: float) -> float:
        return math.log10(max(value, 1e-9)) if self.logarithmic else value


# The ticks of an axis from 0 to 1.
SHARES = {tick: f"{tick:.1f}" for tick in TICKS}


def draw_chart(title: str, axis: Axis, vertical: Axis, lines: Sequence[Line]) -> str:
    """Return a line chart as an SVG document.

    Args:
        title: The title of the chart.
        axis: The horizontal axis.
        vertical: The vertical axis.
        lines: The lines.
    """
    bottom_edge, right_edge = HEIGHT - BOTTOM, WIDTH - RIGHT
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" font-family="sans-serif" '
        'font-size="12">',
        f'<rect width="{WIDTH}" height="{HEIGHT}" fill="white"/>',
        f'<text x="{LEFT}" y="22" font-size="15">{escape(title)}</text>',
    ]
    for value, text in vertical.ticks.items():
        y = vertical.place_vertically(value)
        parts.append(f'<path d="M{LEFT} {y:.1f}H{right_edge}" stroke="#ddd"/>')
        parts.append(f'<text x="{LEFT - 8}" y="{y + 4:.1f}" text-anchor="end">{escape(text)}</text>')
    for value, text in axis.ticks.items():
        x = axis.place(value)
        parts.append(f'<path d="M{x:.1f} {TOP}V{bottom_edge}" stroke="#eee"/>')
        parts.append(f'<text x="{x:.1f}" y="{bottom_edge + 16}" text-anchor="middle">{escape(text)}</text>')
    middle = (LEFT + right_edge) / 2
    parts.append(f'<text x="{middle}" y="{HEIGHT - 12}" text-anchor="middle">{escape(axis.label)}</text>')
    parts.append(f'<text transform="translate(16 {(TOP + bottom_edge) / 2}) rotate(-90)" text-anchor="middle">')
    parts.append(f"{escape(vertical.label)}</text>")
    for number, line in enumerate(lines):
        parts += _draw_line(line, axis, vertical, number)
    return "\n".join([*parts, "</svg>", ""])


def _draw_line(line: Line, axis: Axis, vertical: Axis, number: int) -> list[str]:
    color = COLORS[number % len(COLORS)]
    places = [(axis.place(x), vertical.place_vertically(y)) for x, y in line.points]
    path = " ".join(f"{x:.1f},{y:.1f}" for x, y in places)
    dash = ' stroke-dasharray="6 4"' if line.dashed else ""
    marked = line.points if line.marked is None else line.marked
    marks = [(axis.place(x), vertical.place_vertically(y)) for x, y in marked]
    x, y = WIDTH - RIGHT + 14, TOP + 14 + 18 * number
    return [
        f'<polyline points="{path}" fill="none" stroke="{color}" stroke-width="2"{dash}/>',
        *(f'<circle cx="{a:.1f}" cy="{b:.1f}" r="4" fill="{color}"/>' for a, b in marks),
        f'<path d="M{x} {y}h20" stroke="{color}" stroke-width="2"{dash}/>',
        f'<text x="{x + 26}" y="{y + 4}">{escape(line.name)}</text>',
    ]
