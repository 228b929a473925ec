"""Problems in Czech: a title for every code, and the fixed sentences that people meet on the page.

Programs go by the code, which is the same in every language. A statement's faults are told in English only.
"""

from collections.abc import Mapping

TITLES: Mapping[str, str] = {
    "bad_request": "Požadavku nelze rozumět",
    "body_too_large": "Tělo požadavku je příliš velké",
    "busy": "Služba má plno, zkuste to prosím za chvíli",
    "child_crashed": "Zpracování se nečekaně zastavilo",
    "configuration_error": "Chyba v nastavení služby",
    "conflict": "Mezitím se to změnilo",
    "deadline_exceeded": "Trvalo to příliš dlouho",
    "file_size_exceeded": "Vznikl by příliš velký soubor",
    "forbidden": "Sem nemáte přístup",
    "internal_error": "Něco se pokazilo u nás",
    "invalid_field": "Některé pole chybí nebo je chybné",
    "limit_exceeded": "Na jeden požadavek je toho příliš",
    "malformed_body": "Tělo požadavku nelze přečíst",
    "memory_exceeded": "Na to nestačí paměť",
    "method_not_allowed": "Tato metoda není povolena",
    "not_found": "Nenalezeno",
    "object_changed": "Úložiště selhalo",
    "object_missing": "Úložiště selhalo",
    "query_failed": "Na dotaz nelze odpovědět",
    "query_refused": "Tento dotaz není povolen",
    "storage_error": "Úložiště selhalo",
    "storage_full": "Došlo místo",
    "unauthenticated": "Nejprve se přihlaste",
    "unavailable": "Služba teď není dostupná",
    "unreadable_file": "Soubor nelze přečíst",
    "unsupported_media_type": "Nepodporovaný typ obsahu",
}
"""By code."""

DETAILS: Mapping[str, str] = {
    "Access is closed until access control is configured": "Přístup je zavřený, dokud se nenastaví oprávnění",
    "Choose at least one file.": "Vyberte prosím aspoň jeden soubor.",
    "Only one file can take the place of an upload.": "Nahrání může nahradit jen jeden soubor.",
    "The request failed on our side. It is in our log under this request id": (
        "Požadavek selhal u nás. V našem záznamu je pod tímto číslem požadavku"
    ),
    "The rows of this upload do not count: it is not loaded, or was replaced.": (
        "Řádky tohoto nahrání se nepočítají: není načtené, nebo je nahradilo jiné."
    ),
    "The same file was sent again since. Please correct that upload.": (
        "Tentýž soubor byl mezitím poslán znovu. Opravte prosím to nahrání."
    ),
    "There is no dataset of that name.": "Datová sada toho jména neexistuje.",
    "There is no room left to store the file": "Na uložení souboru už není místo",
    "There is no upload of that id in this region that could be replaced.": (
        "V tomto kraji není nahrání s tímto id, které by šlo nahradit."
    ),
    "There is no upload of that id in this region.": "V tomto kraji není žádné nahrání s tímto id.",
    "There is no upload of that id.": "Nahrání s tímto id neexistuje.",
    "There is nothing under this address": "Na této adrese nic není",
    "This upload has no table of that number.": "Toto nahrání nemá tabulku s tímto číslem.",
    "This upload was undone. Please send the file again.": (
        "Toto nahrání bylo vzato zpět. Pošlete prosím soubor znovu."
    ),
}
"""By the English sentence."""

_WITH_FACTS: Mapping[str, str] = {
    "body_too_large": "Najednou lze poslat nejvýše {max_bytes} bajtů",
}
"""By code, where a sentence holds a fact of the error."""


def in_czech(code: str, title: str, detail: str, facts: Mapping[str, object]) -> tuple[str, str]:
    """Return title and detail in Czech, each as it is where there are no words for it."""
    spoken = TITLES.get(code, title)
    if detail == title:
        return spoken, spoken
    if code in _WITH_FACTS and facts:
        shown = {name: f"{fact:,}".replace(",", "\u00a0") for name, fact in facts.items() if isinstance(fact, int)}
        return spoken, _WITH_FACTS[code].format_map(shown)
    return spoken, DETAILS.get(detail, detail)
