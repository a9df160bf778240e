"""The words of which the invented names are made, in Ukrainian and in English."""

from typing import Final, NamedTuple


class Name(NamedTuple):
    """The name of a thing, and its slug."""

    shown: str
    slug: str


class Trade(NamedTuple):
    """The trade of an agent."""

    slug: str
    english: str
    ukrainian: str
    """In the genitive: «Мелана з архіву»."""
    kind: str
    tools: tuple[str, ...]


class Place(NamedTuple):
    """A public room of the city and where it lies on the city's grid."""

    slug: str
    shown: str
    description: str
    kind: str
    zone: str
    color: str
    x: int
    y: int


FLAVOURS: Final = (
    "Amber",
    "Lantern",
    "Willow",
    "Copper",
    "Harbour",
    "Meadow",
    "Granite",
    "Ember",
    "Juniper",
    "Tidewater",
    "Loom",
    "Orchard",
    "Falcon",
    "Saffron",
    "Cedar",
    "Winter",
)
BODIES: Final = ("Guild", "Cooperative", "Workshop", "Commons", "Circle", "Bureau", "Society", "Yard")
SPILKY: Final = (
    Name("Гільдія", "hildiia"),
    Name("Спілка", "spilka"),
    Name("Майстерня", "maisternia"),
    Name("Артіль", "artil"),
    Name("Громада", "hromada"),
    Name("Братство", "bratstvo"),
)
CRAFTS: Final = (
    Name("човнярів", "chovniariv"),
    Name("пасічників", "pasichnykiv"),
    Name("склодувів", "skloduviv"),
    Name("ткачів", "tkachiv"),
    Name("садівників", "sadivnykiv"),
    Name("пекарів", "pekariv"),
    Name("зброярів світла", "zbroiariv-svitla"),
    Name("годинникарів", "hodynnykariv"),
    Name("мостобудівників", "mostobudivnykiv"),
    Name("картографів", "kartohrafiv"),
    Name("водоносів", "vodonosiv"),
    Name("гончарів", "honchariv"),
    Name("літописців", "litopystsiv"),
    Name("сонцеловів", "sontseloviv"),
    Name("вітрярів", "vitriariv"),
    Name("травників", "travnykiv"),
)
COUNCILS: Final = (
    Name("Рада Сивої гори", "rada-syvoi-hory"),
    Name("Lowland Assembly", "lowland-assembly"),
    Name("Віче Трьох Криниць", "viche-trokh-krynyts"),
    Name("Salt Road Council", "salt-road-council"),
    Name("Скарбниця Лиману", "skarbnytsia-lymanu"),
    Name("Open Harvest Trust", "open-harvest-trust"),
    Name("Коло Кам'яного Броду", "kolo-kamianoho-brodu"),
    Name("Northern Sluice Board", "northern-sluice-board"),
    Name("Рада Вербових островів", "rada-verbovykh-ostroviv"),
    Name("Moth and Moon Fund", "moth-and-moon-fund"),
)
PEOPLE: Final = (
    Name("Мелана", "melana"),
    Name("Богуслав", "bohuslav"),
    Name("Златодан", "zlatodan"),
    Name("Вірляна", "virliana"),
    Name("Остромир", "ostromyr"),
    Name("Ждана", "zhdana"),
    Name("Любослав", "liuboslav"),
    Name("Квітана", "kvitana"),
    Name("Ратибор", "ratybor"),
    Name("Орися", "orysia"),
    Name("Тихомир", "tykhomyr"),
    Name("Звенислава", "zvenyslava"),
    Name("Доброгост", "dobrohost"),
    Name("Яснозора", "yasnozora"),
    Name("Мирогніва", "myrohniva"),
    Name("Святояр", "sviatoiar"),
    Name("Tarvin", "tarvin"),
    Name("Isolde", "isolde"),
    Name("Corwen", "corwen"),
    Name("Mirabel", "mirabel"),
    Name("Fennick", "fennick"),
    Name("Oswin", "oswin"),
    Name("Thessaly", "thessaly"),
    Name("Bramwell", "bramwell"),
    Name("Liora", "liora"),
    Name("Quill", "quill"),
)
TRADES: Final = (
    Trade("archive", "Archive", "архіву", "memory", ("notes.search", "notes.write")),
    Trade("greenhouse", "Greenhouse", "теплиці", "specialist", ("sensors.read",)),
    Trade("post", "Post", "пошти", "social", ("mail.send", "calendar.read")),
    Trade("watch", "Watch", "варти", "security", ("alerts.list", "access.review")),
    Trade("ledger", "Ledger", "обліку", "finance", ("ledger.read", "reports.build")),
    Trade("pumps", "Pumps", "насосної", "node", ("metrics.get",)),
    Trade("harbour", "Harbour", "гавані", "coordinator", ("tasks.create", "tasks.list")),
    Trade("market", "Market", "ринку", "marketing", ("posts.draft",)),
    Trade("observatory", "Observatory", "обсерваторії", "research", ("papers.search", "charts.draw")),
    Trade("forge", "Forge", "кузні", "developer", ("code.run", "tickets.update")),
    Trade("school", "School", "школи", "assistant", ("notes.write",)),
    Trade("court", "Court", "віча", "mediator", ("votes.tally",)),
    Trade("kitchen", "Kitchen", "кухні", "assistant", ("tasks.create",)),
    Trade("mint", "Mint", "монетарні", "web3", ("treasury.read",)),
    Trade("mapping", "Mapping", "картографії", "vision", ("images.label",)),
    Trade("weather", "Weather", "метеостанції", "analyst", ("metrics.get", "charts.draw")),
)
TREES: Final = (
    Name("Калина", "kalyna"),
    Name("Ясен", "yasen"),
    Name("Граб", "hrab"),
    Name("Rowan", "rowan"),
    Name("Липа", "lypa"),
    Name("Alder", "alder"),
    Name("Бересклет", "bereskelet"),
    Name("Hazel", "hazel"),
    Name("Тополя", "topolia"),
    Name("Larch", "larch"),
)
TOWNS: Final = (
    "verkhorichchia",
    "zolotyi-brid",
    "eastmere",
    "lystvianka",
    "port-tamarisk",
    "khmarivka",
    "stonewell",
)
MATTERS: Final = (
    "Купити дві відеокарти для вузла на Лимані",
    "Move the night shift to quiet hours",
    "Оновити правила прийому нових учасників",
    "Fund the translation of the handbook",
    "Відкрити спільну майстерню на вихідних",
    "Lower the quorum for small repairs",
    "Провести осінній ярмарок агентів",
    "Rotate the keys of the harbour gateway",
    "Виділити грант школі картографів",
    "Retire the oldest pump controller",
    "Дозволити агентам вести протокол",
    "Share the weather archive with neighbours",
)
REMARKS: Final = (
    "Хто сьогодні дивиться за насосами?",
    "The meter at the east gate looks wrong again.",
    "Зібрала підсумок за тиждень, гляньте, будь ласка.",
    "I moved the task to tomorrow.",
    "Голосування відкрите до вечора.",
    "Can somebody restart the greenhouse feed?",
    "Дякую, тепер рахунок сходиться.",
    "New maps are in the archive.",
    "Завтра дощ, закрийте верхні вікна.",
    "Two boats are late, nothing serious.",
)
ABOUT: Final = (
    "Спільні інструменти й чергування для всього кварталу",
    "Repairs, lends and looks after what everybody uses",
    "Вирощуємо, міряємо й ділимося врожаєм",
    "Keeps the lights on and the books open",
    "Невелика команда, що пам'ятає про дрібниці",
    "Tries things out before others have to",
)

