"""The written forms of values: for each a pattern that a cell must match whole, and the SQL that converts it.

The patterns are read alike by Python's `re` and DuckDB's RE2, so a form that is found is the form that converts.
"""

import re
from dataclasses import dataclass, replace
from functools import lru_cache

from eduscale.models.reading import ColumnType

SPACES = " \u00a0\u202f\u2009"
CURRENCIES = {
    "Kč": ("Kč", "kč", "KČ", "CZK"),
    "€": ("€", "EUR"),
    "Ft": ("Ft", "HUF"),
    "zł": ("zł", "PLN"),
    "$": ("$", "USD"),
    "£": ("£", "GBP"),
}
"""How the currencies that are told apart may be written."""
MONTHS = (
    "leden únor březen duben květen červen červenec srpen září říjen listopad prosinec",
    "ledna února března dubna května června července srpna září října listopadu prosince",
    "led úno bře dub kvě čvn čvc srp zář říj lis pro",
    "január február marec apríl máj jún júl august september október november december",
    "januára februára marca apríla mája júna júla augusta septembra októbra novembra decembra",
    "january february march april may june july august september october november december",
    "jan feb mar apr may jun jul aug sep oct nov dec",
    "jan feb mar apr may jun jul aug sept oct nov dec",
    "januar februar märz april mai juni juli august september oktober november dezember",
    "jänner feber märz april mai juni juli august september oktober november dezember",
    "jan feb mär apr mai jun jul aug sep okt nov dez",
    "jan feb mrz apr mai jun jul aug sept okt nov dez",
    "sty lut mar kwi maj cze lip sie wrz paź lis gru",
    "stycznia lutego marca kwietnia maja czerwca lipca sierpnia września października listopada grudnia",
    "styczeń luty marzec kwiecień maj czerwiec lipiec sierpień wrzesień październik listopad grudzień",
)
WEEKDAYS = (
    "pondělí úterý středa čtvrtek pátek sobota neděle po út st čt pá so ne "
    "pondelok utorok streda štvrtok piatok nedeľa ut št pi "
    "monday tuesday wednesday thursday friday saturday sunday mon tue tues wed thu thur thurs fri sat sun "
    "montag dienstag mittwoch donnerstag freitag samstag sonntag mo di mi do fr sa so "
    "poniedziałek wtorek środa czwartek piątek niedziela pn wt śr cz pt nd"
)
BOOLEANS = (
    ("ano", "ne"),
    ("yes", "no"),
    ("true", "false"),
    ("áno", "nie"),
    ("ja", "nein"),
    ("oui", "non"),
    ("tak", "nie"),
    ("pravda", "nepravda"),
    ("wahr", "falsch"),
    ("prawda", "fałsz"),
    ("✓", "✗"),
    ("✔", "✘"),
    ("✓", "✘"),
    ("✔", "✗"),
    ("☑", "☐"),
)
BOOLEAN_LETTERS = (("a", "n"), ("y", "n"))
NULL_WORDS = frozenset(
    {"na", "n/a", "#n/a", "null", "none", "nan", "nil", "-", "--", "---", "–", "—", ".", "..", "?", "x"}
    | {"n.a.", "n. a.", "n/d", "n.d.", "nezadáno", "neuvedeno", "nevyplněno", "nezjištěno", "nehodnoceno", "není"}
    | {"bez údaje", "bez údajů", "nedostupné", "neznámo", "neznámé", "neuvedené", "nezadané", "nevyplnené"}
    | {"bez údaja", "nie je", "neznáme", "not available", "not applicable", "not specified", "missing", "unknown"}
    | {
        "no data",
        "k. a.",
        "k.a.",
        "keine angabe",
        "keine angaben",
        "unbekannt",
        "brak",
        "brak danych",
        "nie podano",
    }
)
"""What means that there is no value, in lower case, where the other cells of the column have a type."""
MARKS = frozenset({"x", "×", "✓", "✔", "☑", "☒"})
"""What people put into a cell to say yes where a blank cell says no."""
ERROR_WORDS = frozenset(
    {
        "#div/0!",
        "#ref!",
        "#value!",
        "#name?",
        "#num!",
        "#null!",
        "#hodnota!",
        "#název?",
        "#odkaz!",
        "#číslo!",
        "#dělení_nulou!",
    }
)

