"""Make the sample files of the page: `python tests/web/make_samples.py`. Every name in them is invented.

They are as messy as what schools send; the same script always makes the same bytes.
"""

import csv
import io
import random
from collections.abc import Callable
from datetime import date, datetime, timedelta
from pathlib import Path

import xlsxwriter

FOLDER = Path(__file__).parents[2] / "eduscale" / "web" / "samples"

WOMEN = (
    "Alžběta Dobromila Evelína Jitřenka Květuše Leopolda".split(),
    "Modrá Lískovcová Kapradinová Osiková Vrbenská Jalovcová".split(),
)
MEN = (
    "Bořivoj Čeněk Ferdinand Hvězdoň Miloň Řehoř".split(),
    "Javůrek Šípek Topolan Žabka Dlask Čejka".split(),
)
SCHOOLS = ("ZŠ Jasanová", "ZŠ a MŠ Pod Kaštany", "Gymnázium Na Lukách", "SOŠ Vřesová")


def main() -> None:
    """Write all samples into their folder."""
    FOLDER.mkdir(exist_ok=True)
    for name, make in SAMPLES.items():
        (FOLDER / name).write_bytes(make())


def invented_name(draw: random.Random) -> tuple[str, str]:
    """Return a first and a last name that agree in gender, as Czech names do."""
    firsts, lasts = draw.choice((WOMEN, MEN))
    return draw.choice(firsts), draw.choice(lasts)


def attendance_checklist() -> bytes:
    """Return an attendance checklist as a form exports it: misspelt header, a row of types, a long empty tail."""
    draw = random.Random(2024)
    header = (
        "School Year|Date|Year|Month|Semester|Intervention|Interventition Type |Intervention Detail|Target Group|"
        "Name of Participant|Organization/School|School Grade|School Type|Region|Feedback"
    ).split("|")
    types = "list date list list list list list string list string list list list list string".split()
    activities = (
        ("Teacher training", "Workshop", "Reading in maths lessons", "Teachers"),
        ("Mentoring", "Individual", "First-year teachers", "Teachers"),
        ("Summer school", "Course ", "Project teaching, three days", "Teachers"),
        ("Career day", "Event", "Trades of the region", "Pupils"),
        ("Leadership club", "Workshop", "Feedback that helps", "Head teachers"),
    )
    feedback = (
        "",
        "",
        "Velmi užitečné",
        "would come again",
        "Příště delší přestávku; jinak výborné",
        "=) děkuji",
    )
    participants = [(" ".join(invented_name(draw)), draw.choice(SCHOOLS)) for _ in range(24)]

    file = io.BytesIO()
    book = xlsxwriter.Workbook(file, {"in_memory": True})
    book.set_properties({"created": datetime(2025, 7, 1), "author": "", "title": "Attendance checklist"})
    sheet = book.add_worksheet("Attendance")
    bold, day = book.add_format({"bold": True}), book.add_format({"num_format": "d.m.yyyy"})
    bordered = book.add_format({"border": 1})
    sheet.write_row(0, 0, header, bold)
    sheet.write_row(1, 0, types)
    for row in range(2, 66):
        held = date(2024, 9, 3) + timedelta(days=draw.randrange(290))
        intervention, kind, detail, group = draw.choice(activities)
        person, school = draw.choice(participants)
        year = held.year if held.month >= 9 else held.year - 1
        grade = "" if group != "Pupils" else f"{draw.randrange(6, 10)}."
        sheet.write(row, 0, f"{year}/{(year + 1) % 100}")
        sheet.write_datetime(row, 1, datetime(held.year, held.month, held.day), day)
        sheet.write_row(row, 2, (held.year, held.month, 1 if held.month >= 9 or held.month == 1 else 2))
        school_type = school.split()[0]
        sheet.write_row(
            row, 5, (intervention, kind, detail, group, person, school, grade, school_type, "Jihomoravský")
        )
        sheet.write(row, 14, draw.choice(feedback))
    for row in range(66, 1000):  # a template's borders make the sheet look a thousand rows long
        sheet.write_blank(row, 0, None, bordered)
    book.close()
    return file.getvalue()


def half_year_marks() -> bytes:
    """Return a school's export in windows-1250: title lines, decimal commas, a total, a note, one bad cell."""
    draw = random.Random(31)
    lines = [
        "Základní škola Jasanová;;;;;;;",
        "Pololetní hodnocení žáků - tisk 31.1.2025;;;;;;;",
        ";;;;;;;",
        "Evid. č.;Jméno žáka;Třída;Datum narození;Průměr;Zameškané hodiny;Obědy Kč;Pochvala",
    ]
    hours_in_all = 0
    for number in range(120):
        born = date(2010, 9, 1) + timedelta(days=draw.randrange(1400))
        first, last = invented_name(draw)
        average = f"{draw.randrange(100, 380) / 100:.2f}".replace(".", ",")
        hours, lunches = draw.randrange(0, 90), draw.randrange(40, 75) * 36
        hours_in_all += hours
        lines.append(
            ";".join(
                (
                    f"{417 + number * 7:06d}",
                    f"{last} {first}",
                    f"{6 + number // 30}.{'AB'[number // 15 % 2]}",
                    f"{born.day}.{born.month}.{born.year}",
                    "nehodnocen" if number == 57 else average,
                    str(hours),
                    f"{lunches // 1000} {lunches % 1000:03d},50" if lunches >= 1000 else f"{lunches},50",
                    draw.choice(("ano", "ne", "ne")),
                )
            )
        )
    lines += [f"Celkem;;;;;{hours_in_all};;", "Pozn.: průměr bez výchov;;;;;;;"]
    return ("\r\n".join(lines) + "\r\n").encode("cp1250")


def before_and_after_scores() -> bytes:
    """Return test scores before and after a course as a clean UTF-8 CSV with decimal points and yes/no."""
    draw = random.Random(7)
    text = io.StringIO(newline="")
    write = csv.writer(text, lineterminator="\n").writerow
    write(
        (
            "pupil_id",
            "school",
            "grade",
            "subject",
            "test_date",
            "score_before",
            "score_after",
            "took_part",
            "remark",
        )
    )
    for number in range(60):
        before = draw.uniform(30, 80)
        took_part = draw.random() < 0.6
        after = min(100, before + draw.gauss(9 if took_part else 3, 6))
        remark = draw.choice(("", "", "", "absent in May, sat the test later", 'asked for "more time"'))
        write(
            (
                f"P{number + 1:04d}",
                draw.choice(SCHOOLS),
                draw.randrange(6, 10),
                draw.choice(("maths", "reading")),
                date(2025, 5, 12) + timedelta(days=draw.randrange(10)),
                f"{before:.1f}",
                f"{after:.1f}",
                "yes" if took_part else "no",
                remark,
            )
        )
    return text.getvalue().encode()


SAMPLES: dict[str, Callable[[], bytes]] = {
    "dochazka_2024_25.xlsx": attendance_checklist,
    "pololeti_zs_jasanova.csv": half_year_marks,
    "test_scores_2025.csv": before_and_after_scores,
}

if __name__ == "__main__":
    main()
