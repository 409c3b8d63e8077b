"""Civic life: town halls, libraries, neighbourhoods, public works."""

from workshops.demo.vocabulary import Idea, Trade

CIVIC = Trade(
    name="civic",
    company_names=("Open Square", "Common Ground", "Town Bridge", "Agora", "Our Street"),
    company_patterns=(
        "{place} City Council",
        "{place} Library",
        "{name} {place}",
        "{place} Town Hall",
    ),
    openers=(
        "I work for the city of {place}, two desks from the mayor.",
        "I answer the phone at {company}.",
        "I volunteer with {company} and I chair too many meetings.",
        "I am responsible for streets and parks in {place}.",
    ),
    ideas=(
        Idea(
            titles=(
                "The pothole that answers back, {place}",
                "Street repairs {audience} can follow",
                "From complaint to repair at {company}",
            ),
            text="People report the same hole thirty times, because nobody tells them that it "
            "was planned for Thursday. I would like every report to become a small story with an "
            "end, and {audience} to see it on the lamp post and on the phone.",
            audiences=("cyclists", "residents' groups", "wheelchair users"),
            role="street inspector",
            other="annoyed cyclist",
            quotes=(
                "I have thirty reports and one hole.",
                "I reported it in May. In June I reported it as a swimming pool.",
            ),
            pains=(
                "Sorts duplicates by hand",
                "Has no photo with a scale",
                "Closes reports that nobody hears about",
            ),
            need="turn thirty reports into one job that people can follow",
            because="silence makes people report again and louder",
            metric=("duplicate reports for each defect", 7, 2),
            features=(
                ("a map that shows what is reported already", "people add instead of repeat"),
                ("a date given for every repair", "the phone stays quiet"),
                ("a sticker with a code on the spot", "passers-by can look it up"),
                ("a measure in the photo", "the crew brings enough asphalt"),
                ("a thank-you with the result", "people report again next time"),
            ),
            entities=("Report", "Repair", "Street"),
            existing="the public works planning system",
        ),
        Idea(
            titles=(
                "Library of things for {place}",
                "Borrow a drill, not buy one: {audience}",
                "Ladders, drills and projectors at {company}",
            ),
            text="Our library lends books to people who come for the warmth and the company, and "
            "they ask for drills. I want to lend forty useful things, to {audience} who live in "
            "small flats, without turning my colleagues into mechanics.",
            audiences=("tenants", "student households", "parents' groups"),
            role="librarian",
            other="tenant in a small flat",
            quotes=(
                "I know how a book comes back. How does a drill come back?",
                "I need it for four holes. Then I need it never again.",
            ),
            pains=(
                "Checks returned tools without knowing them",
                "Has no shelf with a plug",
                "Explains the deposit again and again",
            ),
            need="lend tools as easily and as safely as books",
            because="a drill must be checked, charged and explained, and a book must not",
            metric=("loans of things in a month", 30, 200),
            features=(
                ("a checklist with photos for each thing", "any colleague can take it back"),
                ("a film of one minute on safe use", "nobody has to be an expert"),
                ("a reservation for the weekend", "people plan their move"),
                ("a repair evening with volunteers", "broken things return to the shelf"),
                ("a deposit on the library card", "nobody handles cash"),
            ),
            entities=("Thing", "Loan", "Check"),
            existing="the library catalogue",
        ),
        Idea(
            titles=(
                "Forms in plain words at {company}",
                "Housing benefit without tears for {audience}",
                "One question at a time: applications in {place}",
            ),
            text="Nearly half of the applications come back because a box was misunderstood, and "
            "behind each is somebody who waits for rent money. I want to ask {audience} one "
            "clear question at a time, and show at once what is still missing.",
            audiences=("single parents", "pensioners", "people new to the country"),
            role="benefits officer",
            other="applicant",
            quotes=(
                "I send back forms that I would fill in wrongly myself.",
                "I am not stupid. That form makes me stupid.",
            ),
            pains=(
                "Returns every second application",
                "Explains the same box by phone",
                "Sees people give up who are entitled",
            ),
            need="get a complete application at the first attempt",
            because="the form follows the law and not the person who fills it in",
            metric=("applications returned as incomplete, per cent", 44, 15),
            features=(
                ("one question on each page", "nobody faces a wall of boxes"),
                ("examples from real life", "people recognise their own case"),
                ("a list of papers before the start", "nobody has to stop in the middle"),
                ("a draft that is kept for a month", "people can ask somebody"),
                ("a view for helpers", "social workers see the same page"),
            ),
            entities=("Application", "Question", "Document"),
            existing="the benefits register",
        ),
        Idea(
            titles=(
                "Quiet streets: a parking census for {place}",
                "Counting parked cars with {audience}",
                "Where do all the cars sleep? {company}",
            ),
            text="Every debate about parking in {place} is fought with feelings, because nobody "
            "has ever counted at night. With forty volunteers and a simple counting walk, "
            "{audience} could have numbers street by street before the council votes.",
            audiences=("neighbourhood councils", "traffic planners", "shopkeepers"),
            role="neighbourhood organiser",
            other="sceptical shopkeeper",
            quotes=(
                "He says there is no space, she says there is nothing but space.",
                "If you take my customers' spaces, show me that they are my customers'.",
            ),
            pains=(
                "Argues without numbers",
                "Counts on paper in the rain",
                "Is told that the sample was too small",
            ),
            need="bring street-by-street numbers to the council",
            because="everybody counts their own street on their worst day",
            metric=("streets with a count at three times of day", 4, 120),
            features=(
                ("a walk with a route and a counter", "a volunteer needs no training"),
                ("a second count by somebody else", "nobody can call it biased"),
                ("a map by hour", "night and noon are not confused"),
                ("raw numbers for download", "opponents can check them"),
                ("a page of findings in plain words", "the council reads it"),
            ),
            entities=("Street", "Count", "Volunteer"),
            existing="the city's open street map",
        ),
    ),
)
