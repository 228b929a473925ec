"""The page in a real browser against a real server: what a school secretary and an analyst do on it."""

import re
import shutil
import zipfile
from collections.abc import Iterator
from pathlib import Path

import pytest

sync_api = pytest.importorskip("playwright.sync_api")
expect = sync_api.expect
expect.set_options(timeout=15_000)  # a busy machine is slow, not wrong

CHROMIUM = shutil.which("chromium")
ARGUMENTS = (
    "--no-sandbox --disable-gpu --disable-quic --no-first-run --disable-background-networking "
    "--disable-component-update --disable-sync"
).split()
AUDIT = Path(__file__).with_name("audit.js").read_text()
PHONE = {"width": 390, "height": 844}
DESK = {"width": 1280, "height": 900}
LOADING_FAILED = "Failed to load resource"
"""What Chromium writes to its console for any answer of 4xx or 5xx, the expected ones too."""

pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(CHROMIUM is None, reason="needs Debian's chromium"),
]


@pytest.fixture(scope="module")
def browser() -> Iterator:
    with sync_api.sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=CHROMIUM, args=ARGUMENTS)
        yield chromium
        chromium.close()


@pytest.fixture
def address(server) -> str:
    return server.url


@pytest.fixture
def open_page(browser, address) -> Iterator:
    """Open the page as a new visitor; afterwards its console must be clean and its policy kept."""
    visits, complaints = [], []

    def listen(page):
        page.on("pageerror", lambda error: complaints.append(str(error)))
        page.on(
            "console", lambda message: message.type in ("error", "warning") and complaints.append(message.text)
        )

    def visit(*, viewport=DESK, locale="en-GB", color_scheme="light"):
        context = browser.new_context(viewport=viewport, locale=locale, color_scheme=color_scheme)
        context.set_default_timeout(20_000)
        visits.append(context)
        page = context.new_page()
        listen(page)
        page.goto(address)
        page.locator("#samples button").first.wait_for()
        return page

    yield visit
    for context in visits:
        context.close()
    assert [text for text in complaints if not text.startswith(LOADING_FAILED)] == []


def send(page, path: Path, region: str = "jihomoravsky"):
    """Send a file by the form and return its card once it shows a receipt or a refusal."""
    page.set_input_files("#files", path)
    page.fill("#region", region)
    page.click("#send .main")
    return receipt_of(page, path.name)


def receipt_of(page, filename: str):
    card = page.locator("#uploads > li", has_text=filename).first
    expect(card.locator("progress")).to_have_count(0, timeout=20_000)
    return card


def load_sample(page, name: str):
    page.click(f'[data-sample="{name}"]')
    return receipt_of(page, name)


def dataset_of(card) -> str:
    return card.locator(".table > .row code").inner_text()


def undo(page, card):
    card.get_by_role("button", name="Undo this upload").click()
    page.locator("#confirm").get_by_role("button", name="Undo").click()
    expect(card.locator(".tag")).to_have_text("Undone")


def run(page, sql: str):
    page.fill("#sql", sql)
    page.press("#sql", "Control+Enter")


def audit(page, function: str) -> list[str]:
    """Return the faults that a function of audit.js finds, once the page has come to rest: a list that is being
    drawn anew has no sizes.
    """
    found: list[str] = []
    for _ in range(10):
        found = page.evaluate(f"(() => {{ {AUDIT} return {function}(); }})()")
        if not found:
            break
        page.wait_for_timeout(200)
    return found


def test_a_sample_is_one_click_away_from_a_receipt_in_plain_words(open_page):
    card = load_sample(open_page(), "pololeti_zs_jasanova.csv")
    expect(card.locator(".counts")).to_contain_text("120 rows were read.")
    expect(card.locator(".counts")).to_contain_text("No row was left out.")
    understood = card.locator(".understood dl")
    for words in ("windows-1250", "semicolon", "comma"):
        expect(understood).to_contain_text(words)
    expect(card.locator(".problems")).to_contain_text("row 62 · Průměr")


