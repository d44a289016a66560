import json

import pytest
from pydantic import BaseModel

from elmo.errors import OutputError, TrainingError
from elmo.storage.atomic import PART_PREFIX
from elmo.storage.checksums import checksum_of
from elmo.storage.job_folder import JobFolder, differences, refuse_changed_files


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