_DAY = "(?:0?[1-9]|[12][0-9]|3[01])"
_MONTH = "(?:0?[1-9]|1[0-2])"
_YEAR = "(?:1[6-9]|2[0-9])[0-9]{2}"
_SHORT_YEAR = "[0-9]{2}"
_YEARS = "{value} BETWEEN DATE '1600-01-01' AND DATE '2999-12-31'"
_CLOCK = "(?:[01]?[0-9]|2[0-3]):[0-5][0-9](?::[0-5][0-9](?:[.][0-9]{1,6})?)?"
ZONES = {
    **dict.fromkeys(("Z", "UTC", "GMT", "WET"), 0),
    **dict.fromkeys(("CET", "SEČ", "MEZ", "BST", "WEST"), 60),
    **dict.fromkeys(("CEST", "SELČ", "MESZ", "EET"), 120),
    "EEST": 180,
    "EDT": -240,
    **dict.fromkeys(("EST", "CDT"), -300),
    **dict.fromkeys(("CST", "MDT"), -360),
    **dict.fromkeys(("MST", "PDT"), -420),
    "PST": -480,
}
"""By the name of a time zone, how many minutes its clocks are ahead of UTC."""
ZONE = f"GMT[+-][0-9]{{1,2}}(?::?[0-9]{{2}})?|{'|'.join(ZONES)}|[+-][0-9]{{2}}(?::?[0-9]{{2}})?"
_ZONE = f"(?: ?(?:{ZONE}))?"
MOMENT = "(.*[0-9.,])(?:[T ]|, ?)([0-9]{1,2}:.*)"
"""A date and a time of day in one cell."""


@dataclass(frozen=True)
class Form:
    """A way to write values of a type; in `sql`, `{x}` stands for the cell without spaces around it.

    `check` tests a `{value}` where that is cheaper than testing the cell by the pattern, to the same effect.
    """

    name: str
    type: ColumnType
    storage: str
    pattern: str
    sql: str
    max_length: int = 0
    """Longest cell; 0 is no limit."""
    check: str = ""
    unit: str = ""
    """What every cell is an amount of."""
    blank: str = "NULL"
    """What a blank cell means, as SQL."""
    typed: bool = False
    """The column holds values already, no text: `sql` alone converts it, and every cell fits."""

    def fits(self, cell: str) -> bool:
        """Say whether a cell is written in this form."""
        if self.max_length and len(cell) > self.max_length:
            return False
        return _compiled(self.pattern).fullmatch(cell) is not None

    def guarded(self, x: str) -> str:
        """Return SQL that gives the value of cell `x`, or null if it is not written in this form."""
        value = self.sql.replace("{x}", x)
        guard = f"regexp_full_match({x}, {literal(self.pattern)})"
        if self.check:
            guard = self.check.replace("{x}", x).replace("{value}", value)
        elif self.max_length:
            guard += f" AND length({x}) <= {self.max_length}"
        return f"CASE WHEN {guard} THEN {value} END"


@lru_cache(maxsize=1_000)
def _compiled(pattern: str) -> re.Pattern[str]:
    return re.compile(pattern)


def literal(text: str) -> str:
    """Return a text as an SQL literal."""
    return "'" + text.replace("'", "''") + "'"


TEXT = Form("text", "text", "VARCHAR", "(?s).*", "{x}")
WHOLE_CELLS = Form("cells", "integer", "BIGINT", "", "CAST({x} AS BIGINT)", typed=True)
DECIMAL_CELLS = Form("cells", "decimal", "DOUBLE", "", "{x}", typed=True)
DATE_CELLS = Form("cells", "date", "DATE", "", "(DATE '0001-01-01' + CAST({x} - 1 AS INTEGER))", typed=True)


