"""Nonprofits: food banks, shelters, river watch, volunteers."""

from workshops.demo.vocabulary import Idea, Trade

NONPROFIT = Trade(
    name="nonprofit",
    company_names=("Open Table", "Second Spring", "Warm Hands", "Blue River", "Harbour", "Umoja"),
    company_patterns=(
        "{name} Foundation",
        "{name} {place}",
        "Friends of {place}",
        "{name} Network",
    ),
    openers=(
        "I coordinate volunteers at {company}.",
        "We are a small charity in {place} with two paid people.",
        "I founded {company} in my kitchen.",
        "I drive the van for {company} and everything else too.",
    ),
    ideas=(
        Idea(
            titles=(
                "Surplus bread to the right door in {place}",
                "Food rescue before closing time for {audience}",
                "Ninety minutes from shelf to shelter: {company}",
            ),
            text="Supermarkets call us at seven with forty kilograms of bread, and by half past "
            "seven we must know who wants it. I want shops to post what is left, and {audience} "
            "to claim it, so that our van stops driving in hope.",
            audiences=("night shelters", "community kitchens", "student pantries"),
            role="food rescue driver",
            other="shelter cook",
            quotes=(
                "I drive through town with bread and a telephone.",
                "I can use anything if I know it before five.",
            ),
            pains=(
                "Calls eight kitchens with one hand on the wheel",
                "Delivers bread to people who have bread",
                "Throws away what came too late",
            ),
            need="match surplus food with a kitchen before closing time",
            because="shops know at six, kitchens plan at five, and the van guesses",
            metric=("kilograms that nobody could use in a week", 120, 30),
            features=(
                ("a post by photo from the shop", "staff need half a minute"),
                ("a claim by the kitchen", "the van knows where to go"),
                ("a forecast by weekday", "cooks can plan before five"),
                ("a cool-box check on handover", "the food inspector is calm"),
                ("a monthly note to donors", "shops see what became of it"),
            ),
            entities=("Donation", "Kitchen", "Run"),
            existing="the supermarket's markdown list",
        ),
        Idea(
            titles=(
                "River watch: water samples by {audience}",
                "Is the river well today? {place}",
                "Two hundred volunteers and one river, {company}",
            ),
            text="Two hundred people walk along our river every weekend, and the authority "
            "measures it four times a year. With a test strip and a photo, {audience} could tell "
            "us within hours when something is wrong upstream.",
            audiences=("anglers", "school classes", "rowing clubs"),
            role="river volunteer",
            other="water authority chemist",
            quotes=(
                "By the time they came, the fish had floated to the sea.",
                "Give me ten readings that agree and I will send the boat.",
            ),
            pains=(
                "Reports foam to an answering machine",
                "Never hears what came of it",
                "Is told that a photo is no evidence",
            ),
            need="raise an alarm that the authority takes seriously",
            because="a single photo is an anecdote, and ten readings are a fact",
            metric=("hours from first sign to official sample", 96, 12),
            features=(
                ("a strip read by the camera", "every reading follows one scale"),
                ("a map with the flow of the river", "the source can be guessed"),
                ("an alarm when readings agree", "the chemist trusts it"),
                ("an answer for every reporter", "volunteers stay"),
                ("an open data file", "universities can work with it"),
            ),
            entities=("Sample", "Site", "Alarm"),
            existing="the authority's laboratory system",
        ),
        Idea(
            titles=(
                "Volunteers who come back to {company}",
                "First shift, second shift: {place} volunteers",
                "Finding the right task for {audience}",
            ),
            text="Half of our volunteers come once. I think they come to the wrong task, stand "
            "around, and are too polite to say so. I would like {audience} to tell us what they "
            "enjoy, and be thanked by name for what they did.",
            audiences=("students", "newly retired people", "corporate teams"),
            role="volunteer coordinator",
            other="first-time volunteer",
            quotes=(
                "On Saturday I have twenty people for six jobs, on Tuesday the opposite.",
                "I folded boxes for an hour next to somebody who was folding boxes.",
            ),
            pains=(
                "Fills shifts by group message",
                "Forgets who is good at what",
                "Loses people without knowing why",
            ),
            need="give each newcomer a task they would choose again",
            because="shifts are filled by who answers first",
            metric=("volunteers who come a second time, per cent", 49, 75),
            features=(
                ("a short interview by chat", "the first task suits the person"),
                ("a swap list for shifts", "nobody has to cancel"),
                ("a buddy on the first day", "nobody stands around"),
                ("a thank-you with a number", "people see what they moved"),
                ("a question after the first shift", "we learn why somebody leaves"),
            ),
            entities=("Volunteer", "Shift", "Task"),
            existing="the newsletter list",
        ),
        Idea(
            titles=(
                "A night bed in {place} with one call",
                "Free shelter places for {audience}",
                "Stop sending people across town: {company}",
            ),
            text="When it freezes, street workers walk with somebody from door to door, because "
            "nobody knows which shelter has a bed and accepts a dog. I want {audience} to see it "
            "on one page, updated by the people at the door.",
            audiences=("street workers", "police patrols", "emergency rooms"),
            role="street worker",
            other="shelter night warden",
            quotes=(
                "I promised him a bed twice. The third time he did not come along.",
                "The phone rings while I carry mattresses.",
            ),
            pains=(
                "Walks across town on a rumour",
                "Calls wardens who are busy",
                "Loses somebody's trust on the way",
            ),
            need="know within a minute where there is a bed for this person",
            because="places change by the hour and rules differ at every door",
            metric=("minutes from first contact to a bed", 105, 40),
            features=(
                ("a counter at every door", "the warden needs one hand"),
                ("house rules as symbols", "a dog is no surprise"),
                ("a bed held for forty minutes", "the walk is worth it"),
                ("a page without names", "privacy is kept"),
                ("a nightly summary for the city", "missing places are seen"),
            ),
            entities=("Bed", "Shelter", "Hold"),
            existing="the city's winter hotline",
        ),
    ),
)
