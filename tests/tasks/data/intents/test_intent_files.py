"""Files of Rasa, Dialogflow and LUIS are recognised by their content; damaged ones are refused in one sentence."""

import gzip
import json
import shutil

import pytest

from elmo.errors import ElmoError, TextError
from elmo.tasks.data.intents.intent_files import read_intents
from elmo.tasks.kinds.registry import kind_of, task_config
from intent_exports import LUIS, RASA, RASA_READ, phrase, write_agent


def found(path, **options):
    return [(one.text, one.intent) for one in read_intents(path, **options)]


def refused(path, **options):
    with pytest.raises(TextError) as error:
        read_intents(path, **options)
    message = str(error.value)
    assert message.startswith(str(path))
    assert "\n" not in message
    return message


@pytest.fixture
def agent(tmp_path):
    return write_agent(tmp_path / "agent", en=["one", "two three"], de=["eins"])


def test_an_ordinary_file_is_none_of_theirs(tmp_path):
    for name, text in (
        ("a.json", '[{"text": "a", "label": "b"}]'),
        ("a.jsonl", "{}"),
        ("b.json", "{cut"),
        ("a.csv", "a,b"),
    ):
        path = tmp_path / name
        path.write_text(text)
        assert read_intents(path) is None
    assert read_intents(tmp_path / "none.json") is None


def test_rasa_is_read_with_its_lines(tmp_path):
    path, said = tmp_path / "nlu.yml", []
    path.write_text(RASA)
    utterances = read_intents(path, report=said.append)
    assert [(u.text, u.intent, u.number) for u in utterances] == RASA_READ
    lines = RASA.split("\n")
    for u in utterances:
        assert u.where == f"{path}, line {u.number}"
        assert u.text.split()[-1] in lines[u.number - 1]
    assert said == ["format: Rasa", "left out: comments (1), synonyms (1), regular expressions (1), lookup tables (1)"]


def test_a_folder_of_rasa_and_a_packed_file_are_read_too(tmp_path):
    folder = tmp_path / "data"
    (folder / "nlu").mkdir(parents=True)
    (folder / "nlu" / "a.yml").write_text(RASA)
    (folder / "stories.yml").write_text("stories:\n- story: a\n  steps: []\n")
    packed = tmp_path / "nlu.yaml.gz"
    packed.write_bytes(gzip.compress(RASA.encode()))
    assert found(folder) == found(packed) == [(text, intent) for text, intent, _ in RASA_READ]


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("nlu:\n- intent: a\n  examples: |\n    - b\n   c: d: e\n", "line 5: not YAML"),
        ("nlu:\n- intent: a\n  examples: |\n    - b\n    and c\n", "line 5: 'and c' does not begin with `-`"),
        (
            'nlu:\n- intent: a\n  examples: |\n    - [b]{"entity": c}\n',
            "line 4: '{\"entity\": c}' after an entity is not JSON",
        ),
        ("nlu:\n- intent: a\n", "line 2: the intent 'a' has no examples"),
        ("nlu:\n- intent:\n  examples: |\n    - b\n", "line 2: the intent has no name"),
        ("nlu:\n- intention: a\n", "line 2: no `intent`"),
        ("nlu:\n  intent: a\n", "line 2: `nlu` is no list"),
        ("nlu:\n- intent: a\n  examples:\n  - metadata: 1\n", "line 4: an example without `text`"),
        ("nlu:\n- intent: a\n  examples:\n    b: c\n", "line 4: `examples` is neither"),
        ("nlu: []\n", "contains no text with an intent"),
        ("stories:\n- story: a\n", "without `nlu:`"),
        ("", "without `nlu:`"),
        ("version: 3\nnlu: a, and \x01\n", "line 2: not YAML (the character U+0001)"),
        ("[" * 5000, "not YAML"),
        ("nlu: *a\n", "line 1: not YAML"),
    ],
)
def test_a_damaged_rasa_file_is_refused_with_its_line(tmp_path, text, says):
    path = tmp_path / "nlu.yml"
    path.write_text(text)
    assert says in refused(path)


def test_nothing_is_constructed_from_tags(tmp_path):
    path = tmp_path / "nlu.yml"
    path.write_text("nlu: !!python/object/apply:os.system ['exit 1']\n")
    assert "no text" in refused(path) or "no `intent`" in refused(path)


def test_an_agent_is_read_in_its_own_language_or_the_one_that_is_asked_for(agent):
    said = []
    english = found(agent, report=said.append)
    assert english == [
        (f"{name}: {text}", name)
        for name in ("Book flight", "Default Fallback Intent", "Opening hours")
        for text in ("one", "two three")
    ]
    assert said[0] == "format: Dialogflow"
    assert said[1:3] == ["language: en; left out: de", "left out: templates (1)"]
    assert "--set out_of_scope='Default Fallback Intent'" in said[3]
    assert found(agent, language="DE")[0] == ("Book flight: eins", "Book flight")
    assert "only in de, en" in refused(agent, language="fr")
    (agent / "agent.json").unlink()
    assert "--set language=" in refused(agent)


