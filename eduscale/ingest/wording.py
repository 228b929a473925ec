"""What the reader has to say, in words for a school secretary: what, where, what to do."""

from typing import Literal

from eduscale.models.reading import Said

Language = Literal["en", "cs"]

_SENTENCES: dict[str, tuple[str, str]] = {
    # why a field is refused
    "region_missing": (
        "The region is missing. Please give it in letters without accents, digits and hyphens, at most {limit} of "
        "them, for example {example}.",
        "Chybí kraj. Napište jej prosím písmeny bez diakritiky, číslicemi a spojovníky, nejvýše {limit} znaků, "
        "například {example}.",
    ),
    "region_wrong": (
        "Please write the region in letters without accents, digits and hyphens, at most {limit} of them, for "
        "example {example}.",
        "Napište prosím kraj písmeny bez diakritiky, číslicemi a spojovníky, nejvýše {limit} znaků, například "
        "{example}.",
    ),
    "name_too_long": (
        "The name is too long. Please use at most {limit} characters.",
        "Název je příliš dlouhý. Použijte prosím nejvýše {limit} znaků.",
    ),
    # why a file cannot be read
    "empty_file": (
        "The file is empty: there is nothing in it to read. Please export it again and check that it has rows.",
        "Soubor je prázdný, není v něm co číst. Vytvořte prosím export znovu a ověřte, že obsahuje řádky.",
    ),
    "list_of_rejects": (
        "This is the list of rows that were left out, which you downloaded here; the other rows would be missing. "
        "Please correct the rows in your own file and send the whole file.",
        "Toto je seznam vynechaných řádků, který jste si tu stáhli; ostatní řádky by chyběly. Opravte prosím tyto "
        "řádky ve svém souboru a pošlete ho celý.",
    ),
    "already_replaced": (
        "The upload that this file should replace was replaced or undone already. Please look which is valid.",
        "Nahrání, které má soubor nahradit, už bylo nahrazeno nebo vráceno. Podívejte se prosím, které platí.",
    ),
    "sent_again": (
        "The same file was sent again since; that upload counts instead of this one.",
        "Tentýž soubor byl mezitím poslán znovu; platí to nahrání, ne toto.",
    ),
    "binary_file": (
        "The file is neither text nor a workbook: there is no table in it. Please export it as XLSX or CSV.",
        "Soubor není text ani sešit, není v něm tabulka. Uložte prosím tabulku jako XLSX nebo CSV.",
    ),
    "no_table": (
        "No table was found in the file. Please send a file with a row of column names and rows below it.",
        "V souboru nebyla nalezena žádná tabulka. Pošlete prosím soubor s řádkem názvů sloupců a řádky pod ním.",
    ),
    "not_a_table_pdf": (
        "The file is a PDF document, not a table. Please export the table as XLSX or CSV.",
        "Soubor je dokument PDF, ne tabulka. Uložte prosím tabulku jako XLSX nebo CSV.",
    ),
    "not_a_table_image": (
        "The file is an image, not a table. Please export the table as XLSX or CSV.",
        "Soubor je obrázek, ne tabulka. Uložte prosím tabulku jako XLSX nebo CSV.",
    ),
    "word_document": (
        "The file is a Word document, not a workbook. Please copy its table into a spreadsheet, saved as XLSX.",
        "Soubor je dokument Word, ne sešit s tabulkou. Zkopírujte prosím tabulku do Excelu a uložte ji jako XLSX.",
    ),
    "presentation": (
        "The file is a presentation, not a workbook. Please save the table as XLSX or CSV.",
        "Soubor je prezentace, ne sešit s tabulkou. Uložte prosím tabulku jako XLSX nebo CSV.",
    ),
    "encrypted_workbook": (
        "The workbook is protected by a password. Please remove the password and send it again.",
        "Sešit je chráněn heslem. Odstraňte prosím heslo a pošlete soubor znovu.",
    ),
    "damaged_workbook": (
        "The workbook is damaged or incomplete. Please open it, save it under a new name and send it again.",
        "Sešit je poškozený nebo neúplný. Otevřete jej prosím, uložte pod novým názvem a pošlete znovu.",
    ),
    "unsafe_workbook": (
        "The workbook holds XML with an entity declaration (DTD), which is not allowed. Please save it anew.",
        "Sešit obsahuje XML s deklarací entity (DTD), což není povoleno. Uložte jej prosím znovu v Excelu.",
    ),
    "not_a_workbook": (
        "The file is an archive or document, but not an Excel workbook. Please save the table as XLSX or CSV.",
        "Soubor je archiv nebo dokument, ale není sešit aplikace Excel. Uložte prosím tabulku jako XLSX nebo CSV.",
    ),
    "too_many_entries": (
        "The workbook has more than {limit} parts, which is no ordinary workbook. Please save it anew in Excel.",
        "Sešit má více než {limit} částí, což není běžný sešit. Uložte jej prosím znovu v Excelu.",
    ),
    "too_large_unpacked": (
        "The workbook is too large when unpacked: more than {limit_bytes}. Please split it into smaller files.",
        "Sešit je po rozbalení příliš velký: přes {limit_bytes}. Rozdělte jej prosím na menší soubory.",
    ),
    "other_archive": (
        "The file is an archive or compressed in a way that is not read. Please send it as ZIP, or unpacked.",
        "Soubor je archiv nebo je komprimován způsobem, který neumíme číst. Pošlete jej prosím jako ZIP nebo "
        "rozbalený.",
    ),
    "damaged_archive": (
        "The archive is damaged or incomplete. Please make it anew and send it again.",
        "Archiv je poškozený nebo neúplný. Vytvořte jej prosím znovu a pošlete ještě jednou.",
    ),
    "encrypted_archive": (
        "The archive is protected by a password. Please make it without one and send it again.",
        "Archiv je chráněn heslem. Vytvořte jej prosím bez hesla a pošlete znovu.",
    ),
    "empty_archive": (
        "The archive is empty: there is no file in it to read. Please check it and send it again.",
        "Archiv je prázdný, není v něm žádný soubor ke čtení. Zkontrolujte jej prosím a pošlete znovu.",
    ),
    "archive_unreadable": (
        "{count:The only file in the archive cannot|None of the # files in the archive can} be read. "
        "{member}: {why}",
        "V archivu {count:je jediný soubor a nelze jej|jsou # soubory a žádný nelze|je # souborů a žádný nelze} "
        "přečíst. {member}: {why}",
    ),
    "archive_too_large": (
        "The archive is too large when unpacked: more than {limit_bytes}. Please split it into smaller ones.",
        "Archiv je po rozbalení příliš velký: přes {limit_bytes}. Rozdělte jej prosím na menší.",
    ),
    "archive_of_too_many_files": (
        "The archive holds more than {limit} files, too many to be read. Please split it into smaller ones.",
        "Archiv obsahuje více než {limit} souborů, což je na přečtení příliš. Rozdělte jej prosím na menší.",
    ),
    "archive_too_deep": (
        "It is an archive that lies more than {limit} archives deep. Please send it by itself.",
        "Jde o archiv zanořený hlouběji než {limit} archivy v sobě. Pošlete jej prosím samostatně.",
    ),
    "archive_link": (
        "It is a link to another file, which is not in the archive. Please put the file itself there.",
        "Jde o odkaz na jiný soubor, který v archivu není. Vložte do něj prosím samotný soubor.",
    ),
    "unsupported_compression": (
        "It is compressed in a way that is not read ({method}). Please make an ordinary ZIP file.",
        "Soubor je komprimován způsobem, který neumíme číst ({method}). Vytvořte prosím běžný soubor ZIP.",
    ),
    "not_a_table_prose": (
        "The file is a text to read, not a table.",
        "Soubor je text ke čtení, ne tabulka.",
    ),
    "damaged_parquet": (
        "The Parquet file is damaged or incomplete. Please export it again and send the whole file.",
        "Soubor Parquet je poškozený nebo neúplný. Vytvořte prosím export znovu a pošlete celý soubor.",
    ),
    "encrypted_parquet": (
        "The Parquet file is encrypted. Please export it without encryption.",
        "Soubor Parquet je zašifrovaný. Exportujte jej prosím bez šifrování.",
    ),
    "damaged_statistics_file": (
        "The file of a statistics program is damaged or incomplete. Please save it anew and send it again.",
        "Soubor ze statistického programu je poškozený nebo neúplný. Uložte jej prosím znovu a pošlete.",
    ),
    "encrypted_statistics_file": (
        "The SPSS file is protected by a password. Please save it without one and send it again.",
        "Soubor SPSS je chráněn heslem. Uložte jej prosím bez hesla a pošlete znovu.",
    ),
    "sas_catalogue": (
        "The file is a SAS catalogue of formats and holds no rows. Please send the data set (.sas7bdat).",
        "Soubor je katalog formátů SAS a neobsahuje žádné řádky. Pošlete prosím datový soubor (.sas7bdat).",
    ),
    "too_many_values": (
        "The file has {columns:# variable|# variables} and too many rows to be read at once. Please split it.",
        "Soubor má {columns:# proměnnou|# proměnné|# proměnných} a příliš mnoho řádků. Rozdělte jej prosím.",
    ),
    "truncated_json": (
        "The JSON file ends too early, at line {line}, character {character}: something is missing there. Please "
        "export it again and send the whole file.",
        "Soubor JSON končí příliš brzy, na řádku {line} u znaku {character} v něm něco chybí. Vytvořte prosím "
        "export znovu a pošlete celý soubor.",
    ),
    "damaged_json": (
        "The JSON file is damaged at line {line}, character {character}: what stands there is no JSON. Please "
        "export it again.",
        "Soubor JSON je poškozený na řádku {line} u znaku {character}: co tam stojí, není JSON. Vytvořte prosím "
        "export znovu.",
    ),
    "json_too_deep": (
        "The JSON file has lists within lists or objects within objects too deep to be a table (line {line}). "
        "Please export it as a list of records.",
        "Soubor JSON má seznamy v seznamech nebo objekty v objektech vnořené příliš hluboko na to, aby to byla "
        "tabulka (řádek {line}). Exportujte jej prosím jako seznam záznamů.",
    ),
    "json_value_too_long": (
        "A single value of the JSON file, from line {line} on, is over {limit} characters. Please check it.",
        "Jediná hodnota v souboru JSON, od řádku {line}, je delší než {limit} znaků. Zkontrolujte ji prosím.",
    ),
    "json_number_too_long": (
        "A number in the JSON file, at line {line} or below, has thousands of digits. Please check the export.",
        "Číslo v souboru JSON, na řádku {line} nebo níže, má tisíce číslic. Zkontrolujte prosím export.",
    ),
    "database_file": (
        "The file is a database, not a table. Please export the table as XLSX or CSV.",
        "Soubor je databáze, ne tabulka. Uložte prosím tabulku jako XLSX nebo CSV.",
    ),
    "web_page": (
        "The file is a web page (HTML) without a table of data, perhaps one that asks to sign in. Please open the "
        "table in the program that it comes from and export it again.",
        "Soubor je webová stránka (HTML) bez tabulky s daty, třeba stránka s přihlášením. Otevřete prosím tabulku "
        "v programu, ze kterého pochází, a exportujte ji znovu.",
    ),
    "too_many_columns": (
        "The table has {columns} columns, more than the {limit} that can be read. Please split it.",
        "Tabulka má {columns} sloupců, přečíst jich lze nejvýše {limit}. Rozdělte ji prosím.",
    ),
    "too_many_cells": (
        "The workbook has more than {limit} cells, too many to be read. Please split it into smaller ones.",
        "Sešit má více než {limit} buněk, což je na přečtení příliš. Rozdělte jej prosím na menší.",
    ),
    "too_many_sheets": (
        "The workbook has {sheets} sheets, more than the {limit} that can be read. Please split it.",
        "Sešit má {sheets} listů, přečíst jich lze nejvýše {limit}. Rozdělte jej prosím.",
    ),
    "field_too_long": (
        "A cell in row {line}, column {column}, is too large: it has more than {limit} characters. Please check "
        "that the table is complete and that its quotation marks come in pairs.",
        "Buňka na řádku {line} ve sloupci {column} je příliš velká: má více než {limit} znaků. Ověřte prosím, že "
        "je tabulka úplná a že uvozovky v ní tvoří páry.",
    ),
    "line_too_long": (
        "Line {line} is too large: it has more than {limit_bytes}. Please check that the file is a table, "
        "with one record a line.",
        "Řádek {line} je příliš velký: má přes {limit_bytes}. Ověřte prosím, že soubor je tabulka s jedním "
        "záznamem na řádku.",
    ),
    "reading_deadline_exceeded": (
        "Reading the file took longer than {seconds} seconds and was stopped. Please split it into smaller files.",
        "Čtení souboru trvalo déle než {seconds} s a bylo zastaveno. Rozdělte jej prosím na menší soubory.",
    ),
    "reading_memory_exceeded": (
        "Reading the file needs more memory than the {bytes} there are for it. Please split it.",
        "Soubor je příliš velký: na přečtení potřebuje více paměti než {bytes}. Rozdělte jej prosím na menší.",
    ),
    "reading_file_size_exceeded": (
        "Reading the file makes a file larger than {bytes}. Please split it into smaller files.",
        "Soubor je příliš velký: při čtení by z něj vznikl soubor přes {bytes}. Rozdělte jej prosím na menší.",
    ),
    "reading_child_crashed": (
        "The file could not be read because the reader stopped unexpectedly. Please try a fresh export.",
        "Soubor se nepodařilo přečíst, čtení se nečekaně zastavilo. Zkuste prosím nový export.",
    ),
    # what a file has in common with an older one
    "newer_version": (
        "This looks like a newer version of your file {filename} of {day}: {new:# row|# rows} new, "
        "{changed} changed, {gone} gone.",
        "Vypadá to na novější verzi vašeho souboru {filename} ze dne {day}: {new:# nový řádek|# nové "
        "řádky|# nových řádků}, {changed:# změněný|# změněné|# změněných}, {gone:# chybí|# chybí|# chybí}.",
    ),
    "newer_with_columns": (
        "This looks like a newer version of your file {filename} of {day} with {added:# column|# columns} added; "
        "in the other columns: {new:# row|# rows} new, {changed} changed, {gone} gone.",
        "Vypadá to na novější verzi vašeho souboru {filename} ze dne {day}, do které {added:přibyl # "
        "sloupec|přibyly # sloupce|přibylo # sloupců}; v ostatních sloupcích: {new:# nový řádek|# nové "
        "řádky|# nových řádků}, {changed:# změněný|# změněné|# změněných}, {gone:# chybí|# chybí|# chybí}.",
    ),
    "rows_in_without_columns": (
        "{same:# row|# rows} of this file {same:is|are} in already, from your file {filename} of {day}, but "
        "without {added:# column|# columns} that only this file has.",
        "{same:# řádek tohoto souboru už tu je|# řádky tohoto souboru už tu jsou|# řádků tohoto souboru už "
        "tu je} z vašeho souboru {filename} ze dne {day}, ale bez {added:# sloupce, který|# sloupců, které|# "
        "sloupců, které} má jen tento soubor.",
    ),
    "same_rows_again": (
        "This looks like your file {filename} of {day}, saved anew: {same:its only row is|all # rows are} "
        "the same.",
        "Vypadá to na váš soubor {filename} ze dne {day}, jen znovu uložený: {same:jediný řádek je "
        "stejný|všechny # řádky jsou stejné|všech # řádků je stejných}.",
    ),
    "all_rows_already_in": (
        "{same:The only row|All # rows} of this file {same:is|are} in already, from your file {filename} of "
        "{day}, which has {gone:# more|# more}.",
        "{same:Jediný řádek tohoto souboru už tu je|Všechny # řádky tohoto souboru už tu jsou|Všech # řádků "
        "tohoto souboru už tu je} z vašeho souboru {filename} ze dne {day}, který má ještě {gone:# další|# "
        "další|# dalších}.",
    ),
    "rows_already_in": (
        "{same:# row|# rows} of this file {same:is|are} in already, from your file {filename} of {day}, which has "
        "{gone:# more|# more}; {new:# row is|# rows are} new.",
        "{same:# řádek tohoto souboru už tu je|# řádky tohoto souboru už tu jsou|# řádků tohoto souboru už "
        "tu je} z vašeho souboru {filename} ze dne {day}, který má ještě {gone:# další|# další|# dalších}; "
        "{new:# řádek je nový|# řádky jsou nové|# řádků je nových}.",
    ),
    "rows_partly_in": (
        "{same:# row|# rows} of this file {same:is|are} in already, from your file {filename} of {day}; each "
        "of the two has other rows as well.",
        "{same:# řádek tohoto souboru už tu je|# řádky tohoto souboru už tu jsou|# řádků tohoto souboru už "
        "tu je} z vašeho souboru {filename} ze dne {day}; oba soubory mají i jiné řádky.",
    ),
    "rows_counted_twice": (
        "{rows:# row|# rows} of {dataset} {rows:counts|count} twice: {rows:it is|they are} in {older_filename} "
        "and in the newer {filename}. Please decide in the receipt of the newer file whether it replaces the "
        "older one.",
        "{rows:# řádek|# řádky|# řádků} datové sady {dataset} se {rows:počítá|počítají|počítá} dvakrát: "
        "{rows:je|jsou|je} v souboru {older_filename} i v novějším {filename}. Rozhodněte prosím u novějšího, "
        "zda má nahradit starší.",
    ),
    # what is unlike in a file when compared with those that its sender sent before
    "fewer_rows": (
        "The file has {rows:# row|# rows}, your earlier files had about {usual}. Please check that it is "
        "complete.",
        "Soubor má {rows:# řádek|# řádky|# řádků}, vaše dřívější soubory jich měly asi {usual}. "
        "Ověřte prosím, že je úplný.",
    ),
    "column_now_empty": (
        "The column is empty, in your last file it was not. Please check the export.",
        "Sloupec je prázdný, v minulém souboru nebyl. Zkontrolujte prosím export.",
    ),
    "column_missing": (
        "The column {label} of your last file is missing here. Its earlier values stay; please check the export.",
        "Sloupec {label} z vašeho minulého souboru tu chybí. Dřívější hodnoty zůstávají; zkontrolujte prosím "
        "export.",
    ),
    "columns_missing": (
        "{columns:# more column|# more columns} of your last file {columns:is|are} missing here.",
        "{columns:Chybí tu ještě # sloupec|Chybějí tu ještě # sloupce|Chybí tu ještě # sloupců} z vašeho "
        "minulého souboru.",
    ),
    "column_maybe_renamed": (
        "The column {now} is new and {before} of your last file is missing. They were kept apart; if it is the "
        "same column, please use one name.",
        "Sloupec {now} je nový a {before} z vašeho minulého souboru chybí. Zůstaly oddělené; je-li to tentýž "
        "sloupec, používejte prosím jeden název.",
    ),
    "column_now_text": (
        "The column held {type} in your last file, here it is text. Please check it.",
        "Ve sloupci bylo v minulém souboru {type}, tady je to text. Zkontrolujte jej prosím.",
    ),
    "column_now_text_at": (
        "The column held {type} in your last file, here it is text, for example because of row {line}. "
        "Please check it.",
        "Ve sloupci bylo v minulém souboru {type}, tady je to text, například kvůli řádku {line}. "
        "Zkontrolujte jej prosím.",
    ),
    # why something was decided as it was
    "column_misspelt": (
        "{label} is written almost as {known}, which this file lacks, so it was taken for the same column.",
        "{label} se píše skoro stejně jako {known}, který v souboru chybí, proto byl přečten jako týž sloupec.",
    ),
    "encoding_bom": ("A mark at the start of the file says so.", "Určuje to značka na začátku souboru."),
    "encoding_declared": ("The file itself says so.", "Říká to sám soubor."),
    "encoding_nuls": (
        "The bytes of the file are laid out as this encoding has them.",
        "Bajty souboru jsou uspořádány tak, jak je to pro toto kódování obvyklé.",
    ),
    "encoding_ascii": (
        "The file has no letters with accents; any common encoding gives the same text.",
        "V souboru nejsou písmena s diakritikou, text je stejný v každém běžném kódování.",
    ),
    "encoding_utf8_valid": (
        "Every letter of the file can be read this way.",
        "Všechna písmena v souboru se takto dají přečíst.",
    ),
    "encoding_letters": (
        "Read this way the letters ({letters}) make ordinary words; {runner_up} fits less well.",
        "Takto přečtená písmena ({letters}) tvoří běžná slova; {runner_up} odpovídá hůře.",
    ),
    "encoding_mixed": (
        "Most lines are UTF-8, some are not: those were read in another encoding ({letters}). Please check them.",
        "Většina řádků je v UTF-8, některé ne: ty byly přečteny v jiném kódování ({letters}). Zkontrolujte je.",
    ),
    "delimiter_declared": (
        "The first line of the file declares it (sep=).",
        "Určuje to první řádek souboru (sep=).",
    ),
    "delimiter_score": (
        "With it {records} of {of:# row|# rows} looked at {records:has|have} {width:# column|# columns}.",
        "S ním má {records} z {of:# prohlédnutého řádku|# prohlédnutých řádků|# prohlédnutých řádků} "
        "{width:# sloupec|# sloupce|# sloupců}.",
    ),
    "delimiter_fixed_width": (
        "No delimiter was found, but {width:# column is|# columns are} lined up with spaces (fixed width).",
        "Oddělovač nebyl nalezen, ale {width:# sloupec je zarovnán|# sloupce jsou zarovnány|# sloupců je "
        "zarovnáno} mezerami (pevná šířka).",
    ),
    "delimiter_none": (
        "No delimiter divides the lines evenly: the file was read as one column.",
        "Žádný oddělovač nedělí řádky stejně: soubor byl přečten jako jeden sloupec.",
    ),
    "quote_seen": ("Some cells stand in quotes.", "Některé buňky jsou v uvozovkách."),
    "quote_unseen": ("No cell stands in quotes.", "Žádná buňka není v uvozovkách."),
    "format_by_content": (
        "The name ends with {extension}, but the content is {format}; the content counts.",
        "Název končí na {extension}, ale obsah je {format}; rozhoduje obsah.",
    ),
    "archive_member": (
        "The table is from the file {member} in the archive.",
        "Tabulka je ze souboru {member} v archivu.",
    ),
    "archive_leftovers": (
        "{count:# file that a system leaves|# files that systems leave} in archives, such as {example}, "
        "{count:was|were} left out.",
        "{count:Byl vynechán # soubor, který|Byly vynechány # soubory, které|Bylo vynecháno # souborů, které} do "
        "archivů přidává systém, například {example}.",
    ),
    "sheet_visible": (
        "The workbook has hidden sheets ({hidden}); they were left out.",
        "Sešit má skryté listy ({hidden}); byly vynechány.",
    ),
    "sheet_hidden": (
        "No visible sheet holds data, so a hidden one was read.",
        "Žádný viditelný list neobsahuje data, proto byl přečten skrytý.",
    ),
    "hidden_rows_read": (
        "{count:# row is|# rows are} hidden in the sheet, by a filter perhaps; {count:it was|they were} read like "
        "the others.",
        "V listu {count:je skrytý # řádek|jsou skryté # řádky|je skrytých # řádků}, třeba filtrem; "
        "{count:byl přečten|byly přečteny|byly přečteny} jako ostatní.",
    ),
    "hidden_columns_read": (
        "{count:# column is|# columns are} hidden in the sheet; {count:it was|they were} read like the others.",
        "V listu {count:je skrytý # sloupec|jsou skryté # sloupce|je skrytých # sloupců}; "
        "{count:byl přečten|byly přečteny|byly přečteny} jako ostatní.",
    ),
    "header_labels": (
        "{rows:The first row holds|The first # rows hold} names, the rows below values (in {value_columns} "
        "of {columns:# column|# columns}).",
        "{rows:První řádek obsahuje|První # řádky obsahují|Prvních # řádků obsahuje} názvy, řádky níže "
        "hodnoty (v {value_columns} z {columns:# sloupce|# sloupců|# sloupců}).",
    ),
    "header_declared": (
        "The file itself marks {rows:the first row|the first # rows} as names.",
        "Sám soubor označuje {rows:první řádek|první # řádky|prvních # řádků} jako názvy.",
    ),
    "header_all_text": (
        "{rows:The first row holds|The first # rows hold} distinct texts that do not appear again below; all "
        "columns are text.",
        "{rows:První řádek obsahuje|První # řádky obsahují|Prvních # řádků obsahuje} různé texty, které se "
        "níže neopakují; všechny sloupce jsou textové.",
    ),
    "header_none": (
        "The first row looks like the rows below it: there are no column names.",
        "První řádek vypadá jako řádky pod ním: názvy sloupců chybějí.",
    ),
    "header_only_row": (
        "There is a single row; it was read as {rows:column names|data}.",
        "Tabulka má jediný řádek; byl přečten jako {rows:názvy sloupců|názvy sloupců|data}.",
    ),
    "footer_found": (
        "{rows:The last row is a note or a total|The last # rows are notes or totals}, not data.",
        "{rows:Poslední řádek je poznámka nebo součet|Poslední # řádky jsou poznámky nebo součty|Posledních "
        "# řádků jsou poznámky nebo součty}, ne data.",
    ),
    "decimal_mark_votes": (
        "{votes} of {of:# number that shows|# numbers that show} it {votes:uses|use} this decimal mark.",
        "Toto desetinné znaménko má {votes} z {of:# čísla, na kterém|# čísel, na kterých|# čísel, na "
        "kterých} je to poznat.",
    ),
    "decimal_mark_either": (
        "Either mark could be meant: 1.234 may be a thousand and more, or one and a fraction. Please check.",
        "Lze to číst oběma způsoby: 1.234 může být přes tisíc, nebo jedna a zlomek. Zkontrolujte to, prosím.",
    ),
    "date_order_votes": (
        "{votes} of {of:# date that shows|# dates that show} it {votes:has|have} this order of day and month.",
        "Toto pořadí dne a měsíce má {votes} z {of:# data, na kterém|# dat, na kterých|# dat, na kterých} je "
        "to poznat.",
    ),
    "type_text": (
        "The cells are ordinary text.",
        "Buňky obsahují běžný text.",
    ),
    "type_cells": (
        "{cells:The only cell with a value is|All # cells with a value are} stored this way in the workbook.",
        "{cells:Jediná buňka s hodnotou je tak uložena|Všechny # buňky s hodnotou jsou tak uloženy|Všech # "
        "buněk s hodnotou je tak uloženo} v sešitu.",
    ),
    "json_envelope": (
        "The table is the list of records in the file. Beside it stands what is no part of it: {beside}",
        "Tabulkou je seznam záznamů v souboru. Vedle něj stojí, co do ní nepatří: {beside}",
    ),
    "json_records": (
        "The table is the list of records at this place in the file.",
        "Tabulkou je seznam záznamů na tomto místě v souboru.",
    ),
    "json_one_record": (
        "There is no list of records in the file, so all of it is one record.",
        "V souboru není žádný seznam záznamů, celý je tedy jedním záznamem.",
    ),
    "json_keyed_records": (
        "The records are known by their keys, which became the column key.",
        "Záznamy jsou rozlišeny svými klíči, z nichž je sloupec key.",
    ),
    "json_columns": (
        "The file holds the table by columns, each a list of values.",
        "Soubor obsahuje tabulku po sloupcích, každý jako seznam hodnot.",
    ),
    "json_rows": (
        "The file holds the table by rows, each a list of values.",
        "Soubor obsahuje tabulku po řádcích, každý jako seznam hodnot.",
    ),
    "type_declared": (
        "The file itself says that the column is of this type.",
        "Tento typ má sloupec podle samotného souboru.",
    ),
    "moments_at_utc": (
        "The moments are stored with their time zone; they are given as the clock shows them in UTC.",
        "Časové údaje jsou uloženy s časovým pásmem; uvedeny jsou v čase UTC.",
    ),
    "digits_rounded": (
        "The column has exact numbers of more than 38 digits; they were rounded to 17.",
        "Sloupec obsahuje přesná čísla o více než 38 číslicích; byla zaokrouhlena na 17.",
    ),
    "bytes_as_hex": (
        "The column holds bytes that are no text; they are written as hexadecimal digits.",
        "Sloupec obsahuje bajty, které nejsou text; zapsány jsou šestnáctkovými číslicemi.",
    ),
    "type_values": (
        "{cells:The only value is|All # values are} of this type in the file.",
        "{cells:Jediná hodnota má tento typ už v souboru|Všechny # hodnoty mají tento typ už v souboru|Všech # "
        "hodnot má tento typ už v souboru}.",
    ),
    "null_words": (
        "{cells:# cell holds|# cells hold} only {words}, taken to mean that there is no value; {cells:it "
        "was|they were} left empty.",
        "{cells:# buňka obsahuje|# buňky obsahují|# buněk obsahuje} jen {words}, což bylo přečteno jako "
        "prázdná hodnota.",
    ),
    "zone_of_export": (
        "The file itself names the time zone of its moments, below the questions.",
        "Časové pásmo svých časů uvádí sám soubor, pod otázkami.",
    ),
    "header_codes": (
        "The first row holds codes of the questions, the second the questions; the codes became the names.",
        "První řádek obsahuje kódy otázek, druhý otázky; podle kódů jsou pojmenovány sloupce.",
    ),
    "zone_unknown": (
        "The survey does not say in which time zone it noted the moments; they were kept as they are written.",
        "Dotazník neuvádí, ve kterém časovém pásmu časy zaznamenal; zůstaly tak, jak jsou zapsány.",
    ),
    "choice_column": (
        "It is true where the answers include “{option}”.",
        "Hodnota je pravda tam, kde odpovědi obsahují „{option}“.",
    ),
    "multiple_choice": (
        "{cells:# cell holds|# cells hold} several of {count:# option|# options}: {options}. They were kept as "
        "text and can be made one column an option.",
        "{cells:# buňka obsahuje|# buňky obsahují|# buněk obsahuje} více odpovědí najednou. Možnosti ({count}): "
        "{options}. Zůstaly textem a lze z nich udělat sloupec pro každou možnost.",
    ),
    "scale_words": (
        "All answers are points of a scale, from the lowest to the highest: {points}.",
        "Všechny odpovědi jsou body škály, od nejnižšího po nejvyšší: {points}.",
    ),
    "scale_numbers": (
        "The question is answered on a scale of {count} points: {points}.",
        "Na otázku se odpovídá na škále. Její body ({count}): {points}.",
    ),
    "zone_named": (
        "{cells:The only moment names|All # moments name} this time zone; its clock was kept.",
        "{cells:Jediný časový údaj uvádí|Všechny # časové údaje uvádějí|Všech # časových údajů uvádí} toto časové "
        "pásmo; čas zůstal tak, jak je zapsán.",
    ),
    "zone_summer_and_winter": (
        "The moments name {zones}, summer and winter time of one place; its clock was kept.",
        "Časové údaje uvádějí {zones}, tedy letní a zimní čas jednoho místa; čas zůstal tak, jak je zapsán.",
    ),
    "zones_converted": (
        "The moments name several time zones ({zones}), so they were all converted to UTC.",
        "Časové údaje uvádějí různá časová pásma ({zones}), proto byly všechny převedeny na UTC.",
    ),
    "zone_partly_named": (
        "{silent:# moment names|# moments name} no time zone, the others {zones}; all were kept as they are "
        "written. Please check them.",
        "{silent:# časový údaj neuvádí|# časové údaje neuvádějí|# časových údajů neuvádí} časové pásmo, ostatní "
        "uvádějí {zones}; všechny zůstaly tak, jak jsou zapsány. Zkontrolujte je prosím.",
    ),
    "values_by_labels": (
        "All codes of the variable have labels, so the labels are shown. The codes were: {labels}.",
        "Všechny kódy proměnné mají popisky, proto jsou zobrazeny popisky. Kódy byly: {labels}.",
    ),
    "values_by_codes": (
        "Only some values of the variable have labels, so the numbers were kept. The labels are: {labels}.",
        "Popisky mají jen některé hodnoty proměnné, proto zůstaly čísla. Popisky jsou: {labels}.",
    ),
    "missing_declared": (
        "By the file these codes mean a missing value; {cells:# cell was|# cells were} left empty ({codes}).",
        "Podle souboru znamenají tyto kódy chybějící hodnotu; {cells:# buňka zůstala prázdná|# buňky zůstaly "
        "prázdné|# buněk zůstalo prázdných} ({codes}).",
    ),
    "missing_by_label": (
        "By their labels these codes mean that there is no answer; {cells:# cell was|# cells were} left empty "
        "({codes}).",
        "Podle popisků znamenají tyto kódy, že odpověď chybí; {cells:# buňka zůstala prázdná|# buňky zůstaly "
        "prázdné|# buněk zůstalo prázdných} ({codes}).",
    ),
    "type_steps": (
        "The cells are chapters such as 1.9, 1.10, 1.11, where 1.1 and 1.10 differ, so they were kept as text.",
        "Buňky jsou čísla kapitol jako 1.9, 1.10, 1.11, kde 1.1 a 1.10 se liší, zůstaly proto textem.",
    ),
    "type_phones": (
        "The cells look like phone numbers, with which nobody calculates, so they were kept as text.",
        "Buňky vypadají jako telefonní čísla, se kterými se nepočítá, zůstaly proto textem.",
    ),
    "type_birth_numbers": (
        "The cells look like birth numbers, which say who somebody is, so they were kept as text.",
        "Buňky vypadají jako rodná čísla, která jsou osobním údajem, zůstaly proto textem.",
    ),
    "type_grades": (
        "The cells are grades such as 1, 1- or 2, so they were kept as text.",
        "Buňky jsou známky jako 1, 1- nebo 2, zůstaly proto textem.",
    ),
    "type_marks": (
        "{cells:# cell holds|# cells hold} only {mark} and the others nothing: {mark} was read as yes, an empty "
        "cell as no.",
        "{cells:# buňka obsahuje|# buňky obsahují|# buněk obsahuje} jen {mark} a ostatní nic: {mark} bylo "
        "přečteno jako ano, prázdná buňka jako ne.",
    ),
    "type_by_name": (
        "The cells are numbers, but since the column is called {label} they were read as {form}.",
        "Buňky jsou čísla, ale protože se sloupec jmenuje {label}, byly přečteny jako {form}.",
    ),
    "type_words": (
        "The cells may be codes as well as yes or no, so they were kept as text.",
        "Buňky mohou být zkratky stejně jako ano a ne, zůstaly proto textem.",
    ),
    "type_mixed": (
        "{cells} of {of} values could be read as {type}; the others could not, so all were kept as text.",
        "Jako {type} lze přečíst {cells} z {of} hodnot, ostatní ne; všechny proto zůstaly textem.",
    ),
    "unit_currency": (
        "All cells are amounts in {unit}; they were stored as numbers without the unit.",
        "Všechny buňky jsou částky v {unit}; uložena jsou čísla bez jednotky.",
    ),
    "unit_percent": (
        "All cells are percentages; they were stored as parts of one, so 50 % is 0.5.",
        "Všechny buňky jsou v procentech; uloženy jsou jako části celku, 50 % je tedy 0,5.",
    ),
    "format_as_named": (
        "The name and the content of the file agree on it.",
        "Shoduje se v tom název i obsah souboru.",
    ),
    "footer_none": (
        "The last rows look like the rows above them.",
        "Poslední řádky vypadají jako řádky nad nimi.",
    ),
    # what a person decided
    "override_said": ("You said so.", "Tak jste to určili."),
    "override_remembered": (
        "Remembered from your correction of {day}.",
        "Zapamatováno z vaší opravy z {day}.",
    ),
    "override_unreadable": (
        "Read this way there is no table in the file, so nothing was changed. Please choose another value.",
        "Takto přečtený soubor neobsahuje tabulku, nic se proto nezměnilo. Zvolte prosím jinou hodnotu.",
    ),
    "override_unusable": (
        "Your corrections were not used, because with them there is no table in the file. Please check them.",
        "Vaše opravy nebyly použity, protože s nimi soubor neobsahuje tabulku. Zkontrolujte je prosím.",
    ),
    "override_no_table": (
        "Your correction for table {table} was not used: the file has {tables:only # table|only # tables}.",
        "Vaše oprava tabulky {table} nebyla použita: soubor má jen {tables:# tabulku|# tabulky|# tabulek}.",
    ),
    "override_no_column": (
        "Your correction for the column {name} was not used: the table has no such column now.",
        "Vaše oprava sloupce {name} nebyla použita: tabulka teď takový sloupec nemá.",
    ),
    "override_no_options": (
        "The column {name} has no cells with several answers, so it was not divided.",
        "Sloupec {name} nemá buňky s více odpověďmi, proto nebyl rozdělen.",
    ),
    "override_zones_unknown": (
        "Some moments of the column {name} name no time zone, so they were not converted to UTC.",
        "Některé časy ve sloupci {name} neuvádějí časové pásmo, proto nebyly převedeny na UTC.",
    ),
    "override_no_use": (
        "Your correction ({what}) was not used: there is no such choice for a file of this kind.",
        "Vaše oprava ({what}) nebyla použita: u tohoto druhu souboru taková volba není.",
    ),
    "override_no_known_column": (
        "{name} is no column of the dataset that this column could be: there is none, or the file has it too.",
        "{name} není sloupec datové sady, kterým by tento sloupec mohl být: neexistuje, nebo v souboru také je.",
    ),
    "override_no_widths": (
        "The file was not read as columns of fixed width: its lines are not lined up with spaces.",
        "Soubor nebyl přečten jako sloupce pevné šířky: jeho řádky nejsou zarovnány mezerami.",
    ),
    "override_no_sheet": (
        "Your choice of sheets was not used: the workbook has no sheet {name} with data.",
        "Váš výběr listů nebyl použit: sešit nemá list {name} s daty.",
    ),
    "override_no_json_table": (
        "Your choice of tables was not used: there is no table at {name} in the file.",
        "Váš výběr tabulek nebyl použit: na místě {name} v souboru tabulka není.",
    ),
    "override_header_too_long": (
        "Your number of header rows was not used: the table has {rows:only # row|only # rows}.",
        "Váš počet řádků záhlaví nebyl použit: tabulka má jen {rows:# řádek|# řádky|# řádků}.",
    ),
    "override_footer_too_long": (
        "Your number of rows at the end that are no data was not used: the table has {rows:# row|# rows}.",
        "Váš počet řádků na konci, které nejsou data, nebyl použit: tabulka má {rows:# řádek|# řádky|# řádků}.",
    ),
    "override_type_unfit": (
        "The column {name} was not read as {type}: too few of its cells are.",
        "Sloupec {name} nebyl přečten jako {type}: odpovídá tomu příliš málo buněk.",
    ),
    "override_unit_unfit": (
        "The column {name} was not read as amounts in {value}: too few of its cells are.",
        "Sloupec {name} nebyl přečten jako částky v {value}: odpovídá tomu příliš málo buněk.",
    ),
    "type_no_values": ("The column has no values.", "Sloupec nemá žádné hodnoty."),
    "type_fits": (
        "{cells} of {of:# value|# values} looked at {cells:is|are} written as {form}.",
        "Jako {form} {cells:je zapsána # hodnota|jsou zapsány # hodnoty|je zapsáno # hodnot} z {of:# "
        "prohlédnuté|# prohlédnutých|# prohlédnutých}.",
    ),
    # what is wrong at a place
    "member_unread": (
        "The file {member} in the archive was not read. {why}",
        "Soubor {member} v archivu nebyl přečten. {why}",
    ),
    "row_short": (
        "The row has {cells} of {columns} cells; the missing ones were left empty. Please check it.",
        "Řádek má {cells} z {columns} buněk; chybějící zůstaly prázdné. Zkontrolujte jej prosím.",
    ),
    "row_long": (
        "The row has {cells:# cell|# cells} but the table has {columns:# column|# columns}; it was left out. "
        "Please put cells that contain the delimiter in quotes.",
        "Řádek má {cells:# buňku|# buňky|# buněk}, ale tabulka {columns:# sloupec|# sloupce|# sloupců}; byl "
        "vynechán. Buňky obsahující oddělovač dejte prosím do uvozovek.",
    ),
    "record_long": (
        "The record has {cells:# value|# values} but only {columns:# column|# columns} {columns:has|have} a name; "
        "it was left out. Please check it.",
        "Záznam má {cells:# hodnotu|# hodnoty|# hodnot}, ale pojmenovaných sloupců je jen {columns}; byl "
        "vynechán. Zkontrolujte jej prosím.",
    ),
    "not_a_record": (
        "Here stands a single value instead of a record with names and values; it was left out. Please check it.",
        "Místo záznamu se jmény a hodnotami je zde jen jedna hodnota; byla vynechána. Zkontrolujte ji prosím.",
    ),
    "bad_json_line": (
        "The line is no complete JSON record and was left out. Please correct it.",
        "Řádek není úplný záznam JSON a byl vynechán. Opravte jej prosím.",
    ),
    "key_repeated": (
        "The record has the key {key} more than once; each value got a column of its own. Please check it.",
        "Záznam má klíč {key} vícekrát; každá hodnota má vlastní sloupec. Zkontrolujte jej prosím.",
    ),
    "half_character": (
        "The text holds half of a character, such as of a picture that was cut; it was replaced. Please check it.",
        "Text obsahuje půlku znaku, například uříznutého obrázku; byla nahrazena. Zkontrolujte jej prosím.",
    ),
    "cell_outside": (
        "A cell stands to the right of the table and was left out. Please move it into a column with a name.",
        "Buňka stojí vpravo od tabulky a byla vynechána. Přesuňte ji prosím do pojmenovaného sloupce.",
    ),
    "stray_quote": (
        "A quotation mark is not closed or stands inside a cell; it was read as an ordinary character.",
        "Uvozovka není uzavřena nebo stojí uvnitř buňky; byla přečtena jako běžný znak.",
    ),
    "line_mended": (
        "The letters of this line are stored in another way than those of the other lines. Please check them.",
        "Písmena na tomto řádku jsou uložena jinak než v ostatních řádcích. Zkontrolujte je prosím.",
    ),
    "letters_unreadable": (
        "Some letters of this line are none in the chosen encoding. Please check them.",
        "Některá písmena na tomto řádku ve zvoleném kódování neexistují. Zkontrolujte je prosím.",
    ),
    "nul_removed": (
        "The line held characters that mean nothing (zero bytes), which were removed. Please check it.",
        "Řádek obsahoval znaky bez významu (nulové bajty), které byly odstraněny. Zkontrolujte jej prosím.",
    ),
    "error_cell": (
        "The formula in the cell failed ({cell}); the cell was left empty. Please mend the formula.",
        "Vzorec v buňce skončil chybou ({cell}); buňka zůstala prázdná. Opravte prosím vzorec.",
    ),
    "formula_without_value": (
        "The program that wrote the file did not calculate the formula in the cell ({cell}), so the cell was left "
        "empty. Please open the file in a spreadsheet, save it and send it again.",
        "Program, který soubor vytvořil, vzorec v buňce ({cell}) nespočítal, a buňka proto zůstala prázdná. "
        "Otevřete prosím soubor v tabulkovém programu, uložte jej a pošlete znovu.",
    ),
    "not_a_number": (
        "The cell is not a number and was left empty. Please correct it.",
        "Buňka není číslo a zůstala prázdná. Opravte ji prosím.",
    ),
    "not_a_date": (
        "The cell is not a date and was left empty. Please correct it.",
        "Buňka není datum a zůstala prázdná. Opravte ji prosím.",
    ),
    "not_a_time": (
        "The cell is not a time and was left empty. Please correct it.",
        "Buňka není čas a zůstala prázdná. Opravte ji prosím.",
    ),
    "not_yes_or_no": (
        "The cell is neither yes nor no and was left empty. Please correct it.",
        "Buňka není ano ani ne a zůstala prázdná. Opravte ji prosím.",
    ),
    "rejects_cut": (
        "So much was left out that {rows:# row|# rows} of it {rows:is|are} not kept whole: the download of what "
        "was left out shows only the cell or the text concerned.",
        "Vynechaného je tolik, že {rows:# řádek není uložen celý|# řádky nejsou uloženy celé|# řádků není "
        "uloženo celých}: v souboru ke stažení je jen dotčená buňka nebo text.",
    ),
    "number_shortened": (
        "Numbers such as {example} were shortened by a spreadsheet and their last digits are lost. "
        "Please export the column as text.",
        "Čísla jako {example} zkrátil tabulkový program a jejich poslední číslice jsou ztraceny. "
        "Exportujte prosím sloupec jako text.",
    ),
    "null_letter": (
        "{cells} of {of:# cell|# cells} {cells:holds|hold} only the letter {word} and {cells:was|were} left "
        "empty. If it means something, please put it into a column of its own.",
        "V {cells} z {of:# buňky|# buněk|# buněk} je jen písmeno {word}; {cells:zůstala prázdná|zůstaly "
        "prázdné|zůstaly prázdné}. Pokud něco znamená, dejte je prosím do vlastního sloupce.",
    ),
    "several_currencies": (
        "The column has prices in several currencies ({currencies}), so it was kept as text. "
        "Please give each currency a column of its own.",
        "Sloupec obsahuje ceny v několika měnách ({currencies}), a proto zůstal textový. "
        "Dejte prosím každé měně vlastní sloupec.",
    ),
    "odd_cell_in_text": (
        "The cell ({example}) is not {type} as the others of its column are, so the column was kept as text. "
        "If that is a mistake, please correct it.",
        "V buňce ({example}) není {type} jako v ostatních buňkách sloupce, a proto sloupec zůstal textový. "
        "Je-li to chyba, opravte ji prosím.",
    ),
    "odd_cells_in_text": (
        "{cells:# cell is|# cells are} not {type} as the others of the column are, so the column was kept as "
        "text. The first of them is here: {example}.",
        "V {cells:# buňce|# buňkách|# buňkách} sloupce není {type} jako v ostatních, a proto sloupec zůstal "
        "textový. První taková je zde: {example}.",
    ),
    "code_without_label": (
        "{cells:# cell holds|# cells hold} codes that have no label ({codes}); they were kept as they are. "
        "Please check them.",
        "{cells:# buňka obsahuje|# buňky obsahují|# buněk obsahuje} kódy bez popisku ({codes}); zůstaly tak, jak "
        "jsou. Zkontrolujte je prosím.",
    ),
    "dates_out_of_range": (
        "{cells:# cell holds a date|# cells hold dates} that no calendar has; {cells:it was|they were} left "
        "empty. Please check the variable.",
        "{cells:# buňka obsahuje datum, které|# buňky obsahují data, která|# buněk obsahuje data, která} v žádném "
        "kalendáři {cells:není; zůstala prázdná|nejsou; zůstaly prázdné|nejsou; zůstaly prázdné}. Zkontrolujte "
        "prosím proměnnou.",
    ),
    "letters_lost": (
        "Some letters of the variable cannot be read from the file. Please save it in a newer format, say .sav.",
        "Některá písmena proměnné nelze ze souboru přečíst. Uložte jej prosím v novějším formátu, například .sav.",
    ),
}
_TYPES = {
    "integer": ("a whole number", "celé číslo"),
    "decimal": ("a number", "číslo"),
    "boolean": ("yes or no", "ano či ne"),
    "date": ("a date", "datum"),
    "datetime": ("a date with a time of day", "datum s časem"),
    "time": ("a time of day", "čas"),
    "duration": ("a duration", "délka trvání"),
    "json": ("a list or an object", "seznam nebo objekt"),
}
_FORMS = {
    "integer": ("whole numbers", "celá čísla"),
    "integer_grouped": ("whole numbers with thousands set apart", "celá čísla s oddělenými tisíci"),
    "decimal": ("decimal numbers", "desetinná čísla"),
    "price": ("prices", "ceny"),
    "negative_signs": (
        "numbers with a minus after them or in brackets",
        "čísla s minusem za číslem nebo v závorce",
    ),
    "boolean_marks": ("marks", "zaškrtnutí"),
    "date_number": ("day numbers of a spreadsheet", "pořadová čísla dnů z tabulkového programu"),
    "time_dotted": ("times of day with a point", "časy s tečkou"),
    "duration_words": ("hours and minutes with their units", "hodiny a minuty s jednotkami"),
    "percent": ("percentages", "procenta"),
    "boolean": ("yes or no", "ano či ne"),
    "date_iso": ("year-month-day", "rok-měsíc-den"),
    "date_dm": ("day.month.year", "den.měsíc.rok"),
    "date_md": ("month/day/year", "měsíc/den/rok"),
    "date_ymd": ("year.month.day", "rok.měsíc.den"),
    "date_mixed": ("dates written in several ways", "data zapsaná několika způsoby"),
    "duration_hours": ("hours and minutes", "hodiny a minuty"),
    "date_named_month": ("dates with the name of the month", "data se jménem měsíce"),
    "datetime_iso": ("year-month-day and time", "rok-měsíc-den a čas"),
    "datetime_dm": ("day.month.year and time", "den.měsíc.rok a čas"),
    "datetime_md": ("month/day/year and time", "měsíc/den/rok a čas"),
    "datetime_ymd": ("year.month.day and time", "rok.měsíc.den a čas"),
    "datetime_named_month": ("dates with the name of the month and time", "data se jménem měsíce a čas"),
    "time": ("times of day", "časy"),
    "time_zoned": ("times of day with a time zone", "časy s časovým pásmem"),
    "time_half_day": ("times of day with am or pm", "časy s údajem dopoledne nebo odpoledne"),
    "duration": ("durations", "délky trvání"),
    "duration_clock": ("hours:minutes:seconds", "hodiny:minuty:sekundy"),
}
_FORMATS = {
    "text": ("text", "text"),
    "archive": ("an archive or a compressed file", "archiv nebo komprimovaný soubor"),
    "workbook": ("an XLSX workbook", "sešit XLSX"),
    "old_workbook": ("an XLS workbook", "sešit XLS"),
    "binary_workbook": ("an XLSB workbook", "sešit XLSB"),
    "open_document": ("an OpenDocument spreadsheet", "tabulka OpenDocument"),
    "spreadsheet_xml": ("a workbook in XML of Excel 2003", "sešit v XML aplikace Excel 2003"),
    "web_page": ("a web page (HTML)", "webová stránka (HTML)"),
}
_OF_CELL: dict[str, tuple[str, str]] = {
    "not_a_number": (
        "The cell ({example}) is not a number and was left empty. Please correct it.",
        "Buňka ({example}) není číslo a zůstala prázdná. Opravte ji prosím.",
    ),
    "not_a_date": (
        "The cell ({example}) is not a date and was left empty. Please correct it.",
        "Buňka ({example}) není datum a zůstala prázdná. Opravte ji prosím.",
    ),
    "not_a_time": (
        "The cell ({example}) is not a time and was left empty. Please correct it.",
        "Buňka ({example}) není čas a zůstala prázdná. Opravte ji prosím.",
    ),
    "not_yes_or_no": (
        "The cell ({example}) is neither yes nor no and was left empty. Please correct it.",
        "Buňka ({example}) není ano ani ne a zůstala prázdná. Opravte ji prosím.",
    ),
}
"""What is said where the cell is known and does not stand beside the sentence."""
_DECISIONS = {
    "format": ("format", "formát"),
    "sheet": ("sheet", "list"),
    "json_table": ("table in the document", "tabulka v dokumentu"),
    "encoding": ("characters", "kódování"),
    "delimiter": ("separator", "oddělovač"),
    "quote": ("quotes", "uvozovky"),
    "header": ("header", "záhlaví"),
    "footer": ("lines at the end", "řádky na konci"),
    "decimal_mark": ("decimal mark", "desetinné znaménko"),
    "date_order": ("order of dates", "pořadí v datech"),
    "type": ("what a column holds", "obsah sloupce"),
    "null_words": ("words for no value", "slova pro prázdnou hodnotu"),
    "unit": ("unit", "jednotka"),
    "renamed_from": ("spelling of a column", "zápis sloupce"),
}
_MONTHS = "January February March April May June July August September October November December".split()
_MESICE = "ledna února března dubna května června července srpna září října listopadu prosince".split()
FEW = 4
"""Up to so many things Czech counts in the plural, more in the genitive."""