def test_the_lines_that_are_in_no_table_can_be_looked_at(open_page):
    card = load_sample(open_page(), "pololeti_zs_jasanova.csv")
    card.get_by_text("See these lines and cells").click()
    lines = card.locator("details:has-text('See these lines') li")
    lines.first.wait_for()
    texts = lines.all_text_contents()
    assert any(line.startswith("row 62 · Průměr cell left empty:") for line in texts)
    assert sum("set aside" in line for line in texts) == 4
    assert any("Celkem" in line for line in texts)


def correct(part, value: str, button: str = "Read again"):
    """Unfold the form of a guess, choose a value and have the file read again."""
    part.get_by_text("Change", exact=True).click()
    field = part.locator("form select, form input")
    if field.evaluate("field => field.localName") == "select":
        field.select_option(value)
    else:
        field.fill(value)
    part.get_by_role("button", name=button).click()


def test_a_guess_is_corrected_beside_it_remembered_and_forgotten(open_page, tmp_path):
    page = open_page()
    path = tmp_path / "opravy.csv"
    path.write_text("jmeno;den\nA;03/04/2024\nB;05/06/2024\n")
    card = send(page, path, region="opravy")
    expect(card.locator(".rows tbody tr").first).to_contain_text("2024-04-03")
    card.locator(".columns > summary").click()
    correct(card.locator(".columns tr", has_text="den"), "date_md")
    expect(card.locator(".rows tbody tr").first).to_contain_text("2024-03-04")
    expect(card).to_be_focused()
    expect(card.locator(".columns tr", has_text="den")).to_contain_text("You said so.")
    correct(card.locator("dl > div", has_text="Header"), "0")
    expect(card.locator(".counts")).to_contain_text("3 rows were read.")

    path.write_text("jmeno;den\nC;07/08/2024\nD;09/10/2024\n")
    next_card = send(page, path, region="opravy")
    expect(next_card.locator(".counts")).to_contain_text("3 rows were read.")
    expect(next_card.locator("dl")).to_contain_text("Remembered from your correction of")
    next_card.get_by_role("button", name="Forget my corrections").click()
    expect(next_card.locator(".counts")).to_contain_text("2 rows were read.")
    expect(next_card.get_by_role("button", name="Forget my corrections")).to_have_count(0)


def test_a_long_reading_of_a_correction_shows_how_far_it_is(open_page, tmp_path):
    page = open_page()
    path = tmp_path / "long_again.csv"
    rows = (f"{row};Jana {row % 977};{row % 100},5\n" for row in range(50_000))
    path.write_text("id;jmeno;body\n" + "".join(rows))
    card = send(page, path, region="opravy")
    release = []
    page.route("**/api/v1/uploads/*", lambda route: release.append(route) or None)  # held, and so slow
    correct(card.locator("dl > div", has_text="Header"), "0")
    bar = card.locator("dl > div", has_text="Header").locator("progress")
    bar.wait_for()
    release[0].continue_()
    page.unroute("**/api/v1/uploads/*")
    expect(card.locator(".counts")).to_contain_text("50,001 rows were read.")
    expect(card.locator("progress")).to_have_count(0)


def test_a_correction_that_cannot_be_made_says_why_beside_it(open_page, tmp_path):
    page = open_page()
    path = tmp_path / "nejde.csv"
    path.write_text("jmeno;den\nA;1\nB;2\n")
    card = send(page, path)
    header = card.locator("dl > div", has_text="Header")
    correct(header, "9")
    expect(header.locator(".wrong")).to_contain_text("the table has only 3 rows")
    expect(header.locator("input")).to_be_focused()
    correct(card.locator("dl > div", has_text="Separator"), ",")
    expect(card.locator(".columns > summary")).to_contain_text("1 column")
    card.locator("dl > div", has_text="Separator").get_by_text("Change", exact=True).click()
    card.get_by_role("button", name="Let the reader decide").click()
    expect(card.locator(".columns > summary")).to_contain_text("2 columns")


