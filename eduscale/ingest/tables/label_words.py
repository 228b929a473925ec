"""Words that head columns in the tables of schools: evidence that a row of text is a header and no data."""

from collections.abc import Iterable

from eduscale.ingest.tables.names import normal_name

MOST_WORDS = 6
"""A label is short; a text of more words is not one because of a word in it."""

_WORDS = frozenset(
    # Czech and Slovak
    "jmeno jmena prijmeni meno priezvisko zak zaci zaku ziak ziaci student studenti ucitel ucitele "
    "ucitelka vyucujici trida tridy tridni trieda rocnik skola skoly obec mesto okres kraj datum cas "
    "predmet znamka znamky body skore vysledek vysledky vysledok pocet celkem kod cislo nazev nazov titul "
    "typ druh popis poznamka poznamky telefon mobil adresa ulice psc ico izo redizo rok mesic mesiac den "
    "tyden tyzden od do zacatek konec zaciatok koniec hodnota castka cena jednotka kategorie skupina "
    "ucebna mistnost kapacita krouzek vedouci reditel reditelka kontakt stav pohlavi vek narozeni narozen "
    "narozena otazka odpoved hodina hodiny hodin prumer priemer absence omluvene omluveno neomluvene "
    "neomluveno pritomen pritomni dochazka program obor aktivita kurz rodne bydliste zamereni delka misto "
    "termin lektor akce nabidka plneni "
    # English
    "name names surname firstname lastname first last pupil student students teacher teachers staff class "
    "classes form grade grades year school city town district region date time subject mark marks score "
    "scores result results count number total code id title type kind description note notes comment "
    "comments email mail phone address street zip postcode month day week from to start end value amount "
    "price unit category group room capacity club leader head contact url status gender sex age birthdate "
    "question answer hours average attendance absent present course lesson duration place level "
    "organization organisation semester intervention participant "
    # German and Polish
    "vorname nachname schuler schulerin lehrer lehrerin klasse schule ort datum uhrzeit fach note noten "
    "punkte anzahl summe bemerkung geschlecht alter strasse plz gruppe raum imie nazwisko uczen uczniowie "
    "nauczyciel klasa szkola miasto przedmiot ocena data czas liczba uwagi ulica wiek plec grupa sala".split()
)


def is_label(text: str) -> bool:
    """Say whether a text reads like the label of a column."""
    words = normal_name(text).split("_")
    return len(words) <= MOST_WORDS and not _WORDS.isdisjoint(words)


def are_labels(texts: Iterable[str]) -> bool:
    """Say whether all of some texts read like labels of columns."""
    known = [is_label(text) for text in texts]
    return bool(known) and all(known)
