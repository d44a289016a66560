import json
import os

import pytest
from pydantic import BaseModel

from elmo.errors import OutputError, TrainingError
from elmo.storage.atomic import PART_PREFIX
from elmo.storage.checksums import checksum_of
from elmo.storage.job_folder import NEXT, JobFolder, differences, refuse_changed_files


class Settings(BaseModel, frozen=True, extra="forbid"):
    rate: float
    name: str = "é"


def job_in(folder, sealed=False):
    return JobFolder(
        folder, "job.json", Settings, known_by=["job.json"], holds=["job.json", "x"], parts_in=["sub"], sealed=sealed
    )


@pytest.mark.parametrize("sealed", [True, False])
def test_the_settings_of_a_job_are_read_again(tmp_path, sealed):
    job = job_in(tmp_path / "job", sealed)
    assert not job.is_begun()
    with job.begin(Settings(rate=0.1), fill=lambda part: (part / "x").touch()):
        assert sorted(p.name for p in job.folder.iterdir()) == ["job.json", "x"]
    assert job.is_begun()
    assert job.read_settings() == Settings(rate=0.1)


def test_a_folder_is_held_from_its_first_moment_to_the_end_of_its_job(tmp_path):
    job = job_in(tmp_path / "job")
    with job.begin(Settings(rate=0.1)):
        with pytest.raises(OutputError, match="another process is writing to it"), job.hold():
            pass
        for force in (False, True):
            with pytest.raises(OutputError), job.begin(Settings(rate=0.2), force):
                pass
        assert job.read_settings() == Settings(rate=0.1)
    with job.hold():
        pass
    with job.begin(Settings(rate=0.2), force=True):
        assert job.read_settings() == Settings(rate=0.2)
    assert [p.name for p in tmp_path.iterdir()] == ["job"]


@pytest.mark.parametrize("force", [True, False])
def test_of_two_that_begin_in_a_folder_at_once_one_is_refused(tmp_path, force):
    first, second = job_in(tmp_path / "job"), job_in(tmp_path / "job")

    def begin_meanwhile(part):
        assert not first.folder.exists()
        holding.__enter__()

    holding = second.begin(Settings(rate=0.2), force)
    with (
        pytest.raises(OutputError, match="another process wrote it meanwhile"),
        first.begin(Settings(rate=0.1), force, begin_meanwhile),
    ):
        pass
    assert first.read_settings() == Settings(rate=0.2)
    holding.__exit__(None, None, None)
    assert [p.name for p in tmp_path.iterdir()] == ["job"]


def test_what_killed_processes_left_goes_when_the_folder_is_held(tmp_path):
    job = job_in(tmp_path / "job")
    with job.begin(Settings(rate=0.1)):
        pass
    for folder in (job.folder, job.folder / "sub"):
        (folder / f"{PART_PREFIX}killed").mkdir(parents=True)
    with job.hold():
        assert sorted(p.name for p in job.folder.rglob("*")) == ["job.json", "sub"]


def test_sealed_settings_are_not_changed_by_hand(tmp_path):
    job = job_in(tmp_path / "job", sealed=True)
    with job.begin(Settings(rate=0.1)):
        pass
    path = job.folder / "job.json"
    path.write_text(json.dumps({**json.loads(path.read_text()), "rate": 0.2}))
    with pytest.raises(TrainingError, match=r"job\.json was changed: its checksum is"):
        job.read_settings()


@pytest.mark.parametrize("content", ["{", "[]", '{"rate": "fast"}', "[" * 100_000])
def test_damaged_settings_are_one_sentence(tmp_path, content):
    (tmp_path / "job.json").write_text(content)
    with pytest.raises(TrainingError, match=r"job\.json: cannot be read") as caught:
        job_in(tmp_path, sealed=True).read_settings()
    assert len(str(caught.value).splitlines()) == 1


def test_without_settings_there_is_nothing_to_resume(tmp_path):
    with pytest.raises(TrainingError, match="no run to continue"):
        job_in(tmp_path).read_settings()


def test_other_things_in_a_folder_are_never_replaced(tmp_path):
    job = job_in(tmp_path / "job")
    with job.begin(Settings(rate=0.1)):
        pass
    job.refuse_existing(force=True)
    (job.folder / "deep").mkdir()
    (job.folder / "deep" / "thesis.tex").touch()
    with pytest.raises(OutputError, match=r"also contains deep/thesis\.tex"):
        job.refuse_existing(force=True)


def test_a_job_does_not_go_on_with_a_file_that_has_changed(tmp_path):
    path = tmp_path / "a.txt"
    path.write_text("a")
    checksums = {str(path): checksum_of(path)}
    refuse_changed_files(checksums)
    path.write_text("b")
    with pytest.raises(TrainingError, match=r"a\.txt has changed since the run started"):
        refuse_changed_files(checksums)
    path.unlink()
    refuse_changed_files(checksums)


def test_differences_name_both_values():
    assert differences(Settings(rate=1), Settings(rate=2)) == ["rate 1.0, now 2.0"]
    assert differences(Settings(rate=1), Settings(rate=1)) == []


def replaceable_job(folder):
    return JobFolder(folder, "job.json", Settings, known_by=["job.json"], whole_by=["result"])


def run_to_its_end(job, rate, force=False):
    with job.begin(Settings(rate=rate), force) as own:
        (own / "result").write_text(f"of {rate}")
        (own / "deep").mkdir()
        (own / "deep" / "more").write_text("more")


def content(folder):
    return {str(path.relative_to(folder)): path.read_text() for path in folder.rglob("*") if path.is_file()}


@pytest.mark.parametrize("links", [True, False])
def test_the_result_of_a_job_stays_until_the_one_that_replaces_it_has_ended(tmp_path, monkeypatch, links):
    if not links:
        monkeypatch.setattr(os, "link", lambda source, target: (_ for _ in ()).throw(PermissionError))
    job = replaceable_job(tmp_path / "job")
    run_to_its_end(job, 0.1)
    first = content(job.folder)
    with pytest.raises(FileExistsError), job.begin(Settings(rate=0.2), force=True) as own:
        (own / "result").write_text("half") and (own / "job.json").touch(exist_ok=False)
    assert {name: text for name, text in content(job.folder).items() if not name.startswith(NEXT)} == first
    assert job.read_settings() == Settings(rate=0.2)
    with job.hold() as own:
        assert (own / "result").read_text() == "half"
        (own / "result").write_text("of 0.2")
    assert content(job.folder).keys() == {"job.json", "result"}
    assert job.unfinished == job.folder
    assert job.read_settings() == Settings(rate=0.2)
    run_to_its_end(job, 0.3, force=True)
    assert content(job.folder) == {**first, "result": "of 0.3", "job.json": (job.folder / "job.json").read_text()}
    assert [p.name for p in tmp_path.iterdir()] == ["job"]


def test_a_job_that_replaces_another_is_alone_in_its_folder(tmp_path):
    job = replaceable_job(tmp_path / "job")
    run_to_its_end(job, 0.1)
    with job.begin(Settings(rate=0.2), force=True):
        with pytest.raises(OutputError, match="another process is writing"), job.begin(Settings(rate=0.3), force=True):
            pass
        with pytest.raises(OutputError, match="another process is writing"), job.hold():
            pass
    assert job.read_settings() == Settings(rate=0.2)


def test_what_has_no_result_yet_is_replaced_at_once(tmp_path):
    job = replaceable_job(tmp_path / "job")
    with job.begin(Settings(rate=0.1)):
        pass
    with job.begin(Settings(rate=0.2), force=True) as own:
        assert own == job.folder
