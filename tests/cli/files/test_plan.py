from pathlib import Path

import pytest

from cli.files.plan import CannotPlan, Plan, format_for, make_plan
from photochrom.photo.options import OutputFormat
from support.pictures.photographs import grey_jpeg


@pytest.fixture
def album(tmp_path: Path) -> Path:
    album = tmp_path / "album"
    (album / "1912" / "summer").mkdir(parents=True)
    for name in ("one.jpg", "1912/two.JPG", "1912/summer/three.jpeg"):
        (album / name).write_bytes(grey_jpeg(size=(32, 32)))
    (album / "notes.txt").write_text("who is who")
    (album / ".hidden.jpg").write_bytes(grey_jpeg(size=(32, 32)))
    return album


def names(album: Path, **how: bool) -> set[str]:
    plan = make_plan(album, album.parent / "out", OutputFormat.SAME, force=how.get("force", False))
    return {item.target.relative_to(album.parent / "out").as_posix() for item in plan.items}


def targets(plan: Plan) -> dict[str, str]:
    return {item.source.name: item.target.name for item in plan.items}


def test_a_folder_keeps_its_structure_and_leaves_out_what_is_no_photograph(album: Path) -> None:
    plan = make_plan(album, album.parent / "out", OutputFormat.SAME, force=False)
    assert names(album) == {"one.jpg", "1912/two.JPG", "1912/summer/three.jpeg"}
    assert plan.not_photographs == 1


def test_what_is_already_there_is_left_alone_unless_forced(album: Path) -> None:
    (album.parent / "out").mkdir()
    (album.parent / "out" / "one.jpg").write_bytes(b"done before")
    assert names(album) == {"1912/two.JPG", "1912/summer/three.jpeg"}
    assert names(album, force=True) == {"one.jpg", "1912/two.JPG", "1912/summer/three.jpeg"}


def test_a_single_result_that_is_there_is_left_alone_too(album: Path) -> None:
    there = album.parent / "there.jpg"
    there.write_bytes(b"done before")
    assert make_plan(album / "one.jpg", there, OutputFormat.SAME, force=False).already_there == 1
    assert make_plan(album / "one.jpg", there, OutputFormat.SAME, force=True).items


def test_results_inside_the_source_folder_are_not_taken_for_sources(album: Path) -> None:
    (album / "colour").mkdir()
    (album / "colour" / "old.jpg").write_bytes(grey_jpeg(size=(32, 32)))
    plan = make_plan(album, album / "colour", OutputFormat.SAME, force=False)
    assert len(plan.items) == 3


def test_results_may_go_around_the_source_folder(album: Path) -> None:
    assert len(make_plan(album, album.parent, OutputFormat.SAME, force=False).items) == 3


def test_another_format_gives_another_suffix(album: Path) -> None:
    plan = make_plan(album, album.parent / "out", OutputFormat.PNG, force=False)
    assert {item.target.suffix for item in plan.items} == {".png"}


def test_a_damaged_photograph_stays_in_the_plan_so_that_its_error_is_seen(album: Path) -> None:
    (album / "damaged.jpg").write_bytes(b"")
    assert "damaged.jpg" in names(album)


def test_the_originals_are_never_overwritten(album: Path) -> None:
    for source, target in (
        (album, album),
        (album / "one.jpg", album / "one.jpg"),
        (album / "one.jpg", album),
    ):
        with pytest.raises(CannotPlan, match="original"):
            make_plan(source, target, OutputFormat.SAME, force=True)


def test_a_heic_is_planned_as_the_jpeg_that_it_becomes(tmp_path: Path) -> None:
    heic = b"\0\0\0\x18ftypheic\0\0\0\0mif1heic"
    (tmp_path / "in").mkdir()
    for name in ("IMG_1.HEIC", "IMG_2.HEIC", "IMG_3.HEIC"):
        (tmp_path / "in" / name).write_bytes(heic)
    for name in ("IMG_2.jpg", "IMG_3.JPG"):
        (tmp_path / "in" / name).write_bytes(b"\xff\xd8\xff")
    for asked, wanted in (
        (OutputFormat.SAME, ["IMG_1.jpg", "IMG_2.HEIC.jpg", "IMG_2.jpg", "IMG_3.HEIC.jpg", "IMG_3.JPG"]),
        (OutputFormat.HEIC, ["IMG_1.HEIC", "IMG_2.HEIC", "IMG_2.jpg.heic", "IMG_3.HEIC", "IMG_3.JPG.heic"]),
    ):
        plan = make_plan(tmp_path / "in", tmp_path / "out", asked, force=False)
        assert sorted(item.target.name for item in plan.items) == wanted