PLACES: Final = (
    Place("lantern-square", "Ліхтарна площа", "Тут починається кожен день", "public", "central", "cyan", 2, 0),
    Place("river-steps", "River Steps", "Quiet talk by the water", "social", "west", "green", 0, 0),
    Place("tinkers-row", "Ряд майстрів", "Лагодимо, що зламалося", "builders", "east", "orange", 4, 0),
    Place("star-attic", "Star Attic", "Papers, charts and late tea", "science", "west", "purple", 0, 1),
    Place("windmill", "Вітряк", "Енергія для кварталу", "energy", "east", "green", 4, 1),
    Place("council-porch", "Council Porch", "Votes are talked over here", "district", "central", "purple", 2, 1),
    Place("tea-garden", "Чайний сад", "Знайомства та тиша", "social", "west", "green", 0, 2),
    Place("ferry-office", "Ferry Office", "Who goes where, and when", "district", "east", "orange", 4, 2),
)
DISTRICTS: Final = ("Лиман", "Hillside", "Старі млини", "Eastgate")
MODELS: Final = {
    "llama-4-scout": "groq",
    "qwen-3-32b": "ollama",
    "mistral-medium-3": "mistral",
    "gemma-3-27b": "ollama",
}
"""The language models that agents use, each with its provider."""


def tool_name(tool: str) -> str:
    """Return the name of a tool: ``Notes Search`` for ``notes.search``."""
    return tool.replace(".", " ").title()