class _Count(int):
    """A number that a sentence shows, or chooses words by: `{rows:# row|# rows}`, in Czech `řádek|řádky|řádků`."""

    def __format__(self, spec: str) -> str:
        forms = spec.split("|")
        last = len(forms) - 1
        place = 0 if self == 1 else 1 if 1 < self <= FEW else last
        return forms[min(place, last)].replace("#", str(int(self))) or str(int(self))


def say(said: Said, language: Language) -> str:
    """Return what the reader said as a sentence in a language; a code that only old receipts hold, as it is."""
    spoken = 0 if language == "en" else 1
    facts: dict[str, object] = {}
    for name, value in said.facts.items():
        terms = {"type": _TYPES, "form": _FORMS, "format": _FORMATS, "what": _DECISIONS}.get(name, {})
        if isinstance(value, int) and name.endswith("bytes"):
            facts[name] = _size(value, spoken)
        elif isinstance(value, int | float) and not isinstance(value, bool) and value == int(value):
            facts[name] = _Count(value)
        elif name == "day" and isinstance(value, str):
            facts[name] = _day(value, language)
        elif isinstance(value, str):
            facts[name] = terms[value][spoken] if value in terms else value
        else:
            facts[name] = "" if value is None else value
    if said.code not in _SENTENCES:
        return said.code.replace("_", " ")
    why = said.facts.get("why")
    if isinstance(why, str):
        others = {name: value for name, value in said.facts.items() if name != "why"}
        facts["why"] = say(Said(code=why, facts=others), language)
    sentences = _OF_CELL if said.code in _OF_CELL and "example" in said.facts else _SENTENCES
    return sentences[said.code][spoken].format_map(facts)


def _size(size_bytes: int, spoken: int) -> str:
    """Return a number of bytes as people write it, with two digits that count."""
    size, unit = float(size_bytes), "B"
    for larger in ("kB", "MB", "GB"):
        if size < 1024:
            break
        size, unit = size / 1024, larger
    number = f"{size:.0f}" if size >= 10 or size.is_integer() else f"{size:.1f}"
    return f"{number.replace('.', ',') if spoken else number} {unit}"


def _day(text: str, language: Language) -> str:
    year, month, day = (int(part) for part in text.split("-"))
    return f"{day} {_MONTHS[month - 1]} {year}" if language == "en" else f"{day}. {_MESICE[month - 1]} {year}"


def plain_sentences(language: Language) -> dict[str, str]:
    """Return the sentence of every code that needs no facts."""
    spoken = 0 if language == "en" else 1
    return {code: words[spoken] for code, words in _SENTENCES.items() if "{" not in words[spoken]}


def codes() -> frozenset[str]:
    """Return every code that has its sentences."""
    return frozenset(_SENTENCES)