def test_guesses_can_be_corrected_with_the_keyboard_alone(open_page, tmp_path):
    page = open_page()
    path = tmp_path / "klavesnice.csv"
    path.write_text("jmeno;den\nA;1\nB;2\n")
    card = send(page, path)
    card.locator("dl > div", has_text="Header").locator("summary").focus()
    for key in ("Enter", "Tab", "Control+A", "0", "Enter"):
        page.keyboard.press(key)
    expect(card.locator(".counts")).to_contain_text("3 rows were read.")


def test_the_first_rows_are_shown_as_they_were_sent(open_page):
    rows = load_sample(open_page(), "pololeti_zs_jasanova.csv").locator(".rows table")
    expect(rows.locator("tbody tr")).to_have_count(20)
    expect(rows.locator("tbody tr").first).to_contain_text("000417")
    expect(rows.locator("thead th").nth(4)).to_have_text("Průměrdecimal number")


@pytest.mark.parametrize(
    ("name", "rows"),
    [("dochazka_2024_25.xlsx", 64), ("pololeti_zs_jasanova.csv", 120), ("test_scores_2025.csv", 60)],
)
def test_every_sample_is_read_with_no_row_left_out(open_page, name: str, rows: int):
    card = load_sample(open_page(), name)
    expect(card.locator(".counts")).to_contain_text(f"{rows} rows were read.")
    expect(card.locator(".counts")).to_contain_text("No row was left out.")


def test_a_question_gets_a_table(open_page):
    page = open_page()
    load_sample(page, "test_scores_2025.csv")
    expect(page.locator("#sql")).to_have_value(re.compile(r"SELECT \* FROM \w+ LIMIT 20"))
    page.locator("#query").get_by_role("button", name="Run").click()
    expect(page.locator("#answer tbody tr")).to_have_count(20)
    expect(page.locator("#answer-said")).to_contain_text(re.compile(r"20 rows in \d+ ms"))


def test_a_cut_answer_says_so(open_page):
    page = open_page()
    dataset = dataset_of(load_sample(page, "test_scores_2025.csv"))
    run(page, f"SELECT a.score_before FROM {dataset} AS a CROSS JOIN {dataset} AS b")
    expect(page.locator("#answer .note")).to_contain_text("only the first 1,000 are shown")


def test_a_refused_question_shows_why_and_leaves_no_old_answer(open_page):
    page = open_page()
    load_sample(page, "test_scores_2025.csv")
    page.locator("#query").get_by_role("button", name="Run").click()
    page.locator("#answer table").wait_for()
    run(page, "SELECT * FROM nothing_of_that_name")
    expect(page.locator("#answer-wrong")).to_contain_text("nothing_of_that_name")
    expect(page.locator("#answer table")).to_have_count(0)


def test_an_upload_can_be_undone_after_a_question(open_page, tmp_path):
    page = open_page()
    path = tmp_path / "undo_me.csv"
    path.write_text("name,points\nUndone,1\nB,2\n")
    card = send(page, path)
    expect(page.locator("#datasets")).to_contain_text("undo_me")
    card.get_by_role("button", name="Undo this upload").click()
    page.locator("#confirm").get_by_role("button", name="Keep it").click()
    expect(card.locator(".tag")).to_have_text("Read")
    undo(page, card)
    expect(page.locator("#datasets")).not_to_contain_text("undo_me")
    expect(card).to_be_focused()


def test_the_same_file_twice_is_called_a_duplicate(open_page, tmp_path):
    page = open_page()
    path = tmp_path / "twice.csv"
    path.write_text("name,points\nTwice,1\nB,2\n")
    expect(send(page, path).locator(".tag")).to_have_text("Read")
    expect(send(page, path)).to_contain_text("This very file is already in.")
    copy = path.rename(tmp_path / "copy.csv")
    expect(send(page, copy)).to_contain_text("already in, under the name “twice.csv”")


def pupils(path: Path, first: int, last: int) -> Path:
    """Write pupils of the school that the file is called after."""
    school = path.stem.split()[0]
    path.write_text("code,name,points\n" + "".join(f"P{n},{school} {n},{n}\n" for n in range(first, last)))
    return path


