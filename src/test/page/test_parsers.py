"""The page's modules that take text apart, in the browser itself."""

import json

import pytest


@pytest.fixture
def run(fake, open_page):
    """Evaluates JavaScript with a module of the page as `it`."""
    page = open_page(fake.address)
    return lambda module, code: page.evaluate(f"async () => {{ const it = await import('/{module}'); {code} }}")


FEED = "const parser = new it.EventParser(); const events = pieces.flatMap((piece) => parser.feed(piece));"


def feed(run, *pieces):
    return run(
        "server-sent-events.js",
        f"const pieces = {list(pieces)!r}; {FEED} return events.map((e) => [e.type, e.data, e.id]);",
    )


def test_events_have_a_type_data_and_an_id(run):
    events = feed(run, 'id: 7\nevent: log\ndata: {"text":"a"}\n\ndata: b\n\n')

    assert events == [["log", '{"text":"a"}', "7"], ["message", "b", "7"]]


def test_events_may_be_cut_anywhere(run):
    whole = "event: jobs\r\ndata: [1]\r\n\r\n: a comment\n\nevent: gone\ndata: x\ndata:  y\n\n"
    events = feed(run, *whole)

    assert events == [["jobs", "[1]", ""], ["gone", "x\n y", ""]]


def test_an_event_without_data_or_without_an_end_is_none(run):
    assert feed(run, "event: log\n\nid: 3\n\ndata: unfinished\n") == []


def lines(run, *pieces):
    """The finished lines and the open one, each as a list of [text, style]."""
    code = f"""const terminal = new it.TerminalText(); const pieces = {list(pieces)!r};
    const lines = pieces.flatMap((piece) => terminal.feed(piece));
    const all = [...lines, terminal.openLine ?? {{spans: []}}];
    return all.map((line) => line.spans.map((span) => [span.text, span.style]));"""
    return run("terminal-text.js", code)


def test_colours_last_until_they_are_reset_also_beyond_a_line(run):
    assert lines(run, "a \x1b[1;31mred\nstill\x1b[0m not\n") == [
        [["a ", {}], ["red", {"bold": True, "foreground": 1}]],
        [["still", {"bold": True, "foreground": 1}], [" not", {}]],
        [],
    ]


@pytest.mark.parametrize(
    ("sequence", "style"),
    [
        ("92", {"foreground": 10}),
        ("44;97", {"background": 4, "foreground": 15}),
        ("38;5;9", {"foreground": 9}),
        ("38;5;196", {"foreground": "rgb(255, 0, 0)"}),
        ("48;5;232", {"background": "rgb(8, 8, 8)"}),
        ("38;2;1;2;3", {"foreground": "rgb(1, 2, 3)"}),
        ("38;2;1;2;999", {}),
        ("3;4;9;7", {"italic": True, "underline": True, "strike": True, "inverse": True}),
        ("1;2;22", {}),
        ("31;39", {}),
        ("", {}),
        ("777", {}),
    ],
)
def test_sgr_sequences_become_styles(run, sequence, style):
    assert lines(run, f"\x1b[{sequence}mx") == [[["x", style]]]


def test_a_sequence_may_be_cut_anywhere(run):
    assert lines(run, *"\x1b[31mx\x1b[0my") == [[["x", {"foreground": 1}], ["y", {}]]]


def test_what_is_neither_text_nor_colour_is_left_out(run):
    text = "a\x1b[2Kb\x1b]0;title\x07c\x1b(Bd\x00\x08e\x1b[12;4Hf\x1b]8;;http://x\x1b\\link\x1b]8;;\x1b\\"

    assert lines(run, text) == [[["abcdeflink", {}]]]


def test_a_sequence_that_never_ends_hides_no_more_than_itself(run):
    finished = lines(run, "\x1b]" + "x" * 300 + "\nnext\n")

    assert finished[-2] == [["next", {}]]


def test_a_carriage_return_begins_the_line_again_and_one_at_its_end_does_not(run):
    assert lines(run, " 10 %\r 50 %", "\r100 %\r\ndone\r\nnow 1\rnow 2\r") == [
        [["100 %", {}]],
        [["done", {}]],
        [["now 2", {}]],
    ]


def test_markup_stays_text(run):
    code = """const [line] = new it.TerminalText().feed("\\x1b[31m<img src=x onerror=alert(1)>\\n");
    const element = it.spanElement(line.spans[0]);
    return [element.children.length, element.textContent, element.className];"""

    assert run("terminal-text.js", code) == [0, "<img src=x onerror=alert(1)>", "foreground-1"]


def test_of_an_endless_line_only_the_beginning_is_kept(run):
    code = """const terminal = new it.TerminalText(); for (let i = 0; i < 100; i++) terminal.feed("x".repeat(1000));
    const {spans, left} = terminal.openLine; return [spans.map((span) => span.text.length), left];"""

    assert run("terminal-text.js", code) == [[20_000], 80_000]


def test_a_request_comes_back_from_the_form_as_it_was(run):
    request = {
        "image": "a/b:1", "jobName": "n", "inputBucket": "i", "outputBucket": "o", "timeOut": 5, "retries": 2,
        "prefix": "p", "command": ["sh", "-c"], "args": ["--x", "a = b"], "env": {"A": "1=2"},
        "labels": {"team": "aero"}, "resources": {"cpu": "2", "gpu": "1"},
    }  # fmt: skip
    code = (
        f"const request = {json.dumps(request)}; return [it.requestOf(it.fieldsOf(request)), it.fitsFields(request)];"
    )

    assert run("request-fields.js", code) == [request, True]


def test_what_the_form_has_no_field_for_is_kept(run):
    request = {"image": "a", "workDir": "/data", "resources": {"cpu": "2", "disk": "1Gi"}}
    code = f"const request = {json.dumps(request)}; return it.requestOf(it.fieldsOf(request), request);"

    assert run("request-fields.js", code) == request


@pytest.mark.parametrize("value", ['{args: ["a\\nb"]}', '{args: [""]}', '{env: {A: "x\\ny"}}'])
def test_a_request_that_lines_cannot_express_does_not_fit_the_form(run, value):
    assert run("request-fields.js", f"return it.fitsFields({value});") is False
