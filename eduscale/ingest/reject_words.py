"""The words of the files in which a sender gets back what was left out, and how such a file is known again."""

from collections.abc import Sequence

from eduscale.ingest.wording import Language, plain_sentences
from eduscale.models.rejects import RejectWords

_REASONS = {
    "row_long": (
        "The row has more cells than the table has columns, so it was left out. Please put cells that contain "
        "the delimiter in quotes.",
        "Řádek má víc buněk, než má tabulka sloupců, a proto byl vynechán. Buňky obsahující oddělovač dejte "
        "prosím do uvozovek.",
    ),
    "error_cell": (
        "The formula in the cell failed; the cell was left empty. Please mend the formula.",
        "Vzorec v buňce skončil chybou; buňka zůstala prázdná. Opravte prosím vzorec.",
    ),
    "formula_without_value": (
        "The program that wrote the file did not calculate the formula in the cell, so the cell was left empty. "
        "Please open the file in a spreadsheet, save it and send it again.",
        "Program, který soubor vytvořil, vzorec v buňce nespočítal, a buňka proto zůstala prázdná. Otevřete "
        "prosím soubor v tabulkovém programu, uložte jej a pošlete znovu.",
    ),
    "record_long": (
        "The record has more values than there are columns with a name, so it was left out. Please check it.",
        "Záznam má víc hodnot, než je pojmenovaných sloupců, a proto byl vynechán. Zkontrolujte jej prosím.",
    ),
    "json_beside": (
        "This stands beside the records and is no record. Nothing needs to be done.",
        "Toto stojí vedle záznamů a není to záznam. Není třeba nic dělat.",
    ),
    "title": (
        "A line above the table is its title, not data. Nothing needs to be done.",
        "Řádek nad tabulkou je její nadpis, ne data. Není třeba nic dělat.",
    ),
    "note": (
        "A line of text around the table is a note, not data. Nothing needs to be done.",
        "Řádek textu u tabulky je poznámka, ne data. Není třeba nic dělat.",
    ),
    "comment": (
        "The line is marked as a comment, not data. Nothing needs to be done.",
        "Řádek je označen jako komentář, nejsou to data. Není třeba nic dělat.",
    ),
    "total": (
        "The row sums up other rows, so that it must not be counted with them. Nothing needs to be done.",
        "Řádek shrnuje jiné řádky, a proto se s nimi nesmí počítat. Není třeba nic dělat.",
    ),
    "repeated_header": (
        "The row repeats the column names. Nothing needs to be done.",
        "Řádek opakuje názvy sloupců. Není třeba nic dělat.",
    ),
    "type_row": (
        "The row says what kind of values the columns hold; it is not data. Nothing needs to be done.",
        "Řádek říká, jaké hodnoty ve sloupcích jsou, nejsou to data. Není třeba nic dělat.",
    ),
    "unit_row": (
        "The row holds the units of the columns, not data. Nothing needs to be done.",
        "Řádek obsahuje jednotky sloupců, ne data. Není třeba nic dělat.",
    ),
    "import_ids": (
        "The row holds ids by which the survey could be imported again, not data. Nothing needs to be done.",
        "Řádek obsahuje identifikátory pro zpětný import dotazníku, ne data. Není třeba nic dělat.",
    ),
    "number_row": (
        "The row numbers the columns; it is not data. Nothing needs to be done.",
        "Řádek čísluje sloupce, nejsou to data. Není třeba nic dělat.",
    ),
    "rule": (
        "The row is a line drawn below the column names. Nothing needs to be done.",
        "Řádek je čára pod názvy sloupců. Není třeba nic dělat.",
    ),
}
"""Why rows and cells were left out, where the sentence of the receipt needs facts that are not kept with them."""

_OWN_COLUMNS = (
    (
        "Row in your file",
        "What happened",
        "Why (please correct it in your own file and send the whole of it again)",
    ),
    ("Řádek ve vašem souboru", "Co se stalo", "Proč (opravte to prosím ve svém souboru a pošlete ho celý znovu)"),
)
_KINDS = {
    "rejected": ("row left out", "řádek vynechán"),
    "set_aside": ("set aside, no data", "odloženo, nejsou to data"),
    "blanked": ("cell left empty", "buňka zůstala prázdná"),
}
_ADVICE_SHEET = ("What to do", "Co s tím")
_ADVICE = (
    (
        "These are the rows of your file that were left out, set aside or lost a cell. All the other rows are in.",
        "Please correct the red cells and the orange rows in your own file, not here. Grey rows are titles, notes "
        "and totals: they are right as they are.",
        "Then send the whole corrected file and choose that it replaces the earlier one. Until it has been read "
        "the earlier rows stay; then the new rows take their place at once, and nothing is counted twice.",
        "Please do not send this file: it holds only some of the rows, and the others would be missing.",
    ),
    (
        "Toto jsou řádky vašeho souboru, které byly vynechány, odloženy nebo přišly o buňku. Všechny ostatní "
        "řádky jsou načteny.",
        "Červené buňky a oranžové řádky opravte prosím ve svém vlastním souboru, ne tady. Šedé řádky jsou "
        "nadpisy, poznámky a součty: ty jsou v pořádku.",
        "Potom pošlete celý opravený soubor a zvolte, že nahrazuje ten dřívější. Dokud se nepřečte, platí "
        "dřívější řádky; pak je nové najednou nahradí a nic se nezapočítá dvakrát.",
        "Tento soubor prosím neposílejte: je v něm jen část řádků a ostatní by chyběly.",
    ),
)
_CUT = (
    "Not all of these rows are here whole: of some there is only the cell or the text that was left out.",
    "Ne všechny tyto řádky jsou tu celé: u některých je tu jen buňka nebo text, který byl vynechán.",
)
_IN_COLUMN = ("In column {column}: {reason}", "Ve sloupci {column}: {reason}")
_DELIMITERS = (",", ";")
"""What a spreadsheet in the reader's country expects where the sender used none that it takes."""


def reject_words(language: Language) -> RejectWords:
    """Return the words of the files in a language."""
    spoken = 0 if language == "en" else 1
    return RejectWords(
        own_columns=_OWN_COLUMNS[spoken],
        kinds={kind: words[spoken] for kind, words in _KINDS.items()},
        reasons=plain_sentences(language) | {code: words[spoken] for code, words in _REASONS.items()},
        in_column=_IN_COLUMN[spoken],
        advice_sheet=_ADVICE_SHEET[spoken],
        advice=_ADVICE[spoken],
        cut=_CUT[spoken],
        delimiter=_DELIMITERS[spoken],
    )


def is_list_of_rejects(labels: Sequence[str]) -> bool:
    """Say whether a table is one of ours: some rows of a file, which must not stand for the whole file."""
    return any(all(map(str.startswith, labels, own[:2])) for own in _OWN_COLUMNS) and len(labels) > 2