def _values(type_: ColumnType, storage: str, sql: str = "") -> Form:
    return Form("values", type_, storage, "", sql or f"CAST({{x}} AS {storage})", typed=True)


INTEGER_VALUES = _values("integer", "BIGINT")
DECIMAL_VALUES = _values("decimal", "DOUBLE")
BOOLEAN_VALUES = _values("boolean", "BOOLEAN")
DATE_VALUES = _values("date", "DATE")
DATETIME_VALUES = _values("datetime", "TIMESTAMP")
TIME_VALUES = _values("time", "TIME")
DURATION_VALUES = _values("duration", "BIGINT", "CAST(replace(rtrim({x}, 'S'), 'PT', '') AS BIGINT)")
SECONDS = _values("duration", "BIGINT")
JSON_VALUES = _values("json", "VARCHAR", "{x}")


def exact_values(scale: int, *, digits: int = 38) -> Form:
    """Return the form of exact numbers with so many decimals; without any they are integers."""
    return _values("decimal" if scale else "integer", f"DECIMAL({digits},{scale})")


def integer(thousands: str = "") -> Form:
    """Return whole numbers without leading zeros; `thousands` lists marks between groups of three."""
    if not thousands:
        return Form(
            name="integer",
            type="integer",
            storage="BIGINT",
            pattern="0|-?[1-9][0-9]{0,17}",
            sql="TRY_CAST({x} AS BIGINT)",
            check="CAST({value} AS VARCHAR) = {x}",
        )
    pattern = f"-?(?:0|[1-9][0-9]{{0,17}}|[1-9][0-9]{{0,2}}(?:[{thousands}][0-9]{{3}}){{1,5}})"
    return Form("integer_grouped", "integer", "BIGINT", pattern, f"TRY_CAST({_without(thousands)} AS BIGINT)")


def decimal(
    mark: str,
    thousands: str = "",
    unit: str = "",
    scale: int | None = None,
    *,
    binary: bool = False,
    always: bool = True,
    scaled: bool = True,
) -> Form:
    """Return numbers with a decimal mark, as DOUBLE while 15 digits hold them, else exact with `scale` decimals.

    `binary` says that the cells were doubles in the first place, so that DOUBLE holds any of them. A unit is
    `always` there or may be left out; percentages that are not `scaled` stay the numbers that were sent.
    """
    whole, decimals = (
        (17 if binary else 14, 20 if binary else 15) if scale is None else (max(37 - scale, 0), scale)
    )
    groups = f"|[1-9][0-9]{{0,2}}(?:[{thousands}][0-9]{{3}}){{1,11}}" if thousands else ""
    fraction = f"[{mark}][0-9]{{1,{decimals}}}"
    number = f"-?(?:(?:0|[1-9][0-9]{{0,{whole}}}{groups})(?:{fraction})?|{fraction})"
    digits = _without(thousands) if thousands else "{x}"
    if unit:
        digits = f"rtrim({digits}, {literal(unit + SPACES)})"
    if mark != ".":
        digits = f"replace({digits}, '{mark}', '.')"
    if unit == "%" and scaled:
        digits += " || 'e-2'"
    storage = "DOUBLE" if scale is None else f"DECIMAL(38,{scale})"
    return Form(
        name="percent" if unit == "%" else "decimal",
        type="decimal",
        storage=storage,
        pattern=number + (f"(?:[{SPACES}]?{unit}){'' if always else '?'}" if unit else ""),
        sql=f"TRY_CAST({digits} AS {storage})",
        max_length=0 if binary or scale is not None else 16 + len(unit) + bool(unit),
        unit=unit if scaled else "",
    )


