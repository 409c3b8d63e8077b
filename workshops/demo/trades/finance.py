"""Finance: bookkeeping, savings circles, invoices, insurance."""

from workshops.demo.vocabulary import Idea, Trade

FINANCE = Trade(
    name="finance",
    company_names=("Tern", "Ledgerwood", "Paloma", "Copperfield", "Nordbank", "Abacus", "Juniper"),
    company_patterns=("{name} Finance", "{name} Pay", "{place} Credit Union", "{name} Advisers"),
    openers=(
        "I left a bank to start {company} in {place}.",
        "I keep the books for sixty small firms at {company}.",
        "I work with members at {company}, mostly across a counter.",
        "We are five people at {company} and three of us are accountants.",
    ),
    ideas=(
        Idea(
            titles=(
                "Savings circles that keep their promises, {place}",
                "A ledger for {audience} who save together",
                "Tandas without the tears: {company}",
            ),
            text="In my neighbourhood people save in circles: everybody pays in, and each month "
            "one person gets the pot. It works on trust and one notebook. I want {audience} to "
            "have a ledger that all of them can see, without turning it into a bank.",
            audiences=("market women", "newly arrived families", "co-workers on low wages"),
            role="circle organiser",
            other="circle member",
            quotes=(
                "If I lose the notebook, I lose my name.",
                "I was ill in my month, and nobody knew whose turn it was.",
            ),
            pains=(
                "Collects cash at twelve doors",
                "Reminds friends about money",
                "Carries the whole risk when somebody leaves",
            ),
            need="show every member what was paid and whose turn it is",
            because="the only record is a notebook in one handbag",
            metric=("payments that come late, per cent", 27, 8),
            features=(
                ("a shared ledger on simple phones", "everybody sees the same numbers"),
                ("a reminder that comes from nobody", "friends do not have to ask"),
                ("a swap of turns by agreement", "illness does not break the circle"),
                ("a small reserve that the circle sets aside", "one gap can be bridged"),
                ("a record of kept promises", "a member can show it to a landlord"),
            ),
            entities=("Circle", "Payment", "Turn"),
            existing="the mobile money provider",
        ),
        Idea(
            titles=(
                "Shoebox to ledger for {audience}",
                "Receipts sorted before the tax deadline, {company}",
                "Less paper in January: bookkeeping in {place}",
            ),
            text="In January my clients bring shoeboxes. I love them, but I spend more time on "
            "smoothing receipts than on advice. If {audience} took a photo when they paid, and "
            "answered one question, I could tell them in March what others learn in January.",
            audiences=("freelancers", "food trucks", "market stalls"),
            role="bookkeeper",
            other="freelance photographer",
            quotes=(
                "I can tell by the coffee stains how their year was.",
                "I do not fear the tax. I fear the box.",
            ),
            pains=(
                "Deciphers faded receipts",
                "Asks the same question forty times",
                "Gives advice when it is too late to help",
            ),
            need="have every receipt explained while it is still remembered",
            because="a receipt without its story costs ten minutes in January",
            metric=("minutes of work for each client in January", 410, 150),
            features=(
                ("a photo with one question", "the story is kept with the receipt"),
                ("a guess of the account", "the client only confirms"),
                ("a gap finder against the bank statement", "missing receipts are found in May"),
                ("a monthly note in plain words", "advice arrives in time"),
                ("a handover file for the tax office", "January is like any month"),
            ),
            entities=("Receipt", "Account", "Client"),
            existing="the bank's statement export",
        ),
        Idea(
            titles=(
                "Getting paid in thirty days: invoices at {company}",
                "Polite reminders for {audience}",
                "Late payers of {place}, gently",
            ),
            text="My clients deliver good work and then wait for ninety days, because asking for "
            "money feels rude. I would like a calm second voice that reminds, knows when a payer "
            "is merely slow, and tells {audience} when it is time to stop working.",
            audiences=("design studios", "translators", "small builders"),
            role="studio owner",
            other="accounts clerk at a large customer",
            quotes=(
                "I check the account before I check the weather.",
                "I pay when the form is right. Nobody tells them that the form is wrong.",
            ),
            pains=(
                "Lends money to customers ten times as big",
                "Writes reminders at midnight and deletes them",
                "Finds out in week nine that a reference was missing",
            ),
            need="be paid within thirty days without spoiling the relationship",
            because="most late invoices are stuck, not refused, and nobody asks",
            metric=("days from invoice to payment", 67, 32),
            features=(
                ("a check of the invoice before it is sent", "it cannot get stuck on a form"),
                ("a question after ten days", "a missing reference is found early"),
                ("reminders in the owner's own tone", "nobody is offended"),
                ("a payer's record", "risky customers pay in advance"),
                ("a forecast of the account", "the owner sleeps"),
            ),
            entities=("Invoice", "Reminder", "Payer"),
            existing="the invoicing program",
        ),
        Idea(
            titles=(
                "Insurance claims with a human timeline, {place}",
                "Where is my claim? For {audience}",
                "After the flood: claims at {company}",
            ),
            text="After the flood we had nine hundred claims in a week, and most calls were only "
            "'where is my claim?'. I want {audience} to see the next step and its date, and I "
            "want my colleagues to have time for the families who lost everything.",
            audiences=("households after a flood", "small shops", "claims handlers"),
            role="claims handler",
            other="insured homeowner",
            quotes=(
                "I say 'we are working on it' eighty times a day instead of working on it.",
                "I could stand the water. I could not stand not knowing.",
            ),
            pains=(
                "Answers the same question all day",
                "Collects documents one e-mail at a time",
                "Sees the urgent cases too late",
            ),
            need="tell each family what happens next and when",
            because="the process is known inside and invisible outside",
            metric=("calls about the state of a claim, a day", 210, 60),
            features=(
                ("a timeline with the next date", "people stop calling to ask"),
                ("a list of missing documents with photos", "the file is complete in a day"),
                ("a mark for hardship", "families without a bed come first"),
                ("a surveyor's calendar", "people can be at home"),
                ("an explanation of the decision", "fewer objections are needed"),
            ),
            entities=("Claim", "Document", "Surveyor visit"),
            existing="the policy register",
        ),
    ),
)
