"""The words and signs that stand around numbers or instead of them, in the languages of the lists that people send.

Only what leaves a number's value as it is written is known here. A word that multiplies (dozen, k, mio.) or that means
a hundredth (cents) is none of the units, so that a number with it is refused instead of being taken for another.
"""

# ruff: noqa: RUF001 - The signs are those that people write.
from __future__ import annotations


def _words(*lines: str) -> frozenset[str]:
    return frozenset(" ".join(lines).split())


#: Codes and signs of currencies, as they are written.
CURRENCIES = _words(
    "AED ARS AUD BGN BRL CAD CHF CLP CNY COP CZK DKK EGP EUR GBP HKD HUF IDR ILS INR ISK JPY KRW MAD MXN MYR NOK NZD",
    "PEN PHP PLN RON RSD RUB SAR SEK SGD THB TRY TWD UAH USD VND ZAR",
    "$ € £ ¥ ₹ ₽ ₩ ₺ ₪ ₫ ₴ ₱ ฿ US$ C$ CA$ A$ AU$ NZ$ R$ HK$ S$ MX$ zł Kč kr Fr SFr",
    "Euro euro Euros euros eur usd Dollar dollar Dollars dollars",
)
#: The codes of currencies that are also written in another way. A dollar's sign alone may be that of several.
CURRENCY_CODES = {
    "€": "EUR",
    "£": "GBP",
    "US$": "USD",
    "₹": "INR",
    "zł": "PLN",
    "Kč": "CZK",
    "eur": "EUR",
    "usd": "USD",
    **dict.fromkeys(("Euro", "euro", "Euros", "euros"), "EUR"),
    **dict.fromkeys(("Dollar", "dollar", "Dollars", "dollars"), "$"),
}
#: Units that would mean something else in other letters: M is a thousand or a million, ct are cents.
EXACT_UNITS = _words("g l L m t CT mm")
#: Units in lower case, which may be written in any.
UNITS = _words(
    "kg mg lb lbs oz ml cl dl hl ltr gal qt pt cm km ft yd m² m³",
    "ea each pc pcs pce piece pieces st stk stück stuks pièce pièces unit units pk pack packs pkg pkt",
    "cs case cases ctn carton cartons bx box boxes bg bag bags btl bottle bottles can cans day days",
)
#: The words between an amount and what it is for.
PER = _words("per pro je par")
#: What stands for an empty cell among numbers and dates, in lower case.
NOTHING = _words("n/a n.a. n.a na k.a. n.v.t. - -- --- – — null none nil (null) (none)")
#: What spreadsheets show where a formula went wrong, in English, German, French, Spanish and Dutch.
ERRORS = _words(
    "#N/A #REF! #VALUE! #DIV/0! #NAME? #NULL! #NUM! #SPILL! #CALC! #GETTING_DATA #NV #BEZUG! #WERT! #ZAHL! #VALEUR!",
    "#NOM? #NOMBRE! #NUL! #¡REF! #¡VALOR! #¡DIV/0! #¿NOMBRE? #¡NUM! #VERW! #WAARDE! #DEEL/0! #NAAM?",
)
#: The words for yes, in lower case. Digits are none of them: they are numbers.
YES = _words("yes y true t on ja j oui o si sí s wahr vrai verdadero waar x ✓ ✔ ☑")
#: The words for no, in lower case.
NO = _words("no n false f off nein non nee falsch faux falso onwaar ☐ ✗ ✘")
#: The words that a row of totals begins with, in lower case.
TOTALS = _words(
    "total totals subtotal sub-total sum sums summe gesamt gesamtsumme zwischensumme endsumme",
    "totaal subtotaal som somme totaux sous-total suma totales grandtotal",
)