def test_a_zip_of_an_agent_and_its_folder_of_intents_are_the_same(agent, tmp_path):
    shutil.make_archive(str(tmp_path / "flat"), "zip", agent)
    shutil.make_archive(str(tmp_path / "deep"), "zip", agent.parent, agent.name)
    assert found(tmp_path / "flat.zip") == found(tmp_path / "deep.zip") == found(agent / "intents") == found(agent)


def test_the_exports_of_2017_are_read(tmp_path):
    (tmp_path / "intents").mkdir()
    (tmp_path / "agent.json").write_text("{}")
    content = {"name": "Book flight", "userSays": [phrase("fly ", "to Oslo")]}
    (tmp_path / "intents" / "Book.json").write_text(json.dumps(content))
    assert found(tmp_path) == [("fly to Oslo", "Book flight")]


@pytest.mark.parametrize(
    ("file", "text", "says"),
    [
        ("intents/Opening_hours_usersays_en.json", "[{", "line 1: not JSON"),
        ("intents/Opening_hours_usersays_en.json", '{"a": 1}', "no list of training phrases"),
        ("intents/Opening_hours_usersays_en.json", '[{"data": [{"word": "a"}]}]', "training phrase 1: no `data`"),
        ("intents/Opening_hours.json", "{}", "no intent with a `name`"),
        ("intents/Opening_hours.json", '{"name":\n "a",\n}', "line 3: not JSON"),
    ],
)
def test_a_damaged_agent_is_refused_with_its_file(agent, tmp_path, file, text, says):
    (agent / file).write_text(text)
    message = refused(agent)
    assert says in message
    assert file in message
    shutil.make_archive(str(tmp_path / "a"), "zip", agent)
    assert f"{tmp_path / 'a.zip'}/{file}" in refused(tmp_path / "a.zip")


def test_other_folders_and_archives_are_refused(tmp_path, agent):
    (tmp_path / "empty").mkdir()
    assert "neither a Dialogflow agent" in refused(tmp_path / "empty")
    shutil.make_archive(str(tmp_path / "other"), "zip", tmp_path / "empty")
    (tmp_path / "cut.zip").write_bytes(b"PK\x03\x04cut")
    for name in ("other.zip", "cut.zip"):
        assert refused(tmp_path / name)
    one = agent / "intents" / "Opening_hours_usersays_en.json"
    assert "the training phrases of one intent" in refused(one)


def test_luis_is_read_whatever_its_file_is_called(tmp_path):
    path, said = tmp_path / "app.json", []
    path.write_text(json.dumps(LUIS), encoding="utf-8-sig")
    assert found(path, report=said.append) == [(one["text"], one["intent"]) for one in LUIS["utterances"]]
    assert said == [
        "format: LUIS",
        "left out: patterns (1)",
        "intent 'None' is read as a label; if its texts are out of scope, give --set out_of_scope='None'",
    ]


@pytest.mark.parametrize(
    ("utterances", "says"),
    [
        (None, "without `utterances`"),
        ([], "contains no text with an intent"),
        ([{"text": "a", "intent": "b"}, {"text": "a"}], "utterance 2: 'intent' is missing"),
        ([{"text": 3, "intent": "b"}], "utterance 1: 'text' is 3"),
        (["a"], "utterance 1: 'a' is no object"),
    ],
)
def test_a_damaged_app_is_refused_with_its_utterance(tmp_path, utterances, says):
    path = tmp_path / "app.json"
    path.write_text(json.dumps({**LUIS, "utterances": utterances}))
    assert says in refused(path)


def test_they_become_the_examples_of_a_classifier(tmp_path):
    path = tmp_path / "nlu.yml"
    path.write_text(RASA + "- intent: c\n  examples: |\n    - ...\n")
    config = task_config(task="classify")
    kind = kind_of(config)
    examples = kind.read(config, path)
    assert [(e.text, e.labels, e.line) for e in examples[:5]] == [(t, [i], n) for t, i, n in RASA_READ]
    path.write_text(RASA + "- intent: c\n  examples: |\n    -\n")
    with pytest.raises(ElmoError, match=r"nlu.yml, line 30: the text contains no word"):
        kind.read(config, path)


def test_texts_out_of_scope_are_not_learned(tmp_path):
    path = tmp_path / "app.json"
    path.write_text(json.dumps(LUIS))
    config = task_config(task="classify", out_of_scope="None")
    kind = kind_of(config)
    examples = kind.usable(config, kind.read(config, path), str(path))
    assert [e.labels for e in examples] == [["BookFlight"]] * 2
    assert "out_of_scope" not in task_config(task="classify").model_dump()
    with pytest.raises(TextError, match="out of scope"):
        kind.usable(config, [e._replace(labels=["None"]) for e in examples], str(path))
