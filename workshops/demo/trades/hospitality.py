"""Hospitality: guest houses, kitchens, campsites, catering."""

from workshops.demo.vocabulary import Idea, Trade

HOSPITALITY = Trade(
    name="hospitality",
    company_names=("Lindenhof", "Mirador", "The Blue Gate", "Alder", "Casa Verde", "Seven Stairs"),
    company_patterns=("Hotel {name}", "{name} Guest House", "{name} Kitchen", "{place} Inns"),
    openers=(
        "We run {company}, twenty-two rooms in the middle of {place}.",
        "I cook at {company} and I also do the books.",
        "I took over {company} from my aunt two years ago.",
        "I manage the front of house at {company}, {place}.",
    ),
    ideas=(
        Idea(
            titles=(
                "A kitchen that wastes less at {company}",
                "Cook what will be eaten: {place} pilot",
                "Forecasting plates for {audience}",
            ),
            text="Every evening I throw away food that I bought on a feeling. The bookings, the "
            "weather and the football results are all known at noon, and I would like a number "
            "for each dish that {audience} can trust when they order.",
            audiences=("head chefs", "canteen cooks", "breakfast teams"),
            role="head chef",
            other="kitchen porter",
            quotes=(
                "I order for the best Saturday of the year, every Saturday.",
                "I see what goes into the bin. Nobody ever asked me.",
            ),
            pains=(
                "Orders on a feeling three days ahead",
                "Has no record of what was thrown away",
                "Runs out of the one dish that everybody wants",
            ),
            need="decide at noon how much of each dish to prepare",
            because="orders follow habit, and the waste is never counted",
            metric=("kilograms thrown away in a week", 86, 35),
            features=(
                ("a number for each dish at noon", "the order is placed with confidence"),
                ("a scale beside the bin", "waste is counted without a form"),
                ("a note about events in town", "a match day is no surprise"),
                ("a weekly look back in five lines", "the team learns from its misses"),
                ("a list of dishes to offer cheaply at nine", "food is eaten, not binned"),
            ),
            entities=("Dish", "Forecast", "Delivery"),
            existing="the till",
        ),
        Idea(
            titles=(
                "Late arrivals at {company} without a night porter",
                "Check-in after midnight for {audience}",
                "A warm welcome at 1 a.m. in {place}",
            ),
            text="A third of our guests arrive after ten, and we pay a porter to wait for two of "
            "them. I want {audience} to get in by themselves and still feel that somebody was "
            "expecting them.",
            audiences=("cyclists", "business travellers", "families with a late flight"),
            role="innkeeper",
            other="late guest",
            quotes=(
                "I sleep with the telephone under my pillow.",
                "I stood in the rain with a code that did not work.",
            ),
            pains=(
                "Is woken up by guests who cannot find the door",
                "Pays a whole night shift for two arrivals",
                "Misses the chance to say hello",
            ),
            need="let guests in at night without being awake",
            because="a key under the flowerpot is neither safe nor friendly",
            metric=("phone calls after ten in the evening, a week", 17, 3),
            features=(
                ("a door code that works only for the stay", "nobody keeps a key"),
                ("a message with a photo of the door", "guests find it in the dark"),
                ("a handwritten note, printed on arrival", "the room feels prepared"),
                ("a call button that rings only for emergencies", "the innkeeper can sleep"),
                ("a registration form filled in beforehand", "breakfast starts without paper"),
            ),
            entities=("Arrival", "Room", "Guest"),
            existing="the booking system",
        ),
        Idea(
            titles=(
                "Fair tips at {company}",
                "Sharing tips openly among {audience}",
                "The tip jar, explained: {place}",
            ),
            text="Since people pay by card, the tips go into one account and nobody understands "
            "how they come out. I want {audience} to see every evening what came in and what "
            "their share is, so that we can talk about food again.",
            audiences=("waiters and cooks", "weekend staff", "apprentices"),
            role="waiter",
            other="restaurant owner",
            quotes=(
                "I do not mind sharing. I mind not knowing.",
                "Every month I do the sums at my kitchen table, and every month somebody is cross.",
            ),
            pains=(
                "Waits for a month to see a share",
                "Cannot explain the rule to new colleagues",
                "Suspects the kitchen, and the kitchen suspects the floor",
            ),
            need="see each evening how the tips were shared and why",
            because="card tips disappear into one account and come back as one number",
            metric=("complaints about tips in a month", 12, 1),
            features=(
                ("a rule that the team has voted on", "nobody can call it arbitrary"),
                ("a share shown on the evening itself", "the night ends without a quarrel"),
                ("a payout every week", "students can pay their rent"),
                ("a page for the tax adviser", "the owner does the sums once"),
                ("an anonymous question box", "apprentices dare to ask"),
            ),
            entities=("Tip", "Shift", "Share"),
            existing="the card terminal",
        ),
        Idea(
            titles=(
                "Campsite pitches that match the tent, {place}",
                "The right pitch for {audience} at {company}",
                "A quieter campsite: pitches by habit",
            ),
            text="We give the pitch by the river to whoever comes first, and then the early "
            "sleepers lie beside the guitar. I would like to ask {audience} three questions "
            "before they arrive and seat them like at a wedding.",
            audiences=("families with small children", "long-distance hikers", "camper vans"),
            role="campsite warden",
            other="returning camper",
            quotes=(
                "Half of my evening is moving people who should never have been neighbours.",
                "We come back for number fourteen. If it is taken, we drive on.",
            ),
            pains=(
                "Settles quarrels about noise at midnight",
                "Redraws the plan on paper every morning",
                "Loses regulars who did not get their pitch",
            ),
            need="place arrivals so that neighbours suit each other",
            because="pitches go to whoever comes first, whatever their habits",
            metric=("noise complaints in a summer week", 15, 5),
            features=(
                ("three questions at booking time", "the warden knows who is coming"),
                ("a suggested plan for the day", "arrivals are placed in a minute"),
                ("a favourite pitch for regulars", "they book again in January"),
                ("a map that works without reception", "guests find the water tap"),
                ("a swap request between guests", "people solve it themselves"),
            ),
            entities=("Pitch", "Stay", "Camper"),
            existing="the paper arrivals book",
        ),
    ),
)