def test_a_newer_version_is_told_and_replaces_the_older_with_one_click(open_page, tmp_path):
    page = open_page()
    old = send(page, pupils(tmp_path / "versions.csv", 0, 30))
    new = send(page, pupils(tmp_path / "versions corrected.csv", 1, 34))
    expect(new.locator(".shared")).to_contain_text("your file versions.csv of")
    expect(new.locator(".shared")).to_contain_text("4 rows new, 0 changed, 1 gone")
    expect(page.locator("#datasets li", has_text="versions")).to_contain_text("29 rows of versions count twice")
    run(page, "SELECT count(*) AS n FROM versions")
    expect(page.locator("#answer .note")).to_contain_text("29 rows of versions count twice")
    page.get_by_role("button", name="Open the newer file").click()
    expect(new).to_be_focused()
    new.get_by_role("button", name="Replace the older file").click()
    expect(new.locator(".shared")).to_have_count(0)
    expect(new).to_contain_text("took the place of an older one")
    expect(new).to_be_focused()
    expect(old).to_contain_text("A newer file took the place of this one")
    run(page, "SELECT count(*) AS n FROM versions")
    expect(page.locator("#answer tbody")).to_have_text("33")
    expect(page.locator("#answer .note, #datasets .note")).to_have_count(0)


def test_how_many_older_files_are_replaced_is_said_before_and_after(open_page, tmp_path):
    page = open_page()
    send(page, pupils(tmp_path / "halves.csv", 0, 15), region="vysocina")
    send(page, pupils(tmp_path / "halves 2.csv", 15, 30), region="vysocina")
    whole = send(page, pupils(tmp_path / "halves 3.csv", 0, 32), region="vysocina")
    expect(whole.get_by_role("button", name="Keep all")).to_have_count(1)
    whole.get_by_role("button", name="Replace the 2 older files").click()
    expect(whole).to_contain_text("took the place of 2 older ones")
    expect(page.locator("#announce")).to_contain_text("took the place of 2 older ones")
    expect(page.locator("#sent .tag.replaced")).to_have_count(2)


def test_files_that_share_rows_can_both_be_kept(open_page, tmp_path):
    page = open_page(viewport=PHONE)
    send(page, pupils(tmp_path / "kept.csv", 0, 30))
    send(page, pupils(tmp_path / "kept 2.csv", 0, 5))
    page.reload()
    page.get_by_role("button", name="Open the newer file").click()
    new = receipt_of(page, "kept 2.csv")
    expect(new.locator(".shared")).to_contain_text("All 5 rows of this file are in already")
    expect(new.get_by_role("button", name="Replace the older file")).to_have_count(0)
    assert page.evaluate("document.documentElement.scrollWidth") == PHONE["width"]
    assert audit(page, "smallTargets") == []
    new.get_by_role("button", name="Keep both").click()
    expect(new.locator(".shared")).to_have_count(0)
    expect(page.locator("#datasets .note")).to_have_count(0)


def test_what_changed_about_columns_is_told_since_which_file(open_page, tmp_path):
    page = open_page(viewport=PHONE)
    first, later = tmp_path / "spelling.csv", tmp_path / "spelling 2.csv"
    first.write_text("day,Interventition,points\n" + "".join(f"2024-09-{n},kind {n},{n}\n" for n in range(10, 20)))
    later.write_text("Intervention,points,floor\n" + "".join(f"sort {n},{n},{n + 1}\n" for n in range(20, 30)))
    send(page, first)
    expect(page.locator("#datasets > li", has_text="spelling")).not_to_contain_text("What changed")
    card = send(page, later)
    expect(card.locator(".problems")).to_contain_text("The column day of your last file is missing here.")
    dataset = page.locator("#datasets > li", has_text="spelling")
    dataset.get_by_text("What changed about its columns").click()
    expect(dataset.locator(".changes")).to_contain_text("spelling 2.csv: column day is not in the file")
    expect(dataset.locator(".changes")).to_contain_text("interventition is written Intervention instead of")
    card.locator(".understood summary", has_text="columns").click()
    correct = card.locator(".fix", has=page.get_by_label("Change: Spelling of a column, Intervention"))
    correct.locator("summary").click()
    correct.locator("select").select_option("intervention")
    correct.locator("form button").first.click()
    expect(page.locator("#datasets > li", has_text="spelling")).to_contain_text("5 columns")
    assert page.evaluate("document.documentElement.scrollWidth") == PHONE["width"]
    assert audit(page, "smallTargets") == []


