"""Archives of models are read; archives that mean harm leave nothing outside, and end in one error."""

import io
import os
import stat
import tarfile
import zipfile

import pytest

from conftest import GOLDEN, small_model
from elmo.checkpoints import archive
from elmo.checkpoints.archive import is_archive, unpacked
from elmo.checkpoints.formats.native import save_native
from elmo.checkpoints.load import load_model
from elmo.errors import CheckpointError

SMALL = GOLDEN / "allennlp" / "one_tanh"


def write_zip(path, members, **changes):
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as made:
        for name, content in members:
            info = zipfile.ZipInfo(name)
            info.compress_type = zipfile.ZIP_DEFLATED
            for key, value in changes.items():
                setattr(info, key, value)
            made.writestr(info, content)


def write_tar(path, members, mode="w:gz"):
    with tarfile.open(path, mode) as made:
        for name, content in members:
            info = tarfile.TarInfo(name)
            info.size = len(content)
            made.addfile(info, io.BytesIO(content))


def model_members(prefix=""):
    names = {"options.json": "options.json", "weights.hdf5": "model.hdf5"}
    return [(prefix + new, (SMALL / old).read_bytes()) for old, new in names.items()]


@pytest.fixture
def watched(tmp_path, monkeypatch):
    """Where archives are unpacked, with all around it in sight: what lies outside must stay as it is."""
    room = tmp_path / "around" / "tmp"
    room.mkdir(parents=True)
    monkeypatch.setattr("tempfile.tempdir", str(room))
    yield tmp_path / "around"
    left = [p for p in (tmp_path / "around").rglob("*") if p != room and not p.name.startswith("torchinductor")]
    assert left == []


@pytest.mark.parametrize("prefix", ["", "209/", "a/b/c/"])
@pytest.mark.parametrize("kind", ["zip", "tar.gz", "tar", "tar.xz", "tar.bz2"])
def test_a_model_in_an_archive_is_that_of_its_folder(tmp_path, watched, kind, prefix):
    path = tmp_path / f"m.{kind}"
    members = [("README", b"notes"), *model_members(prefix)]
    if kind == "zip":
        write_zip(path, members)
    else:
        write_tar(path, members, "w" if kind == "tar" else f"w:{kind[4:]}")
    assert is_archive(path)
    found, expected = load_model(path), load_model(SMALL)
    assert found.config == expected.config
    for p, q in zip(found.bilm.parameters(), expected.bilm.parameters(), strict=True):
        assert p.equal(q)


def test_our_own_folder_in_an_archive(tmp_path, watched):
    save_native(small_model(), tmp_path / "m")
    write_zip(tmp_path / "m.zip", [(f"m/{p.name}", p.read_bytes()) for p in (tmp_path / "m").iterdir()])
    assert load_model(tmp_path / "m.zip").vocabulary.words == small_model().vocabulary.words


BAD_NAMES = ["../evil", "a/../../evil", "/evil", "a\\..\\..\\evil", "C:/evil", "C:evil"]


@pytest.mark.parametrize("name", BAD_NAMES)
@pytest.mark.parametrize("write", [write_zip, write_tar])
def test_names_that_lead_outside_are_refused(tmp_path, watched, write, name):
    write(tmp_path / "m", [*model_members(), (name, b"evil")])
    with pytest.raises(
        CheckpointError, match=r"the name '.*evil' in it points outside the archive; .* nothing was unpacked"
    ):
        load_model(tmp_path / "m")
    assert not os.path.exists("/evil")


@pytest.mark.parametrize("kind", [tarfile.SYMTYPE, tarfile.LNKTYPE, tarfile.FIFOTYPE, tarfile.CHRTYPE])
def test_links_and_devices_in_a_tar_are_refused(tmp_path, watched, kind):
    with tarfile.open(tmp_path / "m.tar", "w") as made:
        info = tarfile.TarInfo("options.json")
        info.type, info.linkname = kind, "/etc/passwd"
        made.addfile(info)
    with pytest.raises(CheckpointError, match=r"'options\.json' in it is a link or a device"):
        load_model(tmp_path / "m.tar")


def test_links_in_a_zip_are_refused(tmp_path, watched):
    write_zip(tmp_path / "m.zip", [("options.json", b"/etc/passwd")], external_attr=(stat.S_IFLNK | 0o777) << 16)
    with pytest.raises(CheckpointError, match=r"'options\.json' in it is a link or a device"):
        load_model(tmp_path / "m.zip")


@pytest.mark.parametrize("write", [write_zip, write_tar])
def test_bombs_are_refused_before_they_fill_the_disk(tmp_path, watched, write, monkeypatch):
    monkeypatch.setattr(archive, "FREE_BYTES", 2**20)
    write(tmp_path / "m", [*model_members(), ("zeros", bytes(2**27))])
    with pytest.raises(CheckpointError, match="unpacks to more than"):
        load_model(tmp_path / "m")


