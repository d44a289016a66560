"""What is kept of both encoders stands in a table."""

from benchmarks.pages.encoders import PAGE, write_table


def test_each_encoder_is_a_row_and_the_rest_of_the_page_stays(tmp_path):
    figures = {
        "encoder_parameters": 2_367_488,
        "minutes": 20.0,
        "tokens_read": 1_234_560,
        "trained_tokens_per_s": 1028.6,
        "forward": 321.04,
        "backward": 322.06,
        "mean": 321.55,
        "embedded_tokens_per_s": 45_678.9,
    }
    rows = {"gated_cnn": {"figures": figures, "machine": "a machine", "date": "2026-11-29"}}
    page = tmp_path / "training.md"
    before = PAGE.read_text(encoding="utf-8")
    page.write_text(before, encoding="utf-8")
    write_table(rows, page)
    after = page.read_text(encoding="utf-8")
    assert "| `gated_cnn` | 2,367,488 | 20 | 1,234,560 | 1,029 | 321.0 | 322.1 | 321.6 | 45,679 |" in after
    assert "a machine, 2026-11-29 (results/encoders.json)" in after
    assert after.split("<!-- encoders")[0] == before.split("<!-- encoders")[0]
    assert after.split("<!-- end of encoders -->")[1] == before.split("<!-- end of encoders -->")[1]