def price(mark: str, thousands: str, currency: str) -> Form:
    """Return amounts of one currency, written before or after the number; `35,-` is one of crowns."""
    names = "|".join(map(re.escape, CURRENCIES[currency]))
    number = (
        f"-?(?:0|[1-9][0-9]{{0,2}}(?:[{thousands}][0-9]{{3}}){{1,3}}|[1-9][0-9]{{0,10}})(?:[{mark}][0-9]{{1,4}})?"
    )
    whole = "[,.][-–—]{1,2}"
    alone = f"|{number}{whole}" if currency == "Kč" else ""
    digits = f"regexp_replace(regexp_replace({{x}}, '{whole}', ''), '[^-0-9{mark}]', '', 'g')"
    return Form(
        name="price",
        type="decimal",
        storage="DOUBLE",
        pattern=f"(?:{names})[{SPACES}]?{number}|{number}(?:{whole})?[{SPACES}]?(?:{names}){alone}",
        sql=f"TRY_CAST(replace({digits}, '{mark}', '.') AS DOUBLE)",
        unit=currency,
    )


def _without(marks: str) -> str:
    sql = "{x}"
    for mark in marks:
        sql = f"replace({sql}, {literal(mark)}, '')"
    return sql


@lru_cache
def numbers(mark: str, *, binary: bool = False) -> tuple[Form, ...]:
    """Return the forms of numbers, those first that go with a table's decimal mark."""
    other = "." if mark == "," else ","
    return (
        integer(),
        integer(SPACES),
        decimal(mark, binary=binary),
        decimal(mark, SPACES),
        integer(other),
        decimal(mark, other),
        integer("'’"),
        decimal(mark, "'’"),
        decimal(other, "'’"),
        decimal(other),
        decimal(other, SPACES),
        decimal(other, mark),
        *(decimal(m, SPACES, "%") for m in (mark, other)),
    )


@lru_cache
def signed(mark: str) -> tuple[Form, ...]:
    """Return the forms of numbers some of which have a sign as in `5-`, `(5)`, `- 5`, `+5`, or a real minus."""
    other = "." if mark == "," else ","
    return (
        _signed("", SPACES),
        _signed(mark, SPACES),
        _signed("", other),
        _signed(mark, other),
        _signed(other, SPACES),
        _signed(other, mark),
    )


def _signed(mark: str, thousands: str) -> Form:
    number = f"(?:0|[1-9][0-9]{{0,2}}(?:[{thousands}][0-9]{{3}}){{1,3}}|[1-9][0-9]{{0,10}})"
    fraction = f"(?:[{mark}][0-9]{{1,4}})?" if mark else ""
    number += fraction
    digits = f"regexp_replace({{x}}, '[^0-9{mark}]', '', 'g')"
    if mark == ",":
        digits = f"replace({digits}, ',', '.')"
    storage = "DOUBLE" if mark else "BIGINT"
    sign = "regexp_matches({x}, '^[(]|^[-\u2212]|[-\u2212]$')"
    return Form(
        name="negative_signs",
        type="decimal" if mark else "integer",
        storage=storage,
        pattern=f"[-\u2212]?[{SPACES}]?{number}|[+][0-9]{{1,6}}{fraction}|{number}[{SPACES}]?[-\u2212]|[(][-\u2212]?{number}[)]",
        sql=f"(CASE WHEN {sign} THEN -1 ELSE 1 END * TRY_CAST({digits} AS {storage}))",
    )


@lru_cache
def prices(mark: str) -> tuple[Form, ...]:
    """Return the forms of prices, those first that go with a table's decimal mark."""
    other = "." if mark == "," else ","
    return tuple(
        price(m, thousands, currency)
        for currency in CURRENCIES
        for m, thousands in ((mark, SPACES), (other, SPACES), (mark, other), (other, mark))
    )


def _date(name: str, pattern: str, sql: str, *, check: str = "") -> Form:
    return Form(name, "date", "DATE", pattern, sql, check=check)


def _parsed(format_: str, text: str = "{x}") -> str:
    return f"CAST(TRY_STRPTIME({text}, {literal(format_)}) AS DATE)"


def _numeric_dates(order: str) -> list[Form]:
    forms = []
    parts = {"d": (_DAY, "%d"), "m": (_MONTH, "%m")}
    (first, first_format), (second, second_format) = parts[order[0]], parts[order[1]]
    for mark in "/-":
        for year, year_format in ((_YEAR, "%Y"), (_SHORT_YEAR, "%y")):
            format_ = mark.join((first_format, second_format, year_format))
            check = _YEARS if year == _YEAR else ""
            forms.append(_date(f"date_{order}", mark.join((first, second, year)), _parsed(format_), check=check))
    return forms


