"""Energy and housing: solar roofs, heat, repairs in rented homes."""

from workshops.demo.vocabulary import Idea, Trade

ENERGY = Trade(
    name="energy",
    company_names=("Sunrise", "Helio", "Kilowatt", "Green Roof", "Tidal", "Volta", "Hearth"),
    company_patterns=("{name} Energy", "{place} Housing Co-op", "{name} Heat", "{name} Solar"),
    openers=(
        "I install solar roofs at {company}.",
        "I sit on the board of {company} and I live on the third floor.",
        "I am the caretaker of six houses in {place}.",
        "I advise tenants and landlords for {company}.",
    ),
    ideas=(
        Idea(
            titles=(
                "Roof power shared by {audience}",
                "Who used the sun? Splitting solar in {place}",
                "A fair solar bill for {company}",
            ),
            text="There are forty panels on our roof and twenty-four flats below, and at the end "
            "of the year nobody understands the bill. I want {audience} to see when the roof is "
            "generous, and to run the washing machine then.",
            audiences=("tenants", "housing co-ops", "property managers"),
            role="co-op treasurer",
            other="tenant on the third floor",
            quotes=(
                "I explain the bill in the stairwell until the light goes out.",
                "I would wash at noon if somebody told me that noon is free.",
            ),
            pains=(
                "Splits one meter into twenty-four bills",
                "Answers the same question on every floor",
                "Sells cheap power at noon and buys dear power at six",
            ),
            need="share the roof's power so that everybody understands it",
            because="the meter counts the house and not the people in it",
            metric=("per cent of roof power used in the house", 44, 70),
            features=(
                ("a light in the hall that shows sun", "people wash when it shines"),
                ("a bill with hours instead of factors", "neighbours can check it"),
                ("a forecast for tomorrow noon", "the dishwasher waits"),
                ("a solidarity share for those at work", "nobody feels cheated"),
                ("a yearly account for the assembly", "the vote takes ten minutes"),
            ),
            entities=("Flat", "Meter", "Bill"),
            existing="the grid operator's smart meters",
        ),
        Idea(
            titles=(
                "Cold radiators in {place}, solved by Friday",
                "Repairs {audience} can follow at {company}",
                "The dripping tap deserves an answer",
            ),
            text="A dripping tap needs eleven messages before somebody comes: the tenant, the "
            "office, me, the plumber, and back again. I want {audience} to pick a time directly "
            "from the plumber's calendar, with a photo, and the office to see only the "
            "exceptions.",
            audiences=("tenants with small children", "caretakers", "landlords abroad"),
            role="caretaker",
            other="tenant",
            quotes=(
                "I am a telephone exchange with a screwdriver.",
                "I took a day off, and the plumber came the day after.",
            ),
            pains=(
                "Passes on messages between people who could talk",
                "Arrives without the right washer",
                "Forgets the small things that become floods",
            ),
            need="bring tenant and tradesperson together without eleven messages",
            because="every repair goes through the office, even a washer",
            metric=("messages for each repair", 11, 3),
            features=(
                ("a report with photo and room", "the plumber knows what to bring"),
                ("a time picked from a calendar", "nobody takes a day off in vain"),
                ("a limit below which nobody has to approve", "washers are not a committee matter"),
                ("a log for each flat", "a returning fault is noticed"),
                ("a thumbs-up at the end", "invoices are paid for finished work"),
            ),
            entities=("Repair", "Flat", "Appointment"),
            existing="the tenancy register",
        ),
        Idea(
            titles=(
                "Heat pump or not? Honest advice for {audience}",
                "A first answer on heating, {place}",
                "Before the boiler dies: planning at {company}",
            ),
            text="People ask for heating advice on the day that the boiler dies, and then there "
            "is no time for anything but another boiler. I would like to give {audience} a first "
            "honest answer from six questions and a gas bill, two years earlier.",
            audiences=("owners of old houses", "landlords", "parish councils"),
            role="energy adviser",
            other="house owner",
            quotes=(
                "They call me in January, with cold feet and no patience.",
                "Three experts, four opinions, and one of them sells boilers.",
            ),
            pains=(
                "Visits houses where the answer was clear by phone",
                "Competes with salespeople",
                "Comes too late to change anything",
            ),
            need="get an honest first answer before the old boiler dies",
            because="advice is asked for when there is no time to follow it",
            metric=("months between first advice and replacement", 1, 18),
            features=(
                ("six questions and a photo of the bill", "ten minutes are enough to start"),
                ("an answer with its doubts", "people trust it"),
                ("a list of rooms to measure", "the visit is well prepared"),
                ("a calendar of subsidies", "nobody misses a deadline"),
                ("a contact to neighbours who did it", "people ask people"),
            ),
            entities=("House", "Answer", "Subsidy"),
            existing="the national subsidy database",
        ),
        Idea(
            titles=(
                "Charging at home without a garage, {place}",
                "Shared wall boxes for {audience}",
                "A charger on every third lamp post: {company}",
            ),
            text="My street has ninety cars and no garage. There are wall boxes behind a few "
            "gates that stand idle all day, and lamp posts with power everywhere. I want "
            "{audience} to share what exists before we dig up the pavement.",
            audiences=("commuters without a garage", "night-shift workers", "car-sharing clubs"),
            role="driver without a garage",
            other="wall box owner",
            quotes=(
                "I know every charger in town, and all of them are taken at seven.",
                "I would share it. I do not want to be a petrol station.",
            ),
            pains=(
                "Circles the block with eight per cent",
                "Pays motorway prices at home",
                "Leaves the car blocking a space overnight",
            ),
            need="find a charger within a five-minute walk for the night",
            because="chargers stand idle behind gates while drivers circle the block",
            metric=("minutes of walking from charger to bed", 17, 5),
            features=(
                ("a booking for the night", "nobody circles the block"),
                ("a price set by the owner", "sharing pays for the electricity"),
                ("a plug that knows the car", "the bill writes itself"),
                ("a rule for leaving in the morning", "the owner's gate is free at seven"),
                ("a wish map for new chargers", "the city builds where people sleep"),
            ),
            entities=("Charger", "Booking", "Driver"),
            existing="the city's lamp post register",
        ),
    ),
)
