import json

from barenet.cli._console import emit_json, emit_table, log


def test_json_has_no_nan(capsys):
    emit_json({"a": [1.5, float("nan"), {"b": (float("inf"), "é")}]})
    text = capsys.readouterr().out
    assert json.loads(text) == {"a": [1.5, None, {"b": [None, "é"]}]}
    assert text.isascii() and text.count("\n") == 1


def test_json_takes_long_lists_in_parts(capsys):
    parts = {
        "a": iter([[1, 2], [], [float("nan")]]),
        "b": {},
        "c": {"d": iter([]), "e": iter([[]])},
    }
    emit_json({**parts, "f\x7f\n": "\x7f"})
    text = capsys.readouterr().out
    whole = {"a": [1, 2, None], "b": {}, "c": {"d": [], "e": []}, "f\x7f\n": "\x7f"}
    assert text == json.dumps(whole).replace("\x7f", "\\u007f") + "\n"
    assert json.loads(text) == whole


def test_what_a_terminal_would_obey_is_spelled_out(capsys):
    emit_table(["a"], [["\x1b[2J\nb"]])
    log("\x1b[31m")
    assert capsys.readouterr() == ("a\n\\x1b[2J\\nb\n", "\\x1b[31m\n")


def test_what_forges_a_line_or_turns_text_round_is_spelled_out(capsys):
    for code in (0x61C, 0x200E, 0x200F, 0x2028, 0x2029, 0x202A, 0x202E, 0x2066, 0x2069):
        text, spelled = f"b{chr(code)}c", f"b\\u{code:04x}c\n"
        emit_table(["a"], [[text]])
        log(f"error: {text}")
        assert capsys.readouterr() == (f"a\n{spelled}", f"error: {spelled}")


def test_columns_are_aligned_and_never_cut(capsys):
    emit_table(["name", "n"], [["x" * 200, "1"], ["[y]", "1,000"]], numbers=True)
    lines = capsys.readouterr().out.splitlines()
    assert lines[1] == "x" * 200 + "      1"
    assert lines[2] == "[y]" + " " * 197 + "  1,000"
