"""Crafts: joiners, potters, tailors, heating engineers."""

from workshops.demo.vocabulary import Idea, Trade

CRAFTS = Trade(
    name="crafts",
    company_names=("Kestrel", "Baumann", "Redfern", "Oficina Norte", "Plane & Chisel"),
    company_patterns=("{name} Joinery", "{name} Workshop", "{name} Crafts", "{place} Makers"),
    openers=(
        "I have a workshop with four people in {place}.",
        "I am a joiner at {company} and I hate writing quotes.",
        "My sister and I run {company} together.",
        "{company} has repaired things in {place} for three generations.",
    ),
    ideas=(
        Idea(
            titles=(
                "Quotes in an evening, not a week, at {company}",
                "From tape measure to quote for {audience}",
                "Pricing a staircase before the coffee is cold, {place}",
            ),
            text="I measure in the morning and write the quote on Sunday, if my family lets me. "
            "By then the customer has asked somebody else. I want to speak the measurements into "
            "my phone and have {audience} get a decent quote the same evening.",
            audiences=("joiners", "stonemasons", "one-person workshops"),
            role="master joiner",
            other="homeowner",
            quotes=(
                "I lose more work at my desk than at my bench.",
                "He was lovely, and then we never heard from him again.",
            ),
            pains=(
                "Writes quotes on Sunday evenings",
                "Looks up the price of oak every time",
                "Underestimates the hours for fitting",
            ),
            need="send a sound quote on the evening of the visit",
            because="the measuring takes an hour and the desk takes a week",
            metric=("days from visit to quote", 8, 1),
            features=(
                ("measurements spoken on site", "both hands stay free"),
                ("a price list fed by real invoices", "oak costs what oak costs"),
                ("a look at similar jobs", "the hours for fitting are honest"),
                ("a quote of one page with a drawing", "the customer understands it"),
                ("a follow-up after five days", "silence is not the end"),
            ),
            entities=("Quote", "Measurement", "Job"),
            existing="the accounting program",
        ),
        Idea(
            titles=(
                "Kiln share: firing together in {place}",
                "A seat in the kiln for {audience}",
                "Half-empty kilns are expensive: {company}",
            ),
            text="A firing costs the same whether the kiln is full or half empty, and mine is "
            "half empty all winter. I would like {audience} to book a shelf at the right "
            "temperature, bring their pots, and know who is to blame if a glaze runs.",
            audiences=("hobby potters", "ceramics students", "studio potters"),
            role="studio potter",
            other="evening-class student",
            quotes=(
                "I fire air. Very expensive air.",
                "I carried a wet bowl through town because her kiln was free only then.",
            ),
            pains=(
                "Fires a half-empty kiln to meet a deadline",
                "Cleans other people's glaze from the shelves",
                "Keeps the bookings in text messages",
            ),
            need="fill each firing with pots that suit it",
            because="every studio fires alone and pays for the empty shelves",
            metric=("per cent of kiln space used in a firing", 52, 85),
            features=(
                ("a shelf booked by size and temperature", "pots that suit share a firing"),
                ("a glaze test before the first booking", "shelves stay clean"),
                ("a live curve of the firing", "nobody has to drive over to look"),
                ("a split of the electricity bill", "friends stay friends"),
                ("a shelf mark for every owner", "each bowl finds its way home"),
            ),
            entities=("Firing", "Shelf", "Pot"),
            existing="the kiln's controller",
        ),
        Idea(
            titles=(
                "The van that has the right part, {company}",
                "One visit instead of two for {audience}",
                "Knowing the boiler before ringing the bell, {place}",
            ),
            text="Every second repair needs a second visit, because the part is in the other van "
            "or nowhere at all. If the customer sent a photo of the label, we could know. I want "
            "{audience} to leave the yard with what they will need.",
            audiences=("heating engineers", "lift mechanics", "appliance repairers"),
            role="heating engineer",
            other="office manager",
            quotes=(
                "I have driven to a boiler that I could have repaired with a thing I left at home.",
                "I promise Tuesday, and I know it is a lie.",
            ),
            pains=(
                "Drives back for a part that costs six euros",
                "Searches three vans by phone",
                "Apologises for a problem she did not cause",
            ),
            need="load the right parts before the first visit",
            because="the fault is described by phone and the label is in a dark cellar",
            metric=("repairs finished at the first visit, per cent", 47, 75),
            features=(
                ("a photo of the label by link", "the model is known before the visit"),
                ("a list of likely parts", "the van is loaded in the morning"),
                ("a stock count for each van", "the part is found without calls"),
                ("a history of the boiler", "the same fault is not found twice"),
                ("a time window that shrinks", "the customer can go to work"),
            ),
            entities=("Visit", "Part", "Boiler"),
            existing="the wholesaler's catalogue",
        ),
        Idea(
            titles=(
                "Mend it: a repair counter for {place}",
                "Clothes worth mending, for {audience}",
                "Tracking a coat through repair at {company}",
            ),
            text="People bring us coats with a hole and a story. We forget neither, but we lose "
            "the ticket. I would like {audience} to see what the repair will look like and what "
            "it costs, before we thread the needle.",
            audiences=("second-hand shops", "outdoor brands", "commuters with good coats"),
            role="tailor",
            other="coat owner",
            quotes=(
                "I have thirty jackets and twenty-nine tickets.",
                "I would pay more than it cost, it was my father's.",
            ),
            pains=(
                "Estimates prices at the counter under pressure",
                "Calls customers who do not answer",
                "Stores finished coats for months",
            ),
            need="agree on a repair and its price without three phone calls",
            because="a hole is easier to show than to describe",
            metric=("days a finished piece waits to be collected", 23, 6),
            features=(
                ("a photo with the mend drawn on it", "both mean the same thing"),
                ("a price from a table of repairs", "the counter stays friendly"),
                ("a tag that survives the washing machine", "no jacket is lost"),
                ("a message when it is ready", "the rack is empty on Friday"),
                ("a before-and-after album", "others dare to mend too"),
            ),
            entities=("Repair", "Garment", "Ticket"),
            existing="the paper ticket book",
        ),
    ),
)
