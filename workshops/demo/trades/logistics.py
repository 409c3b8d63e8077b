"""Logistics: parcels, loading docks, cold chains, cargo bikes."""

from workshops.demo.vocabulary import Idea, Trade

LOGISTICS = Trade(
    name="logistics",
    company_names=("Halden", "Quayside", "Two Rivers", "Meridian", "Bravo", "Ostsee", "Atlas"),
    company_patterns=("{name} Freight", "{name} Logistics", "{place} Couriers", "{name} Haulage"),
    openers=(
        "I plan the trucks at {company}, {place}.",
        "My family has run {company} since 1987.",
        "I came to {company} as a driver and now I run the yard.",
        "We are thirty people at {company} and half of us are on the road.",
    ),
    ideas=(
        Idea(
            titles=(
                "Dock slots without the queue at {company}",
                "Book a loading dock in {place} from the cab",
                "Ending the morning queue for {audience}",
            ),
            text="At six in the morning fourteen trucks stand in front of four docks and "
            "everybody is angry by seven. I want {audience} to book a slot from the cab and see "
            "it move when the dock runs late, instead of queueing with the engine on.",
            audiences=("long-haul drivers", "subcontractors", "supermarket suppliers"),
            role="yard planner",
            other="truck driver",
            quotes=(
                "I know the queue is there because I can smell it.",
                "They pay me to drive, and I am paid nothing to stand.",
            ),
            pains=(
                "Juggles docks on a whiteboard",
                "Pays waiting fees that nobody can check",
                "Gets shouted at by both sides",
            ),
            need="spread arrivals over the morning and show delays early",
            because="everybody arrives at six to be first and nobody is",
            metric=("minutes a truck waits for a dock", 74, 25),
            features=(
                ("a slot booked from the cab", "nobody has to arrive at six to be first"),
                ("a dock plan that shows delays", "drivers can take their break earlier"),
                ("a gate camera that checks the truck in", "nobody queues at the porter's window"),
                ("a proof of waiting time", "fees are no longer a matter of opinion"),
                ("a rule for urgent loads", "fresh goods do not stand behind paper"),
            ),
            entities=("Slot", "Dock", "Truck"),
            existing="the transport management system",
        ),
        Idea(
            titles=(
                "Cold chain proof for {audience}",
                "Was it ever warm? Temperature history from {place}",
                "Trustworthy fridge logs at {company}",
            ),
            text="We deliver vaccines and fish with the same vans, not on the same day. When "
            "{audience} ask whether a box was ever warm, I need two hours and a technician to "
            "answer. I would like the answer to travel with the box.",
            audiences=("pharmacies", "fishmongers", "hospital kitchens"),
            role="quality manager",
            other="receiving clerk",
            quotes=(
                "I trust the driver. The auditor does not have to.",
                "A red sticker means I refuse it. No sticker means I do not know.",
            ),
            pains=(
                "Reads loggers by cable, one after the other",
                "Throws away good stock to be safe",
                "Finds out about a broken fridge at the customer's door",
            ),
            need="prove the temperature of every box from door to door",
            because="the logger sits in the van and the doubt sits in the box",
            metric=("boxes refused at the door in a month", 41, 10),
            features=(
                ("a code on each box with its temperature curve", "the clerk decides in seconds"),
                ("an alarm while the van is still moving", "the load can be saved"),
                ("an audit report at the touch of a button", "an inspection takes one hour"),
                ("a map of warm spots in every van", "sensitive boxes are placed well"),
                ("a link for the customer", "nobody has to phone us for proof"),
            ),
            entities=("Box", "Reading", "Van"),
            existing="the fleet telematics",
        ),
        Idea(
            titles=(
                "Cargo bikes for the last mile in {place}",
                "Sharing cargo bikes among {audience}",
                "A bike hub that pays for itself, {place}",
            ),
            text="Since the old town of {place} closed to vans, every shop owns a cargo bike "
            "that stands still for most of the day. I would like {audience} to share a dozen of "
            "them, with a fair price an hour and somebody who is responsible for flat tyres.",
            audiences=("florists and bakers", "market traders", "small breweries"),
            role="shop owner",
            other="bike mechanic",
            quotes=(
                "Mine is in use on Saturdays. On Tuesdays it is a very expensive bench.",
                "People do not steal them. They just leave them anywhere.",
            ),
            pains=(
                "Owns a bike that is idle six days a week",
                "Loses a morning to a flat tyre",
                "Cannot promise delivery on busy days",
            ),
            need="get a working bike for two hours without owning one",
            because="every shop buys its own and no shop can repair it",
            metric=("hours a bike is in use on a weekday", 2, 6),
            features=(
                ("a booking by the hour", "a bakery can plan its morning round"),
                ("a lock that opens by phone", "nobody has to hand over keys"),
                ("a photo on return", "damage is settled the same day"),
                ("a repair list for the mechanic", "a bike is back before the weekend"),
                ("a monthly bill by shop", "the price follows the use"),
            ),
            entities=("Bike", "Booking", "Repair"),
            existing="the traders' association's member list",
        ),
        Idea(
            titles=(
                "Return loads instead of empty trucks, {company}",
                "Nobody drives home empty: a board for {audience}",
                "Filling the way back to {place}",
            ),
            text="Four of our ten trucks come home empty, and the haulier next door has the same "
            "problem in the other direction. We know each other, we simply do not know in time. "
            "I imagine a small, trusted board where {audience} offer space for tomorrow.",
            audiences=("family hauliers", "timber merchants", "regional carriers"),
            role="dispatcher",
            other="owner-driver",
            quotes=(
                "I pay for both directions and earn in one.",
                "On the big exchanges you never know who you are dealing with.",
            ),
            pains=(
                "Calls seven people to fill one truck",
                "Works with strangers who pay late",
                "Learns about a load when the truck is already home",
            ),
            need="find a return load among people he trusts before the truck leaves",
            because="free space is known only at noon and forgotten by two",
            metric=("per cent of kilometres driven empty", 38, 22),
            features=(
                ("a circle of hauliers who vouch for each other", "the invoice gets paid"),
                ("an offer made by voice message", "a dispatcher can do it while on the phone"),
                ("a match along the route", "a detour is never longer than agreed"),
                ("a standard one-page agreement", "nobody needs a lawyer for one pallet"),
                ("a yearly account of saved kilometres", "the bank sees it too"),
            ),
            entities=("Load", "Offer", "Haulier"),
            existing="the route planner",
        ),
    ),
)