def test_after_a_reload_the_files_sent_so_far_can_be_opened_and_undone(open_page, tmp_path):
    """With the keyboard, on a phone: the newest first, ten at first, then the older ones."""
    page = open_page(viewport=PHONE)
    paths = [tmp_path / f"sent_{number}.csv" for number in range(12)]
    for number, path in enumerate(paths):
        path.write_text(f"name,points\nSent,{number}\nB,{number + 1}\n")
    page.set_input_files("#files", paths)
    page.fill("#region", "sent-so-far")
    page.click("#send .main")
    expect(page.locator("#uploads .tag")).to_have_count(12, timeout=40_000)
    expect(page.locator("#sent li").first).to_contain_text("sent_11.csv")
    page.reload()
    lines = page.locator("#sent button")
    expect(lines).to_have_count(10)
    expect(page.locator("#sent-region")).to_have_value("sent-so-far")
    expect(lines.first).to_contain_text(re.compile(r"sent_11\.csv Read .*\d\d:\d\d · 2 rows"))
    page.locator("#sent-more").focus()
    page.keyboard.press("Enter")
    expect(lines).to_have_count(12)
    expect(lines.nth(10)).to_be_focused()
    expect(page.locator("#sent-more")).to_be_hidden()
    assert page.evaluate("document.documentElement.scrollWidth") == PHONE["width"]
    assert audit(page, "smallTargets") == []
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    card = receipt_of(page, "sent_0.csv")
    expect(card).to_be_focused()
    undo(page, card)
    expect(lines.nth(11)).to_contain_text("Undone")
    page.select_option("#sent-region", "")
    expect(lines.first).to_contain_text("sent-so-far")


def test_a_refused_file_is_found_again_after_a_reload(open_page, tmp_path):
    page = open_page(locale="cs-CZ")
    path = tmp_path / "nic.csv"
    path.write_bytes(b"")
    send(page, path, region="refused")
    page.reload()
    page.locator("#sent button", has_text="nic.csv").click()
    expect(page.locator("#uploads .wrong")).to_contain_text("Soubor je prázdný")


def test_a_file_of_an_archive_that_cannot_be_read_is_told_above_the_tables(open_page, tmp_path):
    """It is no fault of the first table, and there are no lines to download."""
    path = tmp_path / "archive.zip"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("a.csv", "name,points\nA,1\nB,2\n")
        archive.writestr("letter.pdf", b"%PDF-1.4")
    card = send(open_page(), path)
    expect(card.locator("> .problems")).to_contain_text("1 file in the archive was not read")
    expect(card.locator("> .problems")).to_contain_text("letter.pdf")
    expect(card.locator(".table .problems")).to_have_count(0)
    expect(card.locator(".counts")).to_contain_text("Every cell was understood.")
    expect(card).not_to_contain_text("See these lines")


def test_as_many_things_to_look_at_are_said_as_are_listed(open_page, tmp_path):
    path = tmp_path / "counted.csv"
    rows = (f"pupil {n};{'?' if n % 3 == 0 else n};{'bad' if n == 7 else n}\n" for n in range(60))
    path.write_text("name;points;age\n" + "".join(rows))
    card = send(open_page(), path)
    problems = card.locator(".problems")
    count = problems.locator("li").count()
    assert count > 0
    expect(problems.locator("h4")).to_have_text(f"{count} thing{'s' * (count > 1)} to look at")


