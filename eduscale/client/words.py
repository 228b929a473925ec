"""What the command says, in English and in Czech."""

from collections.abc import Mapping
from typing import Literal

Language = Literal["en", "cs"]

_Phrase = str | tuple[str, ...]
"""One form, or those for a count `n`: one and other in English; one, a few and many in Czech."""

_WORDS: Mapping[Language, Mapping[str, _Phrase]] = {
    "en": {
        "loaded": "read",
        "known": "already in, nothing was added",
        "rejected": "not read",
        "undone": "undone meanwhile",
        "failed": "not sent",
        "rows": ("{n} row", "{n} rows"),
        "columns": ("{n} column", "{n} columns"),
        "into": "{rows}, {columns}, in the dataset {dataset}",
        "sheet": "table “{name}”: ",
        "set_aside": ("{n} line is not data and was set aside", "{n} lines are not data and were set aside"),
        "left_out": ("{n} row could not be read and was left out", "{n} rows could not be read and were left out"),
        "problems": ("1 thing to look at:", "{n} things to look at:"),
        "at_row": "row {row}",
        "more": ("… and 1 more", "… and {n} more"),
        "unsure": ("1 guess to check on the page: {what}", "{n} guesses to check on the page: {what}"),
        "sending": "sending",
        "received": "it has arrived",
        "waiting": "waiting for its turn",
        "reading": "reading",
        "looking": "looking through it",
        "converting": "turning it into a table",
        "checking": "checking the cells",
        "storing": "storing",
        "busy": "The service is busy; trying again in {seconds} s.",
        "lost": "The service at {url} does not answer; trying again in {seconds} s.",
        "gave_up": "The service at {url} is too busy. Run the same command later: it goes on where it stopped.",
        "unreachable": "No service answers at {url} ({why}). Is it running, and is the address right (--url)? "
        "Then run the same command again: it goes on where it stopped.",
        "no_service": "What answers at {url} is not EduScale Engine (status {status}). Please check --url.",
        "no_access": "The service at {url} does not let you in (status {status}). "
        "Set the environment variable EDUSCALE_TOKEN to your token.",
        "unreadable": "The file cannot be opened, or it changed while it was sent. {why}",
        "refused": "The service refused it (status {status}). {why}",
        "too_large": "The file is larger than the service takes at once. {why}",
        "no_such_file": "There is no file or folder {name}.",
        "no_files": "There is no file to send in it.",
        "one_file": "--replaces with an id takes one file only.",
        "bad_url": "{url} is no address such as http://127.0.0.1:8080 (--url).",
        "stopped": "Stopped. What was sent stays; run the same command again to go on.",
        "done": "Read: {loaded}, already in: {known}, not read: {rejected}.",
    },
    "cs": {
        "loaded": "načteno",
        "known": "už tu je, nic se nepřidalo",
        "rejected": "nenačteno",
        "undone": "mezitím vzato zpět",
        "failed": "neodesláno",
        "rows": ("{n} řádek", "{n} řádky", "{n} řádků"),
        "columns": ("{n} sloupec", "{n} sloupce", "{n} sloupců"),
        "into": "{rows}, {columns}, v datové sadě {dataset}",
        "sheet": "tabulka „{name}“: ",
        "set_aside": (
            "{n} řádek není data a zůstal stranou",
            "{n} řádky nejsou data a zůstaly stranou",
            "{n} řádků nejsou data a zůstalo stranou",
        ),
        "left_out": (
            "{n} řádek nešel přečíst a byl vynechán",
            "{n} řádky nešly přečíst a byly vynechány",
            "{n} řádků nešlo přečíst a bylo vynecháno",
        ),
        "problems": ("1 věc ke kontrole:", "{n} věci ke kontrole:", "{n} věcí ke kontrole:"),
        "at_row": "řádek {row}",
        "more": ("… a ještě 1", "… a ještě {n}", "… a dalších {n}"),
        "unsure": (
            "1 odhad ke kontrole na stránce: {what}",
            "{n} odhady ke kontrole na stránce: {what}",
            "{n} odhadů ke kontrole na stránce: {what}",
        ),
        "sending": "odesílá se",
        "received": "soubor dorazil",
        "waiting": "čeká, až přijde na řadu",
        "reading": "čte se",
        "looking": "prochází se",
        "converting": "převádí se na tabulku",
        "checking": "kontrolují se buňky",
        "storing": "ukládá se",
        "busy": "Služba má plno; zkusí se znovu za {seconds} s.",
        "lost": "Služba na {url} neodpovídá; zkusí se znovu za {seconds} s.",
        "gave_up": "Služba na {url} má příliš práce. Spusťte později stejný příkaz: naváže, kde přestal.",
        "unreachable": "Na {url} žádná služba neodpovídá ({why}). Běží a je adresa správná (--url)? "
        "Pak spusťte stejný příkaz znovu: naváže, kde přestal.",
        "no_service": "Na {url} odpovídá něco jiného než EduScale Engine (stav {status}). Zkontrolujte --url.",
        "no_access": "Služba na {url} vás nepustí dál (stav {status}). "
        "Nastavte proměnnou prostředí EDUSCALE_TOKEN na svůj token.",
        "unreadable": "Soubor nejde otevřít, nebo se při odesílání změnil. {why}",
        "refused": "Služba ho odmítla (stav {status}). {why}",
        "too_large": "Soubor je větší, než kolik služba najednou přijme. {why}",
        "no_such_file": "Soubor ani složka {name} neexistuje.",
        "no_files": "Není v ní žádný soubor k odeslání.",
        "one_file": "--replaces s id se hodí jen k jednomu souboru.",
        "bad_url": "{url} není adresa jako http://127.0.0.1:8080 (--url).",
        "stopped": "Zastaveno. Co bylo odesláno, zůstává; stejný příkaz naváže, kde přestal.",
        "done": "Načteno: {loaded}, už tu bylo: {known}, nenačteno: {rejected}.",
    },
}


def say(language: Language, key: str, **facts: object) -> str:
    """Return a phrase with its facts, in the form that goes with the count `n` if there is one."""
    phrase = _WORDS[language].get(key, key)
    if isinstance(phrase, tuple):
        phrase = phrase[_form(language, int(str(facts["n"])))]
    return phrase.format(**{name: _shown(fact, language) for name, fact in facts.items()})


def _shown(fact: object, language: Language) -> object:
    """Return a number as it is written in the language."""
    if not isinstance(fact, int):
        return fact
    return f"{fact:,}" if language == "en" else f"{fact:,}".replace(",", "\u00a0")


def _form(language: Language, n: int) -> int:
    if n == 1:
        return 0
    return 1 if language == "en" or 2 <= n <= 4 else 2


def language_of(locale: str) -> Language:
    """Return the language of a locale such as `cs_CZ.UTF-8`; Slovaks read Czech, everybody else English."""
    return "cs" if locale[:2].lower() in ("cs", "sk") else "en"
