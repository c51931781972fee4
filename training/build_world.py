"""Write the outline of the world for the map of the page: `web/static/search/world.js`.

    python training/build_world.py FOLDER

FOLDER contains the unpacked npm package `world-atlas` 2.0.2: Natural Earth, which is in the public domain.
"""

import argparse
import json
import math
from collections import Counter
from itertools import pairwise
from pathlib import Path
from typing import Any

OUT = Path(__file__).parent.parent / "web/static/search/world.js"
# The unit of the coordinates in the paths: a tenth of a degree of longitude at the equator.
UNITS_PER_DEGREE = 10
HALF_TURN = 180 * UNITS_PER_DEGREE
# The map ends where the Mercator projection is a square.
MAX_LATITUDE = 85.0511


def project(longitude: float, latitude: float) -> tuple[int, int]:
    """Return the position in a Mercator map of 3,600 by 3,600 units."""
    latitude = max(-MAX_LATITUDE, min(latitude, MAX_LATITUDE))
    north = math.degrees(math.asinh(math.tan(math.radians(latitude))))
    return round((longitude + 180) * UNITS_PER_DEGREE), round((180 - north) * UNITS_PER_DEGREE)


def read_arcs(topology: dict[str, Any]) -> list[list[tuple[int, int]]]:
    """Return the lines of a TopoJSON document, as positions in the map."""
    (scale_x, scale_y), (left, bottom) = topology["transform"]["scale"], topology["transform"]["translate"]
    arcs = []
    for steps in topology["arcs"]:
        x = y = 0
        arc = []
        for step_x, step_y in steps:
            x, y = x + step_x, y + step_y
            arc.append(project(x * scale_x + left, y * scale_y + bottom))
        arcs.append(arc)
    return arcs


def write_line(points: list[tuple[int, int]]) -> str:
    """Return an SVG path with relative coordinates, without repeated points."""
    distinct = [point for at, point in enumerate(points) if at == 0 or point != points[at - 1]]
    if len(distinct) < 2:
        return ""
    steps = [f"{x - before_x} {y - before_y}" for (before_x, before_y), (x, y) in pairwise(distinct)]
    return f"M{distinct[0][0]} {distinct[0][1]}l{' '.join(steps)}".replace(" -", "-")


def unwrap(points: list[tuple[int, int]]) -> list[tuple[int, int]]:
    """Return the points of a ring that crosses the date line without the jump to the other side of the map."""
    turns, unwrapped = 0, points[:1]
    for (before, _), (x, y) in pairwise(points):
        turns += (x - before < -HALF_TURN) - (x - before > HALF_TURN)
        unwrapped.append((x + turns * 2 * HALF_TURN, y))
    # The ring around the pole does not end where it began, but at the edge of the map.
    return unwrapped if turns == 0 else points


def list_rings(geometry: dict[str, Any]) -> list[list[int]]:
    """Return the rings of a polygon or of several, as indexes of lines; `~index` is a line backwards."""
    polygons = [geometry["arcs"]] if geometry["type"] == "Polygon" else geometry["arcs"]
    return [ring for polygon in polygons for ring in polygon]


def main() -> None:
    """Write the paths of the land and of the borders between countries."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path)
    topology = json.loads((parser.parse_args().folder / "countries-110m.json").read_text())
    arcs = read_arcs(topology)
    rings = [ring for geometry in topology["objects"]["land"]["geometries"] for ring in list_rings(geometry)]
    land = []
    for ring in rings:
        points = [point for at in ring for point in (arcs[at] if at >= 0 else arcs[~at][::-1])]
        land.append(write_line(unwrap(points)))
    countries = topology["objects"]["countries"]["geometries"]
    uses = Counter(at if at >= 0 else ~at for one in countries for ring in list_rings(one) for at in ring)
    borders = [write_line(arcs[at]) for at, count in uses.items() if count > 1]
    lines = [
        "/** The outline of the world, written by `training/build_world.py` from Natural Earth (public domain). */",
        "",
        "// Paths in a Mercator map of 3,600 by 3,600 units.",
        f'export const LAND = "{"z".join(filter(None, land))}z";',
        f'export const BORDERS = "{"".join(borders)}";',
    ]
    OUT.write_text("\n".join(lines) + "\n")
    print(f"{OUT.stat().st_size / 1000:.0f} kB")


if __name__ == "__main__":
    main()
