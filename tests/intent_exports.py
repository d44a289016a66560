"""Small exports of Rasa, Dialogflow and LUIS, written by hand after their documentation."""

import json
from pathlib import Path

RASA = """version: "3.1"

nlu:
- intent: book_flight
  examples: |
    - I want to fly to [Oslo](city)
    - from [LA]{"entity": "city", "role": "from", "value": "Los Angeles"} to [Rome](city:ROM)

    # a comment
    - [two](number) seats [window][{"entity": "seat"}, {"entity": "side"}] please
- intent: faq/opening_hours
  examples:
  - text: |
      when do you open?
    metadata:
      sentiment: neutral
  - text: are you open on [Sunday](day)
- synonym: Los Angeles
  examples: |
    - LA
- regex: number
  examples: |
    - [0-9]+
- lookup: city
  examples: |
    - Oslo
    - Rome
"""
RASA_READ = [
    ("I want to fly to Oslo", "book_flight", 6),
    ("from LA to Rome", "book_flight", 7),
    ("two seats window please", "book_flight", 10),
    ("when do you open?", "faq/opening_hours", 14),
    ("are you open on Sunday", "faq/opening_hours", 17),
]
LUIS = {
    "luis_schema_version": "7.0.0",
    "name": "travel",
    "culture": "en-us",
    "intents": [{"name": "BookFlight"}, {"name": "None"}],
    "entities": [{"name": "City"}],
    "patterns": [{"pattern": "fly to {City}", "intent": "BookFlight"}],
    "utterances": [
        {"text": "fly to oslo", "intent": "BookFlight", "entities": [{"entity": "City", "startPos": 7, "endPos": 10}]},
        {"text": "a seat to rome", "intent": "BookFlight", "entities": []},
        {"text": "tell me a joke", "intent": "None", "entities": []},
    ],
}


def phrase(*pieces: str, template: bool = False) -> dict[str, object]:
    """A training phrase of Dialogflow."""
    data = [{"text": piece, "userDefined": bool(i % 2)} for i, piece in enumerate(pieces)]
    return {"id": "1", "data": data, "isTemplate": template, "count": 0, "updated": 0}


def write_agent(folder: Path, **languages: list[str]) -> Path:
    """An agent with two intents and a fallback in some languages, English the default."""
    intents = folder / "intents"
    intents.mkdir(parents=True)
    (folder / "agent.json").write_text(json.dumps({"description": "", "language": "en"}))
    (folder / "package.json").write_text(json.dumps({"version": "1.0.0"}))
    for name, fallback in (("Book flight", False), ("Opening hours", False), ("Default Fallback Intent", True)):
        file = name.replace(" ", "_")
        (intents / f"{file}.json").write_text(json.dumps({"id": "1", "name": name, "fallbackIntent": fallback}))
        for language, texts in languages.items():
            phrases = [phrase(*f"{name}: {text}".partition(" ")) for text in texts]
            if name == "Book flight":
                phrases.append(phrase("fly to @sys.geo-city:city", template=True))
            (intents / f"{file}_usersays_{language}.json").write_text(json.dumps(phrases))
    return folder
