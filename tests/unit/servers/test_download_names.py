"""Names that servers give: what they mean, and what is left of them that is safe everywhere."""

from __future__ import annotations

import unicodedata

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from core.servers.download_names import (
    FALLBACK,
    LONGEST,
    disposition_name,
    download_name,
    numbered,
    parted,
    safe_name,
    with_extension,
)

# Any text, and texts of the signs that names are broken with.
NASTY = st.text(st.sampled_from('./\\-~ \0\n\r\t:*?"<>|%aA.cCoOnN1é\u0301\u202e\u200b\ud800日😀'), max_size=60)
ANY = st.text(max_size=300) | NASTY


def ensure_safe(name: str) -> None:
    """What holds for every name."""
    raw = name.encode()
    assert 0 < len(raw) <= LONGEST
    assert not any(sign in name for sign in '/\\:*?"<>|\0')
    assert not any(unicodedata.category(sign) in ("Cc", "Cs") for sign in name)
    assert name[0] not in ".- "
    assert name[-1] not in ". "
    assert name == unicodedata.normalize("NFC", name)
    assert name.partition(".")[0].rstrip().upper() not in ("CON", "NUL", "AUX", "PRN", "COM1", "LPT9")


@given(ANY)
@example("\u0344" * 200)
@example("a" * 199 + "é.jpg")
@example("con .a.jpg")
@example("=\u0338<\u0338")
def test_a_safe_name_is_safe_and_stays_as_it_is(text: str) -> None:
    name = safe_name(text)
    ensure_safe(name)
    assert safe_name(name) == name


@given(ANY)
def test_a_header_never_breaks_anything(text: str) -> None:
    ensure_safe(download_name(text, "/a/b.jpg"))
    ensure_safe(download_name(f'attachment; filename="{text}"', "/"))
    ensure_safe(download_name(f"attachment; filename*=UTF-8''{text}", "/"))
    ensure_safe(download_name(None, text))


@given(ANY, st.integers(2, 100_000), st.sampled_from([(), (".jpg", ".jpeg"), (".mp4",)]))
def test_names_that_are_changed_stay_safe(text: str, number: int, extensions: tuple[str, ...]) -> None:
    name = with_extension(safe_name(text), extensions)
    ensure_safe(name)
    ensure_safe(numbered(name, number))
    assert numbered(name, number) not in (name, numbered(name, number + 1))
    assert not extensions or name.lower().endswith(extensions)


@given(st.text(st.characters(categories=["L", "N"]), min_size=1, max_size=30))
def test_plain_words_are_kept(word: str) -> None:
    kept = unicodedata.normalize("NFC", word)
    assert safe_name(f"a{word}.jpg") == unicodedata.normalize("NFC", f"a{kept}.jpg")


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("", FALLBACK),
        ("..", FALLBACK),
        ("../../etc/passwd", "passwd"),
        ("C:\\Users\\me\\a.jpg", "a.jpg"),
        ("/", FALLBACK),
        ("a/b/", "b"),
        (".hidden.jpg", "hidden.jpg"),
        ("-rf.jpg", "rf.jpg"),
        ("a\0b\nc\x1b[2J.jpg", "ab c[2J.jpg"),
        ("photo\u202egpj.exe", "photogpj.exe"),
        ("cafe\u0301.jpg", "café.jpg"),
        ("👨\u200d👩\u200d👧.png", "👨\u200d👩\u200d👧.png"),
        ("con", "_con"),
        ("NUL.txt", "_NUL.txt"),
        ("com1 .jpg", "_com1 .jpg"),
        ("console.jpg", "console.jpg"),
        ("a: b?.jpg", "a_ b_.jpg"),
        ("a.jpg. . ", "a.jpg"),
        ("x" * 300 + ".jpeg", "x" * 195 + ".jpeg"),
        ("é" * 150 + ".jpg", "é" * 98 + ".jpg"),
        ("a." + "b" * 300, "a." + "b" * 198),
    ],
)
def test_what_becomes_of_bad_names(text: str, name: str) -> None:
    assert safe_name(text) == name