def _month_names() -> tuple[str, str]:
    """Return all month names as a pattern and as an SQL list in which the n-th month stands at n modulo 12."""
    names = " ".join(MONTHS).split()
    unique = sorted(dict.fromkeys(names), key=len, reverse=True)
    return "|".join(unique), "[" + ", ".join(literal(name) for name in names) + "]"


def _named_months() -> list[Form]:
    names, ordered = _month_names()
    day, year = "([0-9]{1,2})", "([0-9]{4}|[0-9]{2})"
    forms = []
    for pattern, (d, m, y) in (
        (f"(?i){day}[.]?[ -]?({names})[.,]?[ -]?{year}", (1, 2, 3)),
        (f"(?i)({names})[.]? {day},? {year}", (2, 1, 3)),
    ):
        group = {part: f"regexp_extract({{x}}, {literal(pattern)}, {part})" for part in (1, 2, 3)}
        month = f"(list_position({ordered}, lower({group[m]})) - 1) % 12 + 1"
        century = f"CASE WHEN length({group[y]}) = 4 THEN '' WHEN {group[y]} < '70' THEN '20' ELSE '19' END"
        sql = f"TRY_CAST({century} || {group[y]} || '-' || ({month}) || '-' || {group[d]} AS DATE)"
        forms.append(_date("date_named_month", pattern, sql))
    return forms


def _dates(order: str) -> list[Form]:
    spaced = f"[{SPACES}]?"
    bare = "{x}"
    for space in SPACES:
        bare = f"replace({bare}, {literal(space)}, '')"
    other = "md" if order == "dm" else "dm"
    return [
        _date("date_iso", f"{_YEAR}-[0-9]{{2}}-[0-9]{{2}}", "TRY_CAST({x} AS DATE)"),
        _date("date_dm", f"{_DAY}[.]{_MONTH}[.]{_YEAR}", _parsed("%d.%m.%Y"), check=_YEARS),
        _date("date_dm", f"{_DAY}[.]{spaced}{_MONTH}[.]{spaced}{_YEAR}", _parsed("%d.%m.%Y", bare)),
        _date("date_dm", f"{_DAY}[.]{spaced}{_MONTH}[.]{spaced}{_SHORT_YEAR}", _parsed("%d.%m.%y", bare)),
        _date("date_ymd", f"{_YEAR}-{_MONTH}-{_DAY}", _parsed("%Y-%m-%d")),
        _date("date_ymd", f"{_YEAR}/{_MONTH}/{_DAY}", _parsed("%Y/%m/%d")),
        _date(
            "date_ymd",
            f"{_YEAR}[.]{spaced}{_MONTH}[.]{spaced}{_DAY}[.]?",
            _parsed("%Y.%m.%d", f"rtrim({bare}, '.')"),
        ),
        *_numeric_dates(order),
        *_numeric_dates(other),
        *_named_months(),
    ]


@lru_cache
def dates(order: str) -> tuple[Form, ...]:
    """Return the forms of dates, those first in which day and month follow in `order` (`dm` or `md`)."""
    return tuple(_dates(order))


@lru_cache
def mixed_dates(order: str) -> Form:
    """Return dates that people wrote in several ways, with day and month in `order` where only numbers stand."""
    other = "md" if order == "dm" else "dm"
    ways = [form for form in dates(order) if form.name != f"date_{other}" or form.pattern.startswith(f"{_DAY}[.]")]
    pattern = "|".join(f"(?:{form.pattern.removeprefix('(?i)')})" for form in ways)
    values = ", ".join(form.guarded("{x}") for form in ways)
    return Form("date_mixed", "date", "DATE", f"(?i){pattern}", f"coalesce({values})")