def test_dates_are_written_as_the_language_of_the_page_does(open_page, tmp_path):
    page = open_page(locale="cs-CZ")
    path = tmp_path / "datumy.csv"
    path.write_text(
        "jmeno;narozen;kdy;zapsano\nA;2010-09-26;2024-05-01 08:15;2024-05-01 00:00\n"
        "B;2011-01-02;2024-12-11 14:05:09;2024-05-02 00:00\n"
    )
    first, second = (send(page, path).locator(".rows tbody tr").nth(place) for place in (0, 1))
    expect(first).to_have_text("A26. 9. 20101. 5. 2024 8:151. 5. 2024")
    expect(second).to_have_text("B2. 1. 201111. 12. 2024 14:05:092. 5. 2024")
    run(page, "SELECT kdy, narozen FROM datumy ORDER BY kdy")
    expect(page.locator("#answer tbody tr").first).to_have_text("1. 5. 2024 8:1526. 9. 2010")
    page.get_by_role("button", name="English").click()
    expect(first).to_have_text("A2010-09-262024-05-01 08:152024-05-01")


def test_a_file_that_cannot_be_read_says_so_beside_its_name(open_page, tmp_path):
    path = tmp_path / "leaflet.csv"
    path.write_bytes(b"")
    card = send(open_page(), path)
    expect(card.locator(".tag")).to_have_text("Not read")
    expect(card.locator(".wrong")).to_contain_text("empty")


def test_several_files_have_a_receipt_each_in_the_order_chosen(open_page, tmp_path):
    page = open_page()
    paths = [tmp_path / f"part_{letter}.csv" for letter in "abc"]
    for number, path in enumerate(paths):
        path.write_text(f"name,points\nSeveral,{number}\nB,2\n")
    page.set_input_files("#files", paths)
    expect(page.locator("#chosen")).to_contain_text("3 files chosen")
    page.fill("#region", "jihomoravsky")
    page.click("#send .main")
    expect(page.locator("#uploads .tag")).to_have_count(3, timeout=20_000)
    assert page.locator("#uploads h3").all_inner_texts() == [path.name for path in paths]


def test_files_can_be_dropped(open_page):
    page = open_page()
    files = page.evaluate_handle(
        """() => {
            const data = new DataTransfer();
            data.items.add(new File(['name,points\\nA,1\\n'], 'dropped.csv'));
            return data;
        }"""
    )
    page.dispatch_event("#drop", "drop", {"dataTransfer": files})
    expect(page.locator("#chosen")).to_contain_text("dropped.csv")


@pytest.mark.parametrize("region", ("", "Jihomoravský", "a b"))
def test_a_wrong_region_is_told_before_anything_is_sent(open_page, tmp_path, region: str):
    page = open_page()
    sent = []
    page.on("request", lambda request: sent.append(request.method) if request.method == "POST" else None)
    path = tmp_path / "a.csv"
    path.write_text("a,b\n1,2\n")
    page.set_input_files("#files", path)
    page.fill("#region", region)
    page.click("#send .main")
    expect(page.locator("#region-error")).to_contain_text("letters without accents")
    expect(page.locator("#region")).to_be_focused()
    assert sent == []


def test_a_region_that_differs_from_a_known_one_only_in_case_is_not_sent_by_chance(open_page, tmp_path):
    page = open_page(viewport=PHONE)
    path = tmp_path / "case.csv"
    path.write_text("a,b\n1,2\n3,4\n")
    send(page, path, region="karlovarsky")
    expect(page.locator("#regions option[value=karlovarsky]")).to_have_count(1)
    page.reload()
    page.locator("#datasets li").first.wait_for()
    page.set_input_files("#files", path)
    page.fill("#region", "Karlovarsky")
    expect(page.locator("#region-known")).to_contain_text("There is already a region “karlovarsky”")
    assert audit(page, "smallTargets") == []
    page.press("#region", "Enter")
    expect(page.get_by_role("button", name="Use karlovarsky")).to_be_focused()
    expect(page.locator("#uploads li")).to_have_count(0)
    page.keyboard.press("Enter")
    expect(page.locator("#region")).to_have_value("karlovarsky")
    expect(page.locator("#region-known")).to_be_hidden()
    page.fill("#region", "Karlovarsky")
    page.get_by_role("button", name="Keep Karlovarsky").click()
    page.keyboard.press("Enter")
    expect(page.locator("#uploads .tag")).to_have_text("Read")


