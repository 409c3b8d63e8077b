"""Manufacturing: machine shops, packaging, textiles, print."""

from workshops.demo.vocabulary import Idea, Trade

MANUFACTURING = Trade(
    name="manufacturing",
    company_names=("Hartmann", "Ironbridge", "Precisa", "Vulcan", "Lindgren", "Tecnomar", "Ardent"),
    company_patterns=("{name} Tools", "{name} Precision", "{name} Packaging", "{place} Metalworks"),
    openers=(
        "I lead a shift of eighteen people at {company}.",
        "I am the plant engineer at {company} in {place}.",
        "We mill parts for everybody and everything at {company}.",
        "I have run the tool room at {company} since the old hall burned down.",
    ),
    ideas=(
        Idea(
            titles=(
                "Shift handover in five minutes at {company}",
                "What the night shift knew: {place} plant",
                "Handovers that {audience} listen to",
            ),
            text="At six in the morning the night shift knows which machine coughs, and by five "
            "past six that knowledge is on the bus. I want {audience} to leave three sentences "
            "and a photo at each machine, in whatever language they think in.",
            audiences=("shift leaders", "machine setters", "temporary staff"),
            role="shift leader",
            other="machine operator",
            quotes=(
                "The handover book says 'all OK'. The machine says something else.",
                "I told Marek, and Marek is on holiday.",
            ),
            pains=(
                "Discovers last night's fault at seven",
                "Reads handwriting in four languages",
                "Gets blamed for the shift before",
            ),
            need="start the shift with what the last one learnt",
            because="the handover book is written for the auditor and not for the colleague",
            metric=("minutes of standstill in the first hour", 38, 12),
            features=(
                ("a voice note at each machine", "the operator keeps the gloves on"),
                ("a translation into the reader's language", "everybody is understood"),
                ("a list of open troubles on the hall screen", "nothing is found twice"),
                ("a tick when it has been read", "nobody can say they were not told"),
                ("a link from trouble to repair order", "maintenance starts by itself"),
            ),
            entities=("Handover", "Machine", "Trouble"),
            existing="the production control system",
        ),
        Idea(
            titles=(
                "Offcuts with a second life, {company}",
                "Selling scrap as material to {audience}",
                "A shelf for leftovers in {place}",
            ),
            text="We cut aluminium plates and scrap a fifth of every sheet, and the sculptor "
            "around the corner buys new ones. I would like to list our offcuts by size and alloy "
            "the moment they fall, so that {audience} can fetch them.",
            audiences=("artists and schools", "prototype shops", "model builders"),
            role="cutting-machine operator",
            other="sculptor",
            quotes=(
                "I throw away plates that are bigger than my desk.",
                "I would take it. I just never know that it is there.",
            ),
            pains=(
                "Sorts scrap by memory",
                "Has no time to answer enquiries",
                "Sells good metal by weight",
            ),
            need="offer usable offcuts before they become scrap",
            because="the nesting software knows every leftover and tells nobody",
            metric=("tonnes of usable metal scrapped in a month", 6, 2),
            features=(
                ("a label printed with each offcut", "size and alloy are never guessed"),
                ("a shelf view on the web", "buyers look instead of calling"),
                ("a price by size", "nobody has to haggle"),
                ("a pick-up window on Fridays", "the hall is not disturbed"),
                ("a report of material saved", "the quality audit is happy"),
            ),
            entities=("Offcut", "Sheet", "Pick-up"),
            existing="the nesting software",
        ),
        Idea(
            titles=(
                "First-article checks without the clipboard, {place}",
                "Measuring protocols for {audience}",
                "Good part, bad part: inspection at {company}",
            ),
            text="Before a series starts we measure forty dimensions and write them down with a "
            "pencil, and then somebody types them in. I want the caliper to talk to the drawing, "
            "and {audience} to see red before the second part is made.",
            audiences=("quality inspectors", "setters", "aerospace suppliers"),
            role="quality inspector",
            other="machine setter",
            quotes=(
                "My handwriting has cost us a pallet.",
                "I wait for a signature while the spindle gets cold.",
            ),
            pains=(
                "Types forty numbers twice",
                "Searches the drawing for the right revision",
                "Stops the machine to wait for a signature",
            ),
            need="release a series within minutes of the first part",
            because="numbers travel by pencil from the gauge to the file",
            metric=("minutes from first part to release", 55, 15),
            features=(
                ("a reading sent by the gauge", "nobody types a number"),
                ("the drawing with the dimension marked", "the right face is measured"),
                ("a red line outside tolerance", "the second bad part is never made"),
                ("a release by the shift leader on the phone", "the spindle stays warm"),
                ("a report in the customer's form", "the shipment is not held up"),
            ),
            entities=("Part", "Dimension", "Reading"),
            existing="the drawing archive",
        ),
        Idea(
            titles=(
                "Spare parts that are really there, {company}",
                "The tool crib of {place}, counted",
                "A stockroom {audience} can trust",
            ),
            text="The system says that we have four bearings, and the shelf says none, so "
            "everybody keeps a private drawer. I want {audience} to take a part with one gesture "
            "that counts it, and nothing more.",
            audiences=("maintenance crews", "night shifts", "tool room apprentices"),
            role="maintenance technician",
            other="storekeeper",
            quotes=(
                "My drawer is the real warehouse.",
                "They write it down later. Later means never.",
            ),
            pains=(
                "Walks to a shelf that is empty",
                "Hoards bearings for emergencies",
                "Orders by express what is in a colleague's drawer",
            ),
            need="know whether the part is there before the machine is open",
            because="taking a part is easy and writing it down is not",
            metric=("express orders in a month", 26, 6),
            features=(
                ("a shelf that counts by weight", "taking a part is the booking"),
                ("an amnesty week for drawers", "the count starts honest"),
                ("a reservation for planned repairs", "nobody takes the last one"),
                ("an order suggestion on Mondays", "express becomes rare"),
                ("a search by machine and photo", "a newcomer finds the bearing"),
            ),
            entities=("Part", "Shelf", "Withdrawal"),
            existing="the maintenance planner",
        ),
    ),
)