def test_a_bomb_in_the_headers_of_a_tar_is_refused(tmp_path, watched, monkeypatch):
    monkeypatch.setattr(archive, "FREE_BYTES", 2**20)
    with tarfile.open(tmp_path / "m.tgz", "w:gz", format=tarfile.PAX_FORMAT) as made:
        info = tarfile.TarInfo("options.json")
        info.pax_headers = {"comment": "x" * 2**27}
        made.addfile(info)
    with pytest.raises(CheckpointError, match="it has a header of 134,217,7"):
        load_model(tmp_path / "m.tgz")


def test_too_many_files_are_refused(tmp_path, watched, monkeypatch):
    monkeypatch.setattr(archive, "MAX_FILES", 10)
    write_zip(tmp_path / "m.zip", [(f"f{i}", b"") for i in range(11)])
    with pytest.raises(CheckpointError, match="more than 10 files"):
        load_model(tmp_path / "m.zip")


@pytest.mark.filterwarnings("ignore:Duplicate name")
@pytest.mark.parametrize("second", ["options.json", "OPTIONS.json"])
def test_a_name_that_comes_twice_is_refused(tmp_path, watched, second):
    write_zip(tmp_path / "m.zip", [("options.json", b"{}"), (second, b"{}")])
    with pytest.raises(CheckpointError, match="twice"):
        load_model(tmp_path / "m.zip")


def test_a_file_below_a_file_is_one_error(tmp_path, watched):
    write_zip(tmp_path / "m.zip", [("a", b""), ("a/b", b"")])
    with pytest.raises(CheckpointError, match="cannot be unpacked"):
        load_model(tmp_path / "m.zip")


def test_two_models_or_none_are_reported(tmp_path, watched):
    write_zip(tmp_path / "two.zip", [*model_members("a/"), *model_members("b/")])
    with pytest.raises(CheckpointError, match=r"contains 2 models \(a, b\)"):
        load_model(tmp_path / "two.zip")
    write_zip(tmp_path / "none.zip", [("notes", b"")])
    with pytest.raises(CheckpointError, match="contains no model"):
        load_model(tmp_path / "none.zip")
    write_zip(tmp_path / "deep.zip", model_members("a/b/c/d/"))
    with pytest.raises(CheckpointError, match="contains no model"):
        load_model(tmp_path / "deep.zip")


@pytest.mark.parametrize("kind", ["zip", "tar.gz"])
@pytest.mark.parametrize("keep", [0.2, 0.9, 0.999])
def test_an_archive_that_is_cut_is_one_error(tmp_path, watched, kind, keep):
    path = tmp_path / f"m.{kind}"
    (write_zip if kind == "zip" else write_tar)(path, model_members())
    path.write_bytes(path.read_bytes()[: int(keep * path.stat().st_size)])
    with pytest.raises(CheckpointError):
        load_model(path)


def test_an_encrypted_zip_is_refused(tmp_path, watched):
    write_zip(tmp_path / "m.zip", [("options.json", b"{}")])
    raw = bytearray((tmp_path / "m.zip").read_bytes())
    raw[6] |= 1  # the flag of the local header and of the central directory
    raw[raw.index(b"PK\x01\x02") + 8] |= 1
    (tmp_path / "m.zip").write_bytes(raw)
    with pytest.raises(CheckpointError, match="is encrypted"):
        load_model(tmp_path / "m.zip")


def test_the_folder_is_gone_when_the_block_ends(tmp_path, watched):
    write_zip(tmp_path / "m.zip", [("a/b", b"c")])
    with unpacked(tmp_path / "m.zip") as folder:
        assert (folder / "a" / "b").read_bytes() == b"c"
    assert not folder.exists()


@pytest.mark.parametrize("how", [zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA])
def test_a_zip_that_is_packed_by_what_has_no_bound_is_refused(tmp_path, watched, how):
    with zipfile.ZipFile(tmp_path / "m.zip", "w", how) as made:
        made.writestr("options.json", b"{}")
    with pytest.raises(CheckpointError, match="not compressed with deflate"):
        load_model(tmp_path / "m.zip")


def test_folders_in_folders_without_end_are_refused(tmp_path, watched):
    write_zip(tmp_path / "m.zip", [("a/" * depth + "f", b"x") for depth in (400, 1200, 1950)])
    with pytest.raises(CheckpointError, match="401 folders deep"):
        load_model(tmp_path / "m.zip")


def test_a_long_header_of_a_tar_is_not_looked_through(tmp_path, watched):
    with tarfile.open(tmp_path / "m.tgz", "w:gz", format=tarfile.PAX_FORMAT) as made:
        info = tarfile.TarInfo("options.json")
        info.pax_headers = {"comment": "1" * 10**5}
        made.addfile(info)
    with pytest.raises(CheckpointError, match="it has a header of 100,0"):
        load_model(tmp_path / "m.tgz")


def test_an_error_of_a_model_in_an_archive_names_the_archive(tmp_path, watched):
    write_zip(
        tmp_path / "m.zip", [("m/options.json", (SMALL / "options.json").read_bytes()), ("m/weights.hdf5", b"no")]
    )
    with pytest.raises(CheckpointError) as caught:
        load_model(tmp_path / "m.zip")
    assert str(caught.value).startswith(f"{tmp_path}/m.zip/m/weights.hdf5: not a whole HDF5 file")