@lru_cache
def weekday() -> str:
    """Return the pattern of the name of a weekday before a date."""
    names = sorted(dict.fromkeys(WEEKDAYS.split()), key=len, reverse=True)
    return f"(?i)(?:{'|'.join(names)})(?:[.,] ?| )"


def after_weekday(date: Form) -> Form:
    """Return dates in a form after the name of their weekday, which is not checked."""
    flag = weekday()
    bare = f"regexp_replace({{x}}, {literal('^' + flag.removeprefix('(?i)'))}, '', 'i')"
    pattern = f"{flag}(?:{date.pattern.removeprefix('(?i)')})"
    return Form(date.name, "date", "DATE", pattern, date.sql.replace("{x}", bare))


def _clock_time() -> list[Form]:
    noon = "(?:AM|PM|am|pm|a[.]m[.]|p[.]m[.]|dop[.]?|odp[.]?)"
    half_day = f"((?:0?[1-9]|1[0-2]):[0-5][0-9](?::[0-5][0-9])?)[{SPACES}]?{noon}{_ZONE}"
    clock = f"regexp_extract({{x}}, {literal(half_day)}, 1)"
    seconds = f"CASE WHEN length({clock}) < 6 THEN ':00' ELSE '' END"
    half = "CASE WHEN regexp_matches({x}, '(?i)pm|p[.]m|odp') THEN 'PM' ELSE 'AM' END"
    return [
        Form("time", "time", "TIME", _CLOCK, "TRY_CAST({x} AS TIME)"),
        Form(
            "time_zoned",
            "time",
            "TIME",
            _CLOCK + _ZONE,
            f"TRY_CAST(regexp_extract({{x}}, {literal('(' + _CLOCK + ')')}, 1) AS TIME)",
        ),
        Form(
            "time_half_day",
            "time",
            "TIME",
            half_day,
            f"CAST(TRY_STRPTIME({clock} || {seconds} || ' ' || {half}, '%I:%M:%S %p') AS TIME)",
        ),
    ]


_HOURS = "(?:h|hod[.]?|hodin[ay]?|hours?|hrs?|Std[.]?|Stunden?|godz[.]?|godziny?)"
_MINUTES = "(?:min[.]?|minut[ay]?|mins|minutes?|Min[.]?|Minuten?)"


def _worded_duration() -> Form:
    """Return durations with their units: `90 min`, `1 h 30 min`, `1,5 h`, `1:30 h`."""
    hours, minutes = (f"([0-9]{{1,5}}(?:[.,][0-9]{{1,2}})?)[{SPACES}]?{unit}" for unit in (_HOURS, _MINUTES))
    clock = f"([0-9]{{1,5}}):([0-5][0-9])[{SPACES}]?{_HOURS}"
    pattern = f"{clock}|{hours}(?:[{SPACES},]*(?:{minutes}|([0-9]{{1,2}})m))?|{minutes}"

    def number(group: int) -> str:
        cell = f"replace(regexp_extract({{x}}, {literal(f'^(?:{pattern})$')}, {group}), ',', '.')"
        return f"coalesce(TRY_CAST(nullif({cell}, '') AS DOUBLE), 0)"

    seconds = f"3600 * ({number(1)} + {number(3)}) + 60 * ({' + '.join(map(number, (2, 4, 5, 6)))})"
    return Form("duration_words", "duration", "BIGINT", pattern, f"CAST(round({seconds}) AS BIGINT)")