def test_two_photographs_never_share_a_target_and_the_second_is_told(album: Path) -> None:
    (album / "one.tif").write_bytes(b"II*\0" + bytes(100))
    plan = make_plan(album, album.parent / "out", OutputFormat.PNG, force=False)
    assert targets(plan) == {
        "one.jpg": "one.png",
        "one.tif": "one.tif.png",
        "two.JPG": "two.png",
        "three.jpeg": "three.png",
    }
    (told,) = plan.found
    assert (told.source.name, told.code) == ("one.tif", "")
    assert "one.tif.png" in told.detail


def test_the_photograph_that_keeps_its_name_comes_first(album: Path) -> None:
    (album / "one.bmp").write_bytes(b"BM" + bytes(12) + (40).to_bytes(4, "little") + bytes(100))
    (album / "one.png").write_bytes(b"\x89PNG\r\n\x1a\n" + bytes(50))
    found = targets(make_plan(album, album.parent / "out", OutputFormat.SAME, force=False))
    assert (found["one.png"], found["one.bmp"]) == ("one.png", "one.bmp.png")


def test_only_suffixes_of_images_are_cut_off(album: Path) -> None:
    for name in ("Oma 12.5.1931", "Oma 12.5.1932", "v1.2 scan", "Nr. 7.jpg"):
        (album / name).write_bytes(grey_jpeg(size=(32, 32)))
    assert {"Oma 12.5.1931.png", "Oma 12.5.1932.png", "v1.2 scan.png", "Nr. 7.png"} <= set(
        targets(make_plan(album, album.parent / "out", OutputFormat.PNG, force=False)).values()
    )


def test_the_longest_names_stay_within_what_a_file_may_have(album: Path) -> None:
    for name in ("y" * 251 + ".jpg", "y" * 255, "写" * 83 + ".jpe", "y" * 250 + ".jpeg"):
        (album / name).write_bytes(grey_jpeg(size=(32, 32)))
    for output_format in (OutputFormat.SAME, OutputFormat.JPEG, OutputFormat.TIFF):
        plan = make_plan(album, album.parent / "out", output_format, force=False)
        found = set(targets(plan).values())
        assert len(found) == 7
        assert all(len(name.encode()) <= 255 for name in found)


def test_names_that_the_target_tells_apart_are_kept(album: Path) -> None:
    for name in ("PICT0008.JPG", "pict0008.jpg", "Pict0008.jpeg", "caf\u00e9.jpg", "cafe\u0301.jpg"):
        (album / name).write_bytes(grey_jpeg(size=(32, 32)))
    found = targets(make_plan(album, album.parent / "out", OutputFormat.SAME, force=False))
    assert all(source == target for source, target in found.items())


def test_linked_folders_are_followed_once_and_what_is_left_out_is_told(album: Path, tmp_path: Path) -> None:
    outside = tmp_path / "outside"
    (outside / "deep").mkdir(parents=True)
    (outside / "deep" / "four.jpg").write_bytes(grey_jpeg(size=(32, 32)))
    for link, to in {
        "linked": outside,
        "again": outside,
        "loop": album,
        "up": album.parent,
        "five.jpg": outside / "deep" / "four.jpg",
        "gone.jpg": outside / "gone.jpg",
        "gone": outside / "gone",
        "itself": album / "itself",
    }.items():
        (album / link).symlink_to(to)
    (outside / "back").symlink_to(album)
    plan = make_plan(album, album.parent / "out", OutputFormat.SAME, force=False)
    found = {item.target.relative_to(album.parent / "out").as_posix() for item in plan.items}
    assert found == {"one.jpg", "1912/two.JPG", "1912/summer/three.jpeg", "five.jpg", "again/deep/four.jpg"}
    told = {item.source.relative_to(album).as_posix(): item.code for item in plan.found}
    assert told.pop("gone.jpg") == "broken-link"
    assert set(told.values()) == {""}
    assert {"linked", "loop", "gone", "itself"} <= set(told)


