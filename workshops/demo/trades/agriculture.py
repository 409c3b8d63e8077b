"""Agriculture: orchards, dairies, shared machines, seeds."""

from workshops.demo.vocabulary import Idea, Trade

AGRICULTURE = Trade(
    name="agriculture",
    company_names=("Larkfield", "Três Fontes", "Stonewall", "Hollow Oak", "Sonnenhof", "Kibo"),
    company_patterns=("{name} Farm", "{name} Growers", "{place} Dairy Co-op", "{name} Orchards"),
    openers=(
        "We farm sixty hectares outside {place}.",
        "I grow apples at {company}, like my father did.",
        "I am the youngest member of {company} and so the computer is mine.",
        "I buy for {company}, from forty farms around {place}.",
    ),
    ideas=(
        Idea(
            titles=(
                "Frost alarms worth getting up for, {company}",
                "Waking {audience} only when it matters",
                "Three degrees at 3 a.m.: frost watch in {place}",
            ),
            text="In April I get up every night at two to read a thermometer in the orchard. The "
            "forecast for {place} says nothing about my hollow by the stream. I want a few cheap "
            "sensors that wake {audience} when it matters, and let us sleep when it does not.",
            audiences=("fruit growers", "vineyards on slopes", "strawberry farms"),
            role="fruit grower",
            other="seasonal worker",
            quotes=(
                "One night in April is my whole year.",
                "He wakes us all, and then it stays at plus two.",
            ),
            pains=(
                "Gets up every night for three weeks",
                "Starts the sprinklers an hour too late",
                "Pays eight people for a false alarm",
            ),
            need="be woken in time on the right night and only then",
            because="the forecast is for the town and the frost is in the hollow",
            metric=("false alarms in a spring", 11, 2),
            features=(
                ("a sensor that lasts two seasons on one battery", "nobody climbs at night"),
                ("a forecast for each hollow", "the decision is made before bedtime"),
                ("an alarm call that must be answered", "the second person is called in time"),
                ("a plan for who starts which sprinkler", "ten minutes are won"),
                ("a diary of cold nights", "the insurer believes it"),
            ),
            entities=("Sensor", "Orchard", "Alarm"),
            existing="the regional weather service",
        ),
        Idea(
            titles=(
                "Sharing one harvester between nine farms, {place}",
                "Whose turn is the baler? For {audience}",
                "A fair machine ring at {company}",
            ),
            text="Nine of us own a harvester together, and in the one dry week of August we all "
            "need it on the same day. Today the loudest voice wins. I imagine a queue for "
            "{audience} that knows the weather, the ripeness and who waited last year.",
            audiences=("machine rings", "small grain farms", "hay makers"),
            role="member of a machine ring",
            other="contract driver",
            quotes=(
                "I am polite, so I harvest last.",
                "They send me across the valley and back for one field.",
            ),
            pains=(
                "Argues on the phone while the barley gets wet",
                "Does not know where the machine stands",
                "Receives the bill in December without details",
            ),
            need="agree on a fair order in the one dry week",
            because="the order is made by the loudest and not by the ripest",
            metric=("hours the machine drives between fields in a week", 19, 11),
            features=(
                ("a queue that knows ripeness and weather", "the right field is next"),
                ("a position on the map", "nobody drives out to look for it"),
                ("a memory of last year's order", "waiting is shared fairly"),
                ("a fuel and hour meter by field", "the bill explains itself"),
                ("a fault report with a photo", "the mechanic brings the right part"),
            ),
            entities=("Field", "Turn", "Machine"),
            existing="the ring's accounting file",
        ),
        Idea(
            titles=(
                "Lame cows noticed a week earlier, {company}",
                "Milk, steps and hooves: herd signals in {place}",
                "A herd diary for {audience}",
            ),
            text="By the time I see that a cow is lame she has been in pain for days. The "
            "collars already count her steps and the parlour knows her milk, they just never "
            "meet. I want {audience} to get three names every morning, not another dashboard.",
            audiences=("dairy farmers", "herd managers", "farm vets"),
            role="dairy farmer",
            other="farm vet",
            quotes=(
                "I own four apps, and none of them knows my cows.",
                "They call me when she lies down. That is late.",
            ),
            pains=(
                "Watches a hundred and twenty cows walk past at five",
                "Compares two systems that do not talk",
                "Treats when it is already expensive",
            ),
            need="know each morning which three cows need a closer look",
            because="the signals are there, in two systems that never meet",
            metric=("days from first sign to treatment", 9, 3),
            features=(
                ("three names every morning", "the walk through the barn has a purpose"),
                ("a reason beside each name", "the farmer can disagree"),
                ("a hoof diary with photos", "the trimmer sees what happened before"),
                ("a treatment plan shared with the vet", "doses are written down once"),
                ("a quiet mode in calving season", "nobody learns to ignore it"),
            ),
            entities=("Cow", "Signal", "Treatment"),
            existing="the milking parlour's database",
        ),
        Idea(
            titles=(
                "A seed library for {place}",
                "Old beans, new gardens: seeds for {audience}",
                "Swapping seeds without losing their story, {company}",
            ),
            text="Around {place} people grow beans that are in no catalogue, and when they stop "
            "gardening the beans are gone. I would like {audience} to lend seeds like books, "
            "with the story of who grew them, and to bring some back in autumn.",
            audiences=("allotment gardeners", "school gardens", "market growers"),
            role="seed keeper",
            other="beginner gardener",
            quotes=(
                "My grandmother's pea is in a jam jar. If the jar breaks, it is over.",
                "I do not know how to keep seeds, I only know how to buy them.",
            ),
            pains=(
                "Labels envelopes that nobody can read later",
                "Does not know who still grows what",
                "Loses varieties every hard winter",
            ),
            need="lend rare seeds and get enough of them back",
            because="each variety depends on one jar in one cellar",
            metric=("varieties grown in at least three gardens", 22, 80),
            features=(
                ("a page for each variety with its story", "people want to grow it"),
                ("a loan that ends in autumn", "seeds come back in time"),
                ("a guide in pictures for saving seeds", "beginners bring back good ones"),
                ("a map of who grows what", "no variety depends on one jar"),
                ("a germination record", "weak stock is renewed early"),
            ),
            entities=("Variety", "Loan", "Garden"),
            existing="the card index of the garden club",
        ),
    ),
)