def test_the_region_is_remembered(open_page, tmp_path):
    page = open_page()
    path = tmp_path / "remembered.csv"
    path.write_text("a,b\n1,2\n")
    send(page, path, region="olomoucky")
    page.reload()
    expect(page.locator("#region")).to_have_value("olomoucky")


@pytest.mark.parametrize(
    "busy",
    (
        {
            "status": 503,
            "headers": {"Retry-After": "1"},
            "content_type": "application/problem+json",
            "body": '{"detail": "busy"}',
        },
        {
            "content_type": "text/event-stream",
            "body": 'event: problem\ndata: {"status": 503, "detail": "busy", "retry_after_s": 1}\n\n',
        },
    ),
    ids=("plain", "event"),
)
def test_a_busy_service_is_asked_again_after_the_time_it_names(open_page, tmp_path, busy):
    page = open_page()
    answers = []

    def busy_once(route):
        if route.request.method == "POST" and not answers:
            answers.append(503)
            route.fulfill(**busy)
        else:
            route.continue_()

    page.route("**/api/v1/uploads", busy_once)
    path = tmp_path / "patient.csv"
    path.write_text("name,points\nA,1\nB,5\n")
    page.set_input_files("#files", path)
    page.fill("#region", "jihomoravsky")
    page.click("#send .main")
    expect(page.locator("#uploads")).to_contain_text("Trying again in 1 second")
    expect(receipt_of(page, path.name)).to_contain_text("2 rows were read.")


def test_a_long_reading_shows_what_is_done_and_how_far_it_is(open_page, tmp_path):
    """The bar fills a second time while the file is read, and says so to who does not see it."""
    page = open_page()
    path = tmp_path / "long.csv"
    rows = (f"{row};Jana {row % 977};{row % 100},5;2024-{row % 12 + 1:02}-11;6.A\n" for row in range(700_000))
    path.write_text("id;jmeno;body;datum;trida\n" + "".join(rows))
    page.evaluate("""() => {
        window.heard = [];
        new MutationObserver(() => {
            const bar = document.querySelector('#uploads progress');
            if (bar) heard.push([bar.getAttribute('aria-valuetext'), bar.position < 0 ? null : bar.value]);
        }).observe(document.querySelector('#uploads'), { subtree: true, attributes: true, childList: true });
    }""")
    card = send(page, path)
    expect(card.locator(".counts")).to_contain_text("700,000 rows were read.")
    heard = page.evaluate("heard")
    read = [(text, share) for text, share in heard if not text.startswith(("Sending", "Waiting"))]
    shares = [share for _, share in read if share is not None]
    assert len(set(shares)) >= 3
    assert shares == sorted(shares)
    assert any(re.fullmatch(r"Turning it into a table … \d+%", text) for text, _ in read)


def test_a_service_that_goes_away_while_it_reads_is_said(open_page, tmp_path):
    page = open_page()
    page.route(
        "**/api/v1/uploads",
        lambda route: route.fulfill(
            content_type="text/event-stream",
            body='event: progress\ndata: {"file": 0, "stage": "reading", "fraction": 0.5}\n\n: still at it\n\n',
        ),
    )
    path = tmp_path / "cut.csv"
    path.write_text("name,points\nA,1\n")
    expect(send(page, path)).to_contain_text("The service cannot be reached")


def test_a_cell_that_looks_like_markup_is_shown_as_text(open_page, tmp_path):
    page = open_page()
    markup = "<img src=x onerror=document.title='run'>"
    path = tmp_path / "markup.csv"
    path.write_text(f"<b>name</b>,points\n{markup},1\nplain,2\n")
    card = send(page, path)
    expect(card.locator(".rows tbody tr").first).to_contain_text(markup)
    run(page, f"SELECT * FROM {dataset_of(card)}")
    expect(page.locator("#answer tbody")).to_contain_text(markup)
    assert page.locator("main img, main b").count() == 0
    assert page.title() == "EduScale Engine"