@pytest.mark.parametrize(
    ("header", "name"),
    [
        ('attachment; filename="a b.jpg"', "a b.jpg"),
        ("attachment; filename=a.jpg", "a.jpg"),
        ("inline;FileName = a.jpg ; size=3", "a.jpg"),
        ("attachment; filename=\"plain.jpg\"; filename*=UTF-8''na%C3%AFve%20%E2%82%AC.jpg", "naïve €.jpg"),
        ("attachment; filename*=iso-8859-1'en'%A3.jpg", "£.jpg"),
        ("attachment; filename*=\"UTF-8''%e2%82%ac.jpg\"", "€.jpg"),
        ("attachment; filename*=nonsense'x'%e2%82%ac.jpg", "€.jpg"),
        ("attachment; filename*=UTF-8''%FF.jpg", "\ufffd.jpg"),
        ('attachment; filename*=broken; filename="b.jpg"', "b.jpg"),
        (r'attachment; filename="a\"b\\c.jpg"', 'a"b\\c.jpg'),
        (r'attachment; filename="C:\temp\a.jpg"', r"C:\temp\a.jpg"),
        ('attachment; filename="a;b=c.jpg"; x=y', "a;b=c.jpg"),
        ('attachment; filename="never ends.jpg', "never ends.jpg"),
        ("attachment; filename=without quotes.jpg; x=y", "without quotes.jpg"),
        ('attachment; filename="%E2%82%AC%20a.jpg"', "€ a.jpg"),
        ('attachment; filename="100%.jpg"', "100%.jpg"),
        ('attachment; filename="=?utf-8?B?4oKsLmpwZw==?="', "€.jpg"),
        ('attachment; filename="=?nonsense?B?4oKs?="', "=?nonsense?B?4oKs?="),
        ('attachment; filename="first.jpg"; filename="second.jpg"', "first.jpg"),
        ('attachment filename="no semicolon.jpg"', "no semicolon.jpg"),
        ('filename="alone.jpg"', "alone.jpg"),
        ("attachment", ""),
        ('attachment; filename=""', ""),
        ("attachment; filename*=UTF-8''", ""),
        ("", ""),
        (";;;===\"'", ""),
    ],
)
def test_what_a_disposition_means(header: str, name: str) -> None:
    assert disposition_name(header) == name


@pytest.mark.parametrize(
    ("header", "path", "name"),
    [
        (None, "/a/hills.jpg?x=/y.png", "hills.jpg"),
        (None, "/a/hills%20and%2Fsea.jpg", "sea.jpg"),
        (None, "/gallery/", "gallery"),
        (None, "/", FALLBACK),
        ("attachment", "/hills.jpg", "hills.jpg"),
        ('attachment; filename="../../x.jpg"', "/hills.jpg", "x.jpg"),
        ('attachment; filename=".."', "/hills.jpg", FALLBACK),
    ],
)
def test_a_download_gets_its_name_from_the_header_or_the_path(header: str | None, path: str, name: str) -> None:
    assert download_name(header, path) == name


@pytest.mark.parametrize(
    ("name", "extensions", "wanted"),
    [
        ("a.png", (".jpg", ".jpeg"), "a.jpg"),
        ("a.JPEG", (".jpg", ".jpeg"), "a.JPEG"),
        ("view.php", (".webp",), "view.webp"),
        ("version 1.2", (".jpg",), "version 1.2.jpg"),
        ("a", (".jpg",), "a.jpg"),
        ("a.jpg", (), "a.jpg"),
        ("x" * 200, (".jpg",), "x" * 196 + ".jpg"),
    ],
)
def test_the_extension_is_that_of_the_content(name: str, extensions: tuple[str, ...], wanted: str) -> None:
    assert with_extension(name, extensions) == wanted


def test_what_counts_as_an_extension() -> None:
    assert parted("a.tar.gz") == ("a.tar", ".gz")
    assert parted("Mr. Smith") == ("Mr. Smith", "")
    assert parted("a." + "b" * 40) == ("a." + "b" * 40, "")
    assert numbered("a.jpg", 2) == "a (2).jpg"
