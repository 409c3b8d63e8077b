"""Healthcare: wards, pharmacies, physiotherapy, care at home."""

from workshops.demo.vocabulary import Idea, Trade

HEALTHCARE = Trade(
    name="healthcare",
    company_names=("St Anne's", "St Luke's", "Elmtree", "Riverside", "Northgate", "Santa Clara"),
    company_patterns=("{name} Hospital", "{name} Clinic", "{place} Health Trust", "{name} Care"),
    openers=(
        "I run the day shift at {company} in {place}.",
        "I have been a nurse at {company} for eleven years.",
        "I look after operations at {company}, and most of my day is phone calls.",
        "My team at {company} looks after patients all over {place}.",
    ),
    ideas=(
        Idea(
            titles=(
                "Tomorrow's empty beds by noon at {company}",
                "A live bed board for {audience} in {place}",
                "Which bed is free tonight? A board for {company}",
            ),
            text="Every morning I phone eleven wards to find out which beds will be free, and by "
            "ten the list is already wrong. I want one board that the wards keep true with a "
            "tap, so that {audience} stop promising beds that do not exist.",
            audiences=("charge nurses", "admission desks", "night coordinators"),
            role="charge nurse",
            other="bed manager",
            quotes=(
                "I find out that a bed is free when the porter tells me in the lift.",
                "I keep one bed secret, because I do not trust the list.",
            ),
            pains=(
                "Phones eleven wards before eight in the morning",
                "Hears about discharges two hours late",
                "Explains the same delay to every family",
            ),
            need="see by noon which beds will be free tonight",
            because="beds are promised on guesses and patients wait in corridors",
            metric=("minutes from discharge decision to clean bed", 190, 90),
            features=(
                ("a bed-ready button on the ward tablet", "the next patient is called at once"),
                ("an expected discharge time on every bed", "admissions can plan by noon"),
                ("a cleaning queue for housekeeping", "no empty bed waits for a phone call"),
                ("a wall display for the coordination office", "nobody has to ask for the list"),
                ("a warning when a promise is at risk", "families hear of it before they travel"),
            ),
            entities=("Bed", "Ward", "Discharge"),
            existing="the patient administration system",
        ),
        Idea(
            titles=(
                "Physio exercises that get done, for {audience}",
                "Homework from the physio: {place} practice",
                "Keeping {audience} moving between appointments",
            ),
            text="We hand out exercise sheets and most of them end up under a fridge magnet. I "
            "would like {audience} to get three exercises a day with a short film from their own "
            "physio, and I want to see before the next visit who has stopped and why.",
            audiences=("knee patients", "people after a stroke", "desk workers with back pain"),
            role="physiotherapist",
            other="patient at home",
            quotes=(
                "I can tell in ten seconds who has not practised, and then it is too late.",
                "It hurt, so I stopped. Nobody had told me that it would.",
            ),
            pains=(
                "Learns of a setback weeks later",
                "Repeats the same explanation at every visit",
                "Has no record of what was done at home",
            ),
            need="know which exercises were done and which ones hurt",
            because="people stop quietly after the first week and lose what they gained",
            metric=("per cent of prescribed exercises done", 34, 65),
            features=(
                ("a plan of three exercises a day", "it fits between breakfast and the bus"),
                ("films recorded by the own physio", "the patient trusts what they see"),
                ("a pain scale with two taps", "a bad day is noticed the same evening"),
                ("a weekly overview for the practice", "calls go to those who need one"),
                ("a pause without guilt", "people come back after a holiday"),
            ),
            entities=("Exercise", "Plan", "Patient"),
            existing="the practice calendar",
        ),
        Idea(
            titles=(
                "No more missed doses: pill rounds at {company}",
                "A medication round that checks itself, {place}",
                "Safer pill boxes for {audience}",
            ),
            text="On our rounds one carer fills the boxes and another hands them out, and "
            "between the two there is only a paper sheet. I want {audience} to scan the box and "
            "see at once what changed since yesterday, because the changes are where mistakes "
            "happen.",
            audiences=("agency carers", "residents' families", "evening shifts"),
            role="carer on the evening round",
            other="community pharmacist",
            quotes=(
                "The doctor changed the dose on Friday, and the sheet said so on Monday.",
                "I check everything twice, which is why I am always late.",
            ),
            pains=(
                "Compares paper sheets by torchlight",
                "Cannot reach the pharmacist after six",
                "Signs for doses that others have prepared",
            ),
            need="see what changed in a resident's medication since the last round",
            because="changes arrive by fax and are copied by hand",
            metric=("medication errors in a month", 9, 2),
            features=(
                ("a scan of the box before handing it out", "the wrong resident is impossible"),
                ("a list of changes since yesterday", "nobody has to compare sheets"),
                ("a direct line to the pharmacist", "a doubt is settled before the dose"),
                ("a signature for each dose", "it is clear who gave what and when"),
                ("an offline mode for the old wing", "the round does not stop at thick walls"),
            ),
            entities=("Dose", "Resident", "Prescription"),
            existing="the pharmacy's ordering system",
        ),
        Idea(
            titles=(
                "Home visits in {place} that arrive when they say",
                "One route a day for {audience}",
                "Fewer kilometres, more care: visits at {company}",
            ),
            text="Our nurses spend almost a third of the day in the car, and people at home sit "
            "by the window without knowing when we come. I imagine a plan for {audience} that "
            "repairs itself when a visit takes longer, and tells the next person before they "
            "start to worry.",
            audiences=("district nurses", "palliative teams", "trainees in home care"),
            role="district nurse",
            other="daughter of a patient",
            quotes=(
                "I eat my lunch at traffic lights.",
                "They say between eight and one. That is not a time, that is a day.",
            ),
            pains=(
                "Rearranges the day by phone while driving",
                "Crosses the same bridge four times",
                "Cannot tell a family when she will arrive",
            ),
            need="give every household an arrival time that holds",
            because="one long visit upsets the whole day and nobody is told",
            metric=("kilometres driven for each visit", 11, 7),
            features=(
                ("a route that repairs itself", "one long visit does not spoil the day"),
                ("a message half an hour before arrival", "nobody waits at the window"),
                ("a swap between colleagues with one tap", "the nearest nurse takes the visit"),
                ("a note that the family can read", "nobody has to call the office"),
                ("a weekly report of travel time", "districts can be drawn sensibly"),
            ),
            entities=("Visit", "Route", "Household"),
            existing="the duty roster",
        ),
    ),
)
