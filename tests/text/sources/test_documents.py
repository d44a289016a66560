from elmo.text.sources.documents import PlacedSentence, place_sentences


def test_a_blank_line_ends_a_document():
    lines = ["", "a b", "c", " \t", "", "\u00e9 f", ""]
    assert list(place_sentences(lines, pretokenized=True)) == [
        PlacedSentence(["a", "b"], document=1, line=2, size_bytes=4),
        PlacedSentence(["c"], document=1, line=3, size_bytes=2),
        PlacedSentence(["\u00e9", "f"], document=2, line=6, size_bytes=5),
    ]


def test_the_sentences_of_a_raw_line_share_its_bytes():
    placed = list(place_sentences(["He swims. She runs.", "\u200b", "Why?"], pretokenized=False))
    assert [s.words for s in placed] == [["He", "swims", "."], ["She", "runs", "."], ["Why", "?"]]
    assert [s.size_bytes for s in placed] == [20, 0, 5]
    assert [s.document for s in placed] == [1, 1, 2]