def test_the_page_speaks_czech_and_so_do_the_receipts(open_page, tmp_path):
    page = open_page(locale="cs-CZ")
    expect(page.locator("h1")).to_contain_text("Pošlete tabulku")
    path = tmp_path / "prazdny.csv"
    path.write_bytes(b"")
    card = send(page, path)
    expect(card).to_contain_text("Soubor je prázdný")
    page.get_by_role("button", name="English").click()
    expect(page.locator("h1")).to_contain_text("Send a school")
    expect(card).to_contain_text("The file is empty")
    assert page.evaluate("document.documentElement.lang") == "en"


def test_the_main_way_needs_only_a_keyboard(open_page, tmp_path):
    page = open_page()
    path = tmp_path / "by_keyboard.csv"
    path.write_text("name,points\nKeyboard,1\nB,2\n")

    def tab_to(selector: str) -> None:
        for _ in range(200):  # every guess and every dataset has controls
            page.keyboard.press("Tab")
            if page.evaluate("selector => document.activeElement.matches(selector)", selector):
                return
        raise AssertionError(f"{selector} cannot be reached")

    choosers = []

    def note(chooser) -> None:  # page.expect_file_chooser may begin to listen after the key
        choosers.append(chooser)

    page.on("filechooser", note)
    tab_to("#files")
    page.keyboard.press("Space")
    while not choosers:
        page.wait_for_timeout(50)
    choosers[0].set_files(path)
    expect(page.locator("#chosen")).to_contain_text("1 file chosen")
    tab_to("#region")
    page.keyboard.type("jihomoravsky")
    page.keyboard.press("Enter")
    receipt_of(page, path.name).locator(".rows table").wait_for()
    tab_to("#uploads .scroll")
    tab_to("#sql")
    page.keyboard.press("Control+Enter")
    page.locator("#answer table").wait_for()
    tab_to("#answer .scroll")


@pytest.mark.parametrize("viewport", (PHONE, {"width": 320, "height": 640}), ids=("390", "320"))
def test_a_phone_never_scrolls_sideways(open_page, viewport):
    page = open_page(viewport=viewport)
    card = load_sample(page, "dochazka_2024_25.xlsx")
    card.locator(".rows table").wait_for()
    card.locator(".understood > .columns > summary").click()
    page.locator("#query").get_by_role("button", name="Run").click()
    page.locator("#answer table").wait_for()
    assert page.evaluate("document.documentElement.scrollWidth") == viewport["width"]
    box = "document.querySelector('.rows .scroll')"
    assert page.evaluate(f"{box}.scrollWidth > {box}.clientWidth")


def test_what_a_finger_touches_is_44_pixels_high(open_page):
    page = open_page(viewport=PHONE)
    load_sample(page, "dochazka_2024_25.xlsx").locator(".rows table").wait_for()
    assert audit(page, "smallTargets") == []


def test_everything_has_a_name_and_an_order(open_page):
    page = open_page()
    card = load_sample(page, "dochazka_2024_25.xlsx")
    card.locator(".rows table").wait_for()
    assert audit(page, "namesAndOrder") == []


@pytest.mark.parametrize("color_scheme", ("light", "dark"))
def test_text_stands_out_from_its_ground_as_wcag_aa_asks(open_page, tmp_path, color_scheme):
    page = open_page(color_scheme=color_scheme)
    page.emulate_media(color_scheme=color_scheme, reduced_motion="reduce")
    empty = tmp_path / "empty.csv"
    empty.write_bytes(b"")
    send(page, empty)
    load_sample(page, "pololeti_zs_jasanova.csv").locator(".rows table").wait_for()
    load_sample(page, "pololeti_zs_jasanova.csv").locator(".understood > .columns > summary").click()
    run(page, "SELECT nothing")
    page.locator("#answer-wrong").wait_for()
    assert audit(page, "faintText") == []
