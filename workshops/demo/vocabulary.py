"""What a demo workshop is made of: trades, their ideas, and the words that vary them."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Idea:
    """One hand-written idea and the nouns that its ten step outputs speak in.

    `titles` and `text` may hold the slots `{place}`, `{company}` and `{audience}`; every other
    field is plain. `features` are pairs of a noun phrase ("a button on the ward tablet") and the
    clause that says what it is good for ("the porter comes at once"). `metric` is what is counted,
    its value today and the value aimed at.
    """

    titles: tuple[str, ...]
    text: str
    audiences: tuple[str, str, str]
    role: str
    other: str
    quotes: tuple[str, str]
    pains: tuple[str, str, str]
    need: str
    because: str
    metric: tuple[str, int, int]
    features: tuple[tuple[str, str], ...]
    entities: tuple[str, str, str]
    existing: str


@dataclass(frozen=True, slots=True)
class Trade:
    """A line of business: how its companies are called and what its people want to build.

    `company_patterns` hold `{name}` or `{place}` or both; `openers` introduce the person who
    writes and hold `{company}` and `{place}`.
    """

    name: str
    company_names: tuple[str, ...]
    company_patterns: tuple[str, ...]
    openers: tuple[str, ...]
    ideas: tuple[Idea, ...]


PLACES = (
    *("Aarhus", "Almada", "Antwerp", "Arequipa", "Bath", "Belfast", "Bergen", "Bilbao", "Bologna"),
    *(
        "Braga",
        "Bristol",
        "Brno",
        "Bruges",
        "Cádiz",
        "Cardiff",
        "Cluj",
        "Coimbra",
        "Cork",
        "Cuenca",
    ),
    *("Debrecen", "Delft", "Dundee", "Durban", "Eindhoven", "Exeter", "Faro", "Freiburg", "Galway"),
    *("Gdańsk", "Genoa", "Ghent", "Girona", "Graz", "Groningen", "Guelph", "Halifax", "Heidelberg"),
    *("Hobart", "Innsbruck", "Jena", "Kaunas", "Kingston", "Kisumu", "Klagenfurt", "Kochi"),
    *("Košice", "Kraków", "Kumasi", "Lausanne", "Leeds", "Leiden", "Leipzig", "León", "Limerick"),
    *("Linz", "Ljubljana", "Lübeck", "Lund", "Lyon", "Málaga", "Maribor", "Matera", "Mérida"),
    *("Mombasa", "Montevideo", "Münster", "Mysuru", "Nantes", "Nelson", "Norwich", "Odense"),
    *("Olomouc", "Oulu", "Padua", "Penang", "Perugia", "Plovdiv", "Porto", "Portland", "Poznań"),
    *("Puebla", "Québec", "Rennes", "Rijeka", "Rosario", "Rotterdam", "Salamanca", "Salzburg"),
    *("San Sebastián", "Santa Fe", "Savannah", "Sheffield", "Siena", "Split", "Stavanger"),
    *("Strasbourg", "Swansea", "Tampere", "Tartu", "Thessaloniki", "Toledo", "Trento", "Trieste"),
    *("Trondheim", "Turku", "Uppsala", "Utrecht", "Valparaíso", "Varna", "Verona", "Victoria"),
    *("Vilnius", "Wellington", "Winnipeg", "Wrocław", "York", "Zadar", "Zaragoza"),
)

FIRST_NAMES = (
    *("Aino", "Amara", "Amira", "Ana", "Anselm", "Aoife", "Arjun", "Beatriz", "Bilal", "Carmen"),
    *("Chidi", "Clara", "Dalia", "Daniel", "Deepa", "Dmitri", "Edith", "Elif", "Emeka", "Esther"),
    *("Farah", "Fatou", "Femi", "Gabriel", "Giulia", "Grace", "Hana", "Hassan", "Henrik", "Ines"),
    *("Ivo", "Jakub", "Jamal", "Joana", "Jonas", "Kaito", "Katya", "Kwame", "Lars", "Leila"),
    *("Lina", "Lucía", "Maeve", "Mahmoud", "Marek", "Marta", "Mei", "Miguel", "Milena", "Nadia"),
    *("Ngozi", "Nils", "Noor", "Olga", "Omar", "Oskar", "Paulo", "Priya", "Rafael", "Rosa"),
    *("Ruth", "Samir", "Sanne", "Sofía", "Tariq", "Teresa", "Tomás", "Vera", "Wanjiru", "Zofia"),
)

LAST_NAMES = (
    *("Abara", "Adeyemi", "Almeida", "Andersen", "Aslan", "Barros", "Becker", "Bianchi", "Boateng"),
    *("Byrne", "Castillo", "Chen", "Costa", "Dahl", "Delgado", "Diallo", "Doyle", "Dvořák"),
    *("Eriksen", "Farouk", "Fernandes", "Fischer", "Gallo", "García", "Haddad", "Hoang", "Horvat"),
    *("Ibrahim", "Ito", "Iyer", "Jansen", "Kamau", "Kaya", "Keller", "Kowalska", "Kumar", "Lang"),
    *("Lindqvist", "Lopes", "Maier", "Marino", "Mbeki", "Mensah", "Moreau", "Murphy", "Nair"),
    *("Novak", "Nowak", "Okafor", "Oliveira", "Otieno", "Pereira", "Petrov", "Quinn", "Rahman"),
    *("Reyes", "Rossi", "Saito", "Santos", "Schmidt", "Sharma", "Silva", "Sørensen", "Suzuki"),
    *("Tanaka", "Vargas", "Vermeer", "Wójcik", "Yilmaz", "Zimmermann"),
)

CLOSERS = (
    "We tried a shared spreadsheet and it lasted a week.",
    "If it works here I would offer it to the others in the region.",
    "The budget is small, so it has to start small.",
    "I am not technical, but I know this work inside out.",
    "Two neighbours have already said they would pay for it.",
    "It has to work on an old phone with bad reception.",
    "I would like something to show by the end of the quarter.",
    "My first question is whether anybody else would use it.",
    "There is software for this, but it is made for companies ten times our size.",
    "Nobody will read a manual, so it has to explain itself.",
    "I want to know what the smallest useful version would be.",
    "A student built a first version for us, and everybody still asks for it.",
    "We have the data on paper for the last six years.",
    "Whatever we build must not add a single extra form.",
    "People here would forgive an ugly screen, but not a wrong one.",
    "I have one day a week for this until the summer.",
)

TITLE_TAILS = (
    *(" (pilot)", " (second attempt)", " (first release)", " (small version)", " (spring trial)"),
    *(" – take two", " – the simple way", " – rethink", " – after the pilot", " – phone first"),
)

TEMPLATES = ("tpl_service", "tpl_mobile_app", "tpl_internal_tool", "tpl_marketplace")