TIMES = tuple(_clock_time())
DOTTED_TIME = Form(
    "time_dotted",
    "time",
    "TIME",
    "(?:[01]?[0-9]|2[0-3])[.:][0-5][0-9]",
    "TRY_CAST(replace({x}, '.', ':') AS TIME)",
)
"""Times of day as some countries write them, `8.45`; by themselves they look like decimal numbers."""
DAY_NUMBERS = Form(
    "date_number", "date", "DATE", "[1-9][0-9]{4}", "(DATE '1899-12-30' + TRY_CAST({x} AS INTEGER))"
)
"""Days as spreadsheets count them; by themselves they look like whole numbers."""
DAY_NUMBER_CELLS = Form(
    "date_number", "date", "DATE", "", "(DATE '1899-12-30' + CAST({x} AS INTEGER))", typed=True
)
DURATIONS = (
    Form(
        "duration",
        "duration",
        "BIGINT",
        "-?PT[0-9]{1,12}S",
        "TRY_CAST(replace(rtrim({x}, 'S'), 'PT', '') AS BIGINT)",
    ),
    Form(
        "duration_clock",
        "duration",
        "BIGINT",
        "[0-9]{1,5}:[0-5][0-9]:[0-5][0-9]",
        "3600 * TRY_CAST(split_part({x}, ':', 1) AS BIGINT) + 60 * TRY_CAST(split_part({x}, ':', 2) AS BIGINT)"
        " + TRY_CAST(split_part({x}, ':', 3) AS BIGINT)",
    ),
    _worded_duration(),
    Form(
        "duration_hours",
        "duration",
        "BIGINT",
        "[0-9]{1,5}:[0-5][0-9]",
        "3600 * TRY_CAST(split_part({x}, ':', 1) AS BIGINT) + 60 * TRY_CAST(split_part({x}, ':', 2) AS BIGINT)",
    ),
)
"""Durations are whole seconds, which every warehouse can add up."""

ISO_MOMENT = Form(
    "datetime_iso",
    "datetime",
    "TIMESTAMP",
    f"{_YEAR}-[0-9]{{2}}-[0-9]{{2}}(?:[ T]{_CLOCK})?",
    "TRY_CAST({x} AS TIMESTAMP)",
)


def moment(date: Form, time: Form) -> Form:
    """Return the form of a date in one form followed by a time of day in another; a zone is not converted."""
    date_part, time_part = (f"regexp_extract({{x}}, {literal(MOMENT)}, {part})" for part in (1, 2))
    flag = "(?i)" if date.pattern.startswith("(?i)") else ""
    return Form(
        name=date.name.replace("date", "datetime"),
        type="datetime",
        storage="TIMESTAMP",
        pattern=f"{flag}(?:{date.pattern.removeprefix('(?i)')})(?:[T ]|, ?)(?:{time.pattern})",
        sql=f"({date.sql.replace('{x}', date_part)} + {time.sql.replace('{x}', time_part)})",
    )


def in_utc(form: Form) -> Form:
    """Return a form of moments that all name their time zone, converted to UTC."""
    zone = f"regexp_extract({{x}}, {literal(f':[0-9]{{2}}[^0-9+-]*?[0-9.]*[^0-9+-]*?({ZONE})$')}, 1)"
    digits = f"regexp_replace({zone}, '[^-+0-9]', '', 'g')"
    named = " ".join(f"WHEN {literal(name)} THEN {minutes}" for name, minutes in ZONES.items())
    hours = f"CAST(substring({digits}, 2, 2) AS INTEGER) * 60 + CAST('0' || substring({digits}, 4) AS INTEGER)"
    shift = f"CASE {zone} {named} ELSE CAST({digits}[1] || '1' AS INTEGER) * ({hours}) END"
    return replace(form, sql=f"({form.sql} - to_minutes({shift}))")


def boolean(true: str, false: str) -> Form:
    """Return the form of yes and no in the given words, in any case."""
    return Form("boolean", "boolean", "BOOLEAN", f"(?i){true}|{false}", f"(lower({{x}}) = {literal(true)})")


def marked(mark: str) -> Form:
    """Return yes as a mark and no as a blank cell."""
    return Form("boolean_marks", "boolean", "BOOLEAN", f"(?i){mark}", "true", blank="false")


def prepare() -> None:
    """Compile the usual patterns, so that a process which forks for every file does it once."""
    for form in (
        *numbers(","),
        *numbers("."),
        *prices(","),
        *dates("dm"),
        *dates("md"),
        mixed_dates("dm"),
        mixed_dates("md"),
        *TIMES,
        DOTTED_TIME,
        *DURATIONS,
        ISO_MOMENT,
    ):
        form.fits("")
