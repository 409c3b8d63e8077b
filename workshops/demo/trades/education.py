"""Education: schools, apprenticeships, music lessons, universities."""

from workshops.demo.vocabulary import Idea, Trade

EDUCATION = Trade(
    name="education",
    company_names=("Brightwater", "Comenius", "Hillcrest", "Marie Curie", "Old Mill", "Humboldt"),
    company_patterns=("{name} School", "{place} College", "{name} Academy", "{name} Institute"),
    openers=(
        "I teach at {company} in {place}.",
        "I coordinate the timetable at {company}.",
        "I am the only IT person at {company}, for nine hundred pupils.",
        "I have been head of {company} for four years.",
    ),
    ideas=(
        Idea(
            titles=(
                "Reading buddies across {place}",
                "Ten minutes of reading aloud for {audience}",
                "Pairing young readers with grandparents, {company}",
            ),
            text="Some of our children have nobody who listens to them read, and two streets "
            "away there are people who would love to. I want to bring {audience} together with a "
            "patient listener for ten minutes a day, safely, by phone or in the library.",
            audiences=("second graders", "children new to the language", "shy readers"),
            role="primary teacher",
            other="retired volunteer",
            quotes=(
                "I have twenty-six children and one pair of ears.",
                "I raised four children with bedtime stories. I would do it again tomorrow.",
            ),
            pains=(
                "Hears each child read once a week",
                "Organises volunteers by slips of paper",
                "Worries about safeguarding rules",
            ),
            need="give every child ten minutes of being listened to",
            because="reading grows by reading aloud and the day has too few minutes",
            metric=("minutes a child reads aloud in a week", 6, 40),
            features=(
                ("a match by language and temper", "the pair wants to meet again"),
                ("a room that records nothing but the time", "parents feel safe"),
                ("a shelf of books that both can open", "nobody has to buy anything"),
                ("a note to the teacher after each session", "hard words come up in class"),
                ("a background check with a clear status", "the school can say yes"),
            ),
            entities=("Pair", "Reader", "Book"),
            existing="the pupil register",
        ),
        Idea(
            titles=(
                "Substitute teachers found before the bell at {company}",
                "Who takes class 7b? Cover planning in {place}",
                "Calm mornings for {audience}",
            ),
            text="When somebody is ill I learn about it at half past six and I have an hour to "
            "find cover for five lessons. I know who is free, who has done too much already and "
            "who can teach chemistry, but it is all in my head. Our {audience} deserve something "
            "better.",
            audiences=("timetable coordinators", "deputy heads", "school secretaries"),
            role="timetable coordinator",
            other="substitute teacher",
            quotes=(
                "My alarm clock is other people's fever.",
                "They always call the ones who never say no.",
            ),
            pains=(
                "Makes a dozen calls before breakfast",
                "Forgets who covered last week",
                "Prints a plan that is wrong by the second lesson",
            ),
            need="cover five lessons fairly before the first bell",
            because="the knowledge of who can and who should is in one head",
            metric=("minutes needed to cover one absence", 48, 10),
            features=(
                ("an absence reported by voice", "it is in the plan before I am awake"),
                ("a suggestion with reasons", "fairness can be seen and argued with"),
                ("an answer with one tap", "nobody has to talk at half past six"),
                ("a running account of extra lessons", "nobody is always the one who helps"),
                ("a plan on the corridor screen", "pupils go to the right room"),
            ),
            entities=("Absence", "Lesson", "Teacher"),
            existing="the timetable software",
        ),
        Idea(
            titles=(
                "An honest record of apprenticeship, {place}",
                "Report books that {audience} want to write",
                "From grease to grades: apprentice diaries at {company}",
            ),
            text="Our apprentices have to keep a weekly report book, and they fill in half a "
            "year on the last night. With a photo and one sentence a day from the workshop "
            "floor, {audience} could see what is really being learnt.",
            audiences=("first-year apprentices", "master craftsmen", "vocational teachers"),
            role="apprentice",
            other="training supervisor",
            quotes=(
                "I wrote 'various tasks' twenty-six times.",
                "I sign it without reading. So does everybody.",
            ),
            pains=(
                "Writes half a year in one night",
                "Does not know which skills are still missing",
                "Gets feedback once, at the exam",
            ),
            need="show what was learnt each week without a night of writing",
            because="the report book is a chore that nobody reads",
            metric=("weeks between the work and its entry", 14, 1),
            features=(
                ("a photo and one sentence a day", "the diary writes itself at the bench"),
                ("a map of skills from the curriculum", "gaps are seen in the first year"),
                ("a comment from the supervisor by voice", "feedback arrives the same week"),
                ("an export that the chamber accepts", "nobody has to copy anything"),
                ("a gallery of finished pieces", "pride has a place"),
            ),
            entities=("Entry", "Skill", "Apprentice"),
            existing="the chamber's examination portal",
        ),
        Idea(
            titles=(
                "Borrow an instrument before you buy, {place}",
                "Instruments on loan for {audience}",
                "A lending library of violins at {company}",
            ),
            text="Parents ask me which violin to buy and I want to say: none, wait half a year. "
            "There are dozens of instruments in attics around {place}. I would like {audience} "
            "to borrow one, have it looked after, and hand it on when they grow.",
            audiences=("beginners", "youth orchestras", "families on a budget"),
            role="violin teacher",
            other="parent of a beginner",
            quotes=(
                "They stop because of the instrument, not because of the music.",
                "Four hundred euros for something that may last until Easter.",
            ),
            pains=(
                "Sees pupils struggle with bad instruments",
                "Keeps a list of loans in a notebook",
                "Chases returns every summer",
            ),
            need="start with a decent instrument without buying one",
            because="good instruments lie in attics while beginners play toys",
            metric=("beginners who are still playing after a year, per cent", 41, 60),
            features=(
                ("a catalogue by size and condition", "the right one is found in a lesson"),
                ("a loan with a small deposit", "families can afford to try"),
                ("a check-up by the luthier", "no child plays on a warped bridge"),
                ("a reminder when the child has outgrown it", "small violins come back"),
                ("a story passed on with each instrument", "people treat it with care"),
            ),
            entities=("Instrument", "Loan", "Check-up"),
            existing="the music school's enrolment list",
        ),
    ),
)