def test_a_linked_folder_of_results_is_left_out(album: Path) -> None:
    out = album.parent / "out"
    out.mkdir()
    (out / "old.jpg").write_bytes(grey_jpeg(size=(32, 32)))
    (album / "results").symlink_to(out)
    assert len(make_plan(album, out, OutputFormat.SAME, force=False).items) == 3


def test_a_result_never_goes_over_another_original(album: Path) -> None:
    (album / "album").mkdir()
    (album / "album" / "one.jpg").write_bytes(grey_jpeg(size=(32, 32)))
    with pytest.raises(CannotPlan, match="original"):
        make_plan(album, album.parent, OutputFormat.SAME, force=True)


def test_results_beside_their_originals_are_no_originals_the_next_time(album: Path) -> None:
    (album / "two.png").write_bytes(b"\x89PNG\r\n\x1a\n" + bytes(50))
    first = make_plan(album, album, OutputFormat.PNG, force=False)
    assert targets(first)["two.png"] == "two.png.png"
    for item in first.items:
        item.target.write_bytes(b"\x89PNG\r\n\x1a\n" + b"<x xmlns:photochrom='urn:photochrom:xmp:1.0:'>")
    second = make_plan(album, album, OutputFormat.PNG, force=False)
    assert (second.items, second.already_there, second.found) == ((), 4, ())
    again = make_plan(album, album, OutputFormat.PNG, force=True)
    assert targets(again) == targets(first)
    assert all(item.replace for item in again.items)


def test_a_target_that_ends_in_a_slash_is_a_folder(album: Path) -> None:
    new = album.parent / "new"
    (item,) = make_plan(album / "one.jpg", new, OutputFormat.PNG, force=False, into_folder=True).items
    assert item.target == new / "one.png"
    with pytest.raises(CannotPlan, match="is a file"):
        make_plan(album / "one.jpg", album / "one.jpg", OutputFormat.SAME, force=False, into_folder=True)


def test_a_folder_cannot_go_into_a_file(album: Path) -> None:
    with pytest.raises(CannotPlan, match="folder"):
        make_plan(album, album / "one.jpg", OutputFormat.SAME, force=False)


def test_the_name_of_a_single_target_decides_its_format() -> None:
    assert format_for(Path("a.png"), OutputFormat.SAME) is OutputFormat.PNG
    assert format_for(Path("a.tiff"), OutputFormat.TIFF) is OutputFormat.TIFF
    assert format_for(Path("a"), OutputFormat.SAME) is OutputFormat.SAME
    assert format_for(Path("Oma 12.5.1931"), OutputFormat.PNG) is OutputFormat.PNG
    assert format_for(Path("a.HEIF"), OutputFormat.SAME) is OutputFormat.HEIC
    with pytest.raises(CannotPlan, match=r"\.webp"):
        format_for(Path("a.bmp"), OutputFormat.SAME)
    with pytest.raises(CannotPlan, match="format"):
        format_for(Path("a.png"), OutputFormat.JPEG)


def test_what_is_read_and_never_written_becomes_a_png(album: Path) -> None:
    (album / "scan.bmp").write_bytes(b"BM" + bytes(12) + (40).to_bytes(4, "little") + bytes(100))
    (album / "called.jpg").write_bytes(b"P5 8 8 255\n" + bytes(64))
    assert {"scan.png", "called.png"} <= names(album)


def test_images_that_are_not_read_are_told_and_other_files_are_counted(album: Path) -> None:
    (album / "drawing.tga").write_bytes(bytes(100))
    (album / "layers.psd").write_bytes(b"8BPS" + bytes(100))
    (album / "broken.gif").write_bytes(b"no picture")
    plan = make_plan(album, album.parent / "out", OutputFormat.SAME, force=False)
    found = {item.source.name for item in plan.items}
    assert {"drawing.tga", "layers.psd", "broken.gif"} <= found
    assert plan.not_photographs == 1


def test_a_result_on_standard_output_is_refused_with_the_way_out(album: Path) -> None:
    with pytest.raises(CannotPlan, match="name a file"):
        make_plan(next(album.rglob("*.jpg")), Path("-"), OutputFormat.SAME, force=False)
